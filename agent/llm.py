"""Claude over the Anthropic SDK: the one file that imports it, so that everything else can run on a fake."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import pydantic
import stamina
from anthropic import APIConnectionError, APIError, APIStatusError, AsyncAnthropic

from agent.model import ModelInterrupted, ModelOverflow, ModelRejected, ModelReply, ModelRequest, ModelUnavailable
from tools.ports import Json

PUBLIC_SERVER = "https://api.anthropic.com"
CONNECT_SECONDS = 5.0

_CACHED = {"type": "ephemeral"}
_SPENT = {"contract_spend_limit_reached", "enforced_spend_limit_reached", "linked_organization_spend_limit_reached"}
_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


@dataclass(frozen=True, slots=True)
class Backoff:
    """How a model is asked again: at most `attempts` times in all, with waits in seconds."""

    attempts: int = 4
    initial: float = 0.5
    longest: float = 8.0
    jitter: float = 0.5


class ClaudeModel:
    """One Claude model, or any model behind a server that speaks the Messages API."""

    def __init__(
        self,
        name: str,
        api_key: str,
        base_url: str | None = None,
        backoff: Backoff | None = None,
        *,
        traced: bool = False,
    ) -> None:
        """`traced` lets the SDK make an OpenTelemetry span of every call, which costs CPU even when nobody collects it."""
        self._name = name
        self._backoff = backoff or Backoff()
        # The SDK's own retries obey any retry-after, however long, so they are off and ours know the deadline.
        self._client = AsyncAnthropic(
            api_key=api_key, base_url=base_url or PUBLIC_SERVER, max_retries=0, open_telemetry=None if traced else False
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The model's id."""
        return (self._name,)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Answer within `request.timeout` seconds, retrying what certainly was not billed."""
        flight = _Flight(deadline=time.monotonic() + request.timeout)
        try:
            async with asyncio.timeout(request.timeout):
                return await self._retried(request, flight)
        except TimeoutError:
            raise (ModelInterrupted("deadline") if flight.in_air else ModelUnavailable("deadline")) from None

    async def _retried(self, request: ModelRequest, flight: "_Flight") -> ModelReply:
        back = self._backoff
        attempts = stamina.retry_context(
            on=flight.may_try_again,
            attempts=back.attempts,
            timeout=None,
            wait_initial=back.initial,
            wait_max=back.longest,
            wait_jitter=back.jitter,
        )
        async for attempt in attempts:
            with attempt:
                flight.in_air = True
                try:
                    return await self._ask(request, flight.left)
                except APIError as error:
                    flight.in_air = False
                    # The SDK's errors may repeat our request, and retries are logged, so only our own leave this file.
                    raise _ours(error) from None
                except pydantic.ValidationError:
                    raise ModelInterrupted("unreadable_reply") from None
        raise ModelUnavailable("no_attempts")

    async def _ask(self, request: ModelRequest, seconds: float) -> ModelReply:
        raw = await self._client.messages.with_raw_response.create(
            model=self._name,
            max_tokens=request.max_tokens,
            system=_cached_last([{"type": "text", "text": text} for text in request.system]),
            tools=_cached_last(request.tools),
            messages=_cached_conversation(request.messages),
            timeout=httpx2.Timeout(max(seconds, 0.001), connect=CONNECT_SECONDS),
        )
        reply = ModelReply.model_validate_json(raw.http_response.content)
        # The price belongs to the model that we asked for; servers answer with a dated name.
        return reply.model_copy(update={"model": self._name})


@dataclass(slots=True)
class _Flight:
    deadline: float
    in_air: bool = False

    @property
    def left(self) -> float:
        return self.deadline - time.monotonic()

    def may_try_again(self, error: Exception) -> bool | float:
        if not isinstance(error, ModelUnavailable) or not error.retryable:
            return False
        if error.retry_after is None:
            return self.left > 0
        return error.retry_after if error.retry_after < self.left else False


def _ours(error: APIError) -> Exception:
    if isinstance(error, APIStatusError):
        return _by_status(error)
    if isinstance(error, APIConnectionError) and isinstance(error.__cause__, _NEVER_SENT):
        return ModelUnavailable("unreachable")
    return ModelInterrupted("connection_lost")


def _by_status(error: APIStatusError) -> Exception:
    status = error.status_code
    if error.error_code in _SPENT or error.type == "billing_error" or status == 402:
        return ModelRejected("spend_limit")
    if status == 413:
        return ModelOverflow("request_too_large")
    if status == 404:
        return ModelUnavailable("model_not_found", retryable=False)
    if status in (408, 409, 429) or status >= 500:
        wanted = error.response.headers.get("x-should-retry") != "false"
        return ModelUnavailable(f"status_{status}", _retry_after(error.response.headers), wanted)
    return ModelRejected(f"status_{status}")


def _retry_after(headers: httpx2.Headers) -> float | None:
    try:
        return max(0.0, float(headers["retry-after-ms"]) / 1000)
    except (KeyError, ValueError):
        pass
    value = headers.get("retry-after", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


def _cached_last(blocks: Sequence[Json]) -> Any:
    return [*blocks[:-1], {**blocks[-1], "cache_control": _CACHED}] if blocks else []


def _cached_conversation(messages: Sequence[Json]) -> Any:
    """Mark the end of the conversation, so that the next step reads it from the cache instead of paying for it again."""
    last = messages[-1]
    return [*messages[:-1], {**last, "content": _cached_last(last["content"])}]
