"""What a language model is to us: a request and a reply of our own, and three ways to fail."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from tools.ports import Json

Count = Annotated[int, BeforeValidator(lambda value: 0 if value is None else value), Field(ge=0)]
"""A number of tokens; servers send null for none."""


class Usage(BaseModel):
    """Tokens as the server counted them; the three kinds of input are disjoint."""

    model_config = ConfigDict(frozen=True)

    input_tokens: Count = 0
    output_tokens: Count = 0
    cache_creation_input_tokens: Count = 0
    cache_read_input_tokens: Count = 0

    @property
    def total_input(self) -> int:
        """All input tokens, cached or not."""
        return self.input_tokens + self.cache_creation_input_tokens + self.cache_read_input_tokens

    @property
    def total(self) -> int:
        """All tokens of the request and its reply."""
        return self.total_input + self.output_tokens


class ModelReply(BaseModel):
    """What a model said: content blocks exactly as they came, why it stopped, what it used, and which model it was."""

    model_config = ConfigDict(frozen=True)

    content: tuple[dict[str, Any], ...]
    stop_reason: str | None = None
    usage: Usage = Usage()
    model: str = ""

    @property
    def text(self) -> str:
        """The text blocks, joined."""
        parts = [block.get("text") for block in self.content if block.get("type") == "text"]
        return "\n\n".join(part.strip() for part in parts if isinstance(part, str) and part.strip())


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One question to a model.

    `system` and `tools` are the same for every ticket of a tenant, so they can be cached. `timeout` is in seconds and
    covers all retries. `attempt` counts the replies of this step that were lost on the way.
    """

    system: tuple[str, ...]
    messages: Sequence[Json]
    tools: Sequence[Json]
    max_tokens: int
    timeout: float
    attempt: int = 0


class Model(Protocol):
    """Something that answers a request; `names` are the ids of all models that may answer, for their prices."""

    @property
    def names(self) -> tuple[str, ...]:
        """Ids of the models that may answer, each in the price table."""
        ...

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Answer the request. Raises `ModelUnavailable`, `ModelInterrupted` or `ModelRejected`."""
        ...


class ModelError(Exception):
    """A model gave no answer; `cause` is a static word for the log."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class ModelUnavailable(ModelError):
    """The model did no work and nothing was billed: it is overloaded, limited, gone or out of reach.

    `retry_after` is in seconds, None when the server named no time; `retryable` is false when trying again cannot help.
    """

    def __init__(self, cause: str, retry_after: float | None = None, retryable: bool = True) -> None:
        super().__init__(cause)
        self.retry_after = retry_after
        self.retryable = retryable


class ModelInterrupted(ModelError):
    """The request was sent and its answer lost or unreadable, so it may have been billed."""


class ModelRejected(ModelError):
    """The server will not answer this request or this account, now or later."""


class ModelOverflow(ModelRejected):
    """The request is larger than the server takes."""
