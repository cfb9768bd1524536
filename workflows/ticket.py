"""A ticket as flows and the agent see it: one conversation with one customer of one tenant, frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from tools.commerce import CustomerId
from tools.ports import ActionId, Json, Lane, TenantName, TicketId, Verification

MessageId = NewType("MessageId", str)
QuestionId = NewType("QuestionId", str)


class TicketStatus(StrEnum):
    """Where a ticket stands; the contract's list."""

    NEW = "new"
    WORKING = "working"
    WAITING_CUSTOMER = "waiting_customer"
    WAITING_APPROVAL = "waiting_approval"
    ESCALATED = "escalated"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Author(StrEnum):
    """Who wrote a message."""

    CUSTOMER = "customer"
    BOT = "bot"
    HUMAN = "human"
    NOTE = "note"
    THIRD_PARTY = "third_party"


class QuestionKind(StrEnum):
    """What an open question asks for: a missing detail, or a yes to one action."""

    SLOT = "slot"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody wrote. `seq` is the ticket's event that brought it, None for what we wrote ourselves.

    `answers` is false for what the bot only asked, and for words by which it only passed the customer on.
    """

    id: MessageId
    author: Author
    text: str
    sent_at: datetime
    seq: int | None = None
    verified: bool = False
    external_id: str | None = None
    answers: bool = True


@dataclass(frozen=True, slots=True)
class Question:
    """The one question that the customer has been asked and has not answered.

    Only a message that came after `delivered_at` answers it; None says that it has not been sent yet.
    """

    id: QuestionId
    kind: QuestionKind
    text: str
    asked_at: datetime
    expires_at: datetime
    action_id: ActionId | None = None
    slot: str | None = None
    asked_times: int = 1
    delivered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CustomerRef:
    """The customer a ticket is bound to, once, from a verified identity; `external_id` is the merchant's own id.

    `claimed` is the address that the sender writes from; it is nobody's word but theirs.
    """

    id: str
    external_id: CustomerId | None
    verification: Verification
    email: str | None = None
    name: str | None = None
    claimed: str | None = None


@dataclass(frozen=True, slots=True)
class Spending:
    """What a ticket has spent, or may spend, in its life."""

    steps: int = 0
    tokens: int = 0
    microusd: int = 0
    seconds: float = 0
    tool_calls: int = 0

    def plus(self, other: "Spending") -> "Spending":
        """The sum of both."""
        return Spending(
            self.steps + other.steps,
            self.tokens + other.tokens,
            self.microusd + other.microusd,
            self.seconds + other.seconds,
            self.tool_calls + other.tool_calls,
        )


@dataclass(frozen=True, slots=True)
class FlowState:
    """Where a flow stands on a ticket: the flow's name, its state and the slots it has filled."""

    flow: str
    state: str
    slots: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wish:
    """Something the customer wants that has not had its turn yet.

    `text` is what the flow shall hear. `at` is where it takes up without a new word: it was interrupted there, and comes
    `back`, or the same was asked for something else too. `instead` is our own idea of what serves them where what they asked
    for cannot be done.
    """

    flow: str
    text: str = ""
    at: FlowState | None = None
    back: bool = False
    instead: bool = False


@dataclass(frozen=True, slots=True)
class Ticket:
    """One conversation as it stood when the turn began. `messages` are oldest first."""

    id: TicketId
    tenant: TenantName
    external_id: str
    status: TicketStatus
    lane: Lane
    customer: CustomerRef
    subject: str = ""
    channel: str = "email"
    language: str = "en"
    intent: str | None = None
    confidence: float | None = None
    flow: FlowState | None = None
    messages: tuple[Message, ...] = ()
    question: Question | None = None
    spent: Spending = field(default_factory=Spending)
    handed_off: bool = False
    superseded_count: int = 0
    customer_messages: int = 0
    owner: str | None = None
    version: int = 0

    @property
    def unanswered(self) -> tuple[Message, ...]:
        """The customer's messages since the last answer that a bot or a person gave them; asking and passing on is none."""
        return tuple(message for message in self.since_answer if message.author is Author.CUSTOMER)

    @property
    def since_answer(self) -> tuple[Message, ...]:
        """Everything that was written after the last answer."""
        answers = [at for at, one in enumerate(self.messages, 1) if one.author in (Author.BOT, Author.HUMAN) and one.answers]
        return self.messages[answers[-1] if answers else 0 :]
