"""What every HTTP request passes first: an id, the limits of its body, and a net under unexpected errors."""

import asyncio
import time
import traceback

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import ids
from service.errors import Invalid, NotFound, Refused, TooLarge, Unavailable, UnsupportedEncoding
from service.problem import Failed, problem
from service.store.outages import is_outage

MAX_BODY = 256 * 1024  # bytes
BODY_SECONDS = 30.0
"""A body must have arrived whole within this time, so that slow senders hold nothing for long."""

RETRY_AFTER = "5"
"""Seconds that a sender is asked to wait when the database is away or full."""

log = structlog.get_logger()


class Edge:
    """The outermost middleware, plain ASGI so that streams pass through it untouched."""

    def __init__(self, app: ASGIApp, max_body: int = MAX_BODY, body_seconds: float = BODY_SECONDS) -> None:
        self._app = app
        self._max_body = max_body
        self._body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; whatever happens, its answer carries the request's id."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identity = ids.new("req")
        scope.setdefault("state", {})["request_id"] = identity
        answer = _Answer(send, identity)
        with structlog.contextvars.bound_contextvars(request_id=identity):
            try:
                self._look_at(scope)
                await self._app(scope, _Body(receive, self._max_body, self._body_seconds), answer)
            except ClientDisconnect:
                log.info("http.client_left")
            except Exception as error:  # The net: nothing that a handler raises may end a connection without an answer.
                await self._rescue(error, scope, receive, answer)

    def _look_at(self, scope: Scope) -> None:
        # PostgreSQL cannot compare text with NUL, so nothing can be found under such a name.
        if "\0" in scope["path"]:
            raise NotFound
        if b"%00" in scope["query_string"]:
            raise Invalid
        headers = Headers(scope=scope)
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise UnsupportedEncoding
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > self._max_body:
            raise TooLarge

    async def _rescue(self, error: Exception, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        if isinstance(error, Refused):
            refused = error
        elif is_outage(error):
            log.error("http.unavailable", error=type(error).__name__)
            refused = Unavailable(headers={"Retry-After": RETRY_AFTER})
        else:
            # Not the error's own text: a database error, for one, holds the row that it was about.
            log.error("http.failed", error=type(error).__name__, where=_where(error))
            refused = Failed()
        if not answer.started:
            await problem(answer.identity, refused)(scope, receive, answer)


class _Answer:
    """Sends the response on, with the headers that every one of them has."""

    def __init__(self, send: Send, identity: str) -> None:
        self._send = send
        self.identity = identity
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self.identity
            headers.setdefault("X-Content-Type-Options", "nosniff")
            headers.setdefault("Cache-Control", "no-store")
        await self._send(message)


class _Body:
    """Receives the request's body, counting bytes and time, whether or not its length was announced."""

    def __init__(self, receive: Receive, most: int, seconds: float) -> None:
        self._receive = receive
        self._left = most
        self._until = time.monotonic() + seconds
        self._whole = False

    async def __call__(self) -> Message:
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout(max(0.0, self._until - time.monotonic())):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408) from None
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            self._whole = not message.get("more_body", False)
        if self._left < 0:
            # An HTTPException, because the framework turns any other error of a body that it reads into a 400.
            raise HTTPException(413)
        return message


def _where(error: Exception) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    return [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames]
