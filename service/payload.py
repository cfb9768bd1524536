"""The body of a `standard` webhook: a ticket, its customer and one message, frozen and bounded."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from tools.confidential import masked

MAX_ID = 200  # characters of an id that a help desk made
MAX_TEXT = 100_000  # characters of one message
MAX_ATTACHMENTS = 100
MAX_LINE = 200  # characters of a label

_BREAKS_LINES = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Tab, line feed and carriage return belong to text; the other controls carry nothing, and PostgreSQL cannot store NUL.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _on_one_line(value: str) -> str:
    """An id is compared exactly and never normalised, so one that could break a log line is refused, not repaired."""
    if _BREAKS_LINES.search(value):
        raise ValueError("holds control characters")
    return value


def _as_one_line(value: str) -> str:
    return _BREAKS_LINES.sub(" ", value)


def kept_text(value: str) -> str:
    """What somebody wrote as it is kept: without characters that carry nothing, card numbers and secrets masked."""
    return masked(_UNPRINTABLE.sub("", value))


def _written_as_rfc_3339(value: Any) -> Any:
    """Only text of this form: a bare number would otherwise be taken for seconds or milliseconds by its size."""
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise ValueError("is not an RFC 3339 time")
    return value


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of range") from None


ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID, strict=True), AfterValidator(_on_one_line)]
"""An id in the sender's own system, 1 to 200 characters, kept exactly as it came."""


def _masked_line(text: str) -> str:
    return masked(text)[:MAX_LINE]


Kept = AfterValidator(masked)
"""Card numbers and secrets are masked before anything is stored."""

Text = Annotated[str, StringConstraints(max_length=MAX_TEXT, strict=True), AfterValidator(kept_text)]
"""What somebody wrote; characters that nobody can see or store are dropped from it."""

Line = Annotated[
    str, StringConstraints(max_length=MAX_LINE, strict=True), AfterValidator(_as_one_line), AfterValidator(_masked_line)
]
"""A short label; control characters and line breaks become spaces."""

Moment = Annotated[AwareDatetime, BeforeValidator(_written_as_rfc_3339), AfterValidator(_in_utc)]
"""An RFC 3339 time with an offset, as aware UTC."""


class Received(BaseModel):
    """A frozen value from outside; fields that we do not know are ignored, so that senders may add some."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Attachment(Received):
    """A file that came with a message: what the sender says about it, never its content; `size` is in bytes."""

    name: Line = ""
    content_type: Line = ""
    size: Annotated[int, Field(ge=0, le=2**53, strict=True)] | None = None
    url: Annotated[str, StringConstraints(max_length=2_000, strict=True), AfterValidator(_on_one_line)] | None = None


class IncomingTicket(Received):
    """The help desk's ticket."""

    external_id: ExternalId
    subject: Annotated[str, StringConstraints(max_length=1_000, strict=True), AfterValidator(_as_one_line), Kept] = ""
    channel: Annotated[str, StringConstraints(min_length=1, max_length=40, strict=True), AfterValidator(_on_one_line)] = "email"


class IncomingCustomer(Received):
    """The sender. Only `verified` makes the id or the address identify anybody: the help desk vouches for them."""

    external_id: ExternalId
    email: Annotated[str, StringConstraints(max_length=320, strict=True), AfterValidator(_on_one_line)] | None = None
    name: Line | None = None
    verified: Annotated[bool, Field(strict=True)] = False


class IncomingText(Received):
    """One message of the sender."""

    external_id: ExternalId
    text: Text
    sent_at: Moment
    attachments: Annotated[tuple[Attachment, ...], Field(max_length=MAX_ATTACHMENTS)] = ()


class IncomingMessage(Received):
    """What intake stores: a message, the ticket that it belongs to, and who sent it."""

    ticket: IncomingTicket
    customer: IncomingCustomer
    message: IncomingText


class Delivery(Received):
    """The whole body of a `standard` webhook; a type that we do not know is refused."""

    type: Literal["ticket.message"]
    timestamp: Moment
    data: IncomingMessage


EXAMPLE = {
    "type": "ticket.message",
    "timestamp": "2026-11-20T10:00:00Z",
    "data": {
        "ticket": {"external_id": "T-1001", "subject": "Where is my order?", "channel": "email"},
        "customer": {"external_id": "cus_1", "email": "ada@example.com", "name": "Ada", "verified": True},
        "message": {
            "external_id": "m-1",
            "text": "Hello, where is my order D-100001?",
            "sent_at": "2026-11-20T09:59:58Z",
            "attachments": [],
        },
    },
}
"""A whole body, as the reference shows it."""
