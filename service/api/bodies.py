"""The bodies that the API takes, read strictly and after the credential."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from service import strict_json
from service.errors import Invalid
from service.payload import Text
from service.problem import invalid
from service.settling import MAX_REFERENCE
from tools.ports import Json

Name = Annotated[str, StringConstraints(min_length=1, max_length=64, strict=True)]
Reason = Annotated[str, StringConstraints(max_length=2_000, strict=True)]
Flag = Annotated[bool, Field(strict=True)]


class Body(BaseModel):
    """A body of the API; a field that we do not know is a mistake of the sender."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NewMessage(Body):
    """A reply to the customer, or a note for colleagues."""

    text: Annotated[Text, StringConstraints(min_length=1)]
    note: Flag = False


class NewAction(Body):
    """A call of a tool; `customer_confirmed` attests that the customer said yes to exactly this."""

    tool: Name
    args: dict[str, Json]
    customer_confirmed: Flag = False


class Confirmation(Body):
    """The verified customer's answer to the question about an action."""

    answer: Literal["yes", "no"]


class Settlement(Body):
    """What a person found out about an action whose outcome nobody knew; what happened has the shop's own reference."""

    outcome: Literal["happened", "not_happened"]
    reference: Annotated[str, StringConstraints(max_length=MAX_REFERENCE, strict=True)] = ""
    reason: Reason


class Decision(Body):
    """A vote on an approval; `digest` says which facts the voter has seen."""

    decision: Literal["approve", "deny"]
    reason: Reason = ""
    digest: Annotated[str, StringConstraints(min_length=1, max_length=64, strict=True)]


class Resolution(Body):
    """How a case ends; the text, if any, is a last reply to the customer."""

    text: Text | None = None


class SwitchChange(Body):
    """A kill switch thrown (`on`: nothing of this kind happens any more) or put back."""

    on: Flag
    reason: Reason = ""


LevelName = Literal["observe", "approve_all", "approve_over_cap", "auto"]


class LevelChange(Body):
    """How far a tool may go from now on, and why; `was` is the level that the sender has seen."""

    level: LevelName
    reason: Annotated[Reason, StringConstraints(min_length=1)]
    was: LevelName | None = None


Model = TypeVar("Model", bound=Body)


def body_of(model: type[Model], *, optional: bool = False) -> Callable[[Request], Awaitable[Model]]:
    """A dependency: the request's body as this model. Raises `MalformedJson` or `Invalid`."""

    async def read(request: Request) -> Model:
        raw = await request.body()
        value = {} if optional and not raw else strict_json.loads(raw)
        if _holds_nul(value):
            raise Invalid("body: text must not hold NUL characters")
        try:
            return model.model_validate(value)
        except ValidationError as error:
            raise invalid(error) from None

    return read


def _holds_nul(value: Any) -> bool:
    """Whether a string anywhere holds NUL, which PostgreSQL cannot store; the depth is limited by the reader."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_holds_nul(key) or _holds_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(_holds_nul(item) for item in value)
