"""What the tool layer and those above it hand each other: who calls, the time, wishes, facts, actions and results."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, NewType

from tools.autonomy import Level
from tools.commerce import CustomerId, Receipt
from tools.errors import Code
from tools.money import Money

TenantName = NewType("TenantName", str)
TicketId = NewType("TicketId", str)
ActionId = NewType("ActionId", str)
ApprovalId = NewType("ApprovalId", str)
PersonId = NewType("PersonId", str)

Json = Any
"""A JSON value; its shape is checked where it enters."""

Clock = Callable[[], datetime]
"""Returns the current time, aware, in UTC."""


class Lane(StrEnum):
    """Who works a ticket now."""

    WORKFLOW = "workflow"
    AGENT = "agent"
    HUMAN = "human"


class Verification(StrEnum):
    """How sure we are that the sender is the customer."""

    NONE = "none"
    CHANNEL = "channel"
    CODE = "code"


class ActionStatus(StrEnum):
    """The one life of an action; `live` ones hold money or may still act."""

    PROPOSED = "proposed"
    RESERVED = "reserved"
    SENT = "sent"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to the action."""
        return self not in _OPEN


_OPEN = {ActionStatus.PROPOSED, ActionStatus.RESERVED, ActionStatus.SENT, ActionStatus.UNKNOWN}


class Saw(StrEnum):
    """What a look at the merchant's system said about an effect whose outcome is not known, when it did not settle it."""

    NOTHING = "nothing"
    """It knows of no such effect; that alone never proves that nothing happened."""
    WORKING = "working"
    """It still works on it."""
    DOUBTFUL = "doubtful"
    """It answers something that does not prove what was asked for."""
    UNREACHABLE = "unreachable"
    """It could not be asked, or gave no answer that can be read."""


class Effect(StrEnum):
    """What a tool may do to the merchant's world."""

    READ = "READ"
    WRITE = "WRITE"
    MONEY = "MONEY"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who acts, on which ticket. Built by the service from verified facts; no text and no model can change it.

    `fence` and `event_seq` belong to a turn and are None for a person's call. `seen_seq` is the newest event of the
    ticket that the caller has read; an intent is not committed past an unread customer message. `asks` says that the
    ticket puts a wanted change to the customer; a person has asked already, and nobody asks past a person. `claimed` is the
    address that an unknown sender writes from: it identifies nobody, and says only where a code may be sent. `no_switch` says
    that no kill switch of the tenant was thrown when the drain took the ticket: its reads need not look, what acts always does.
    """

    tenant: TenantName
    ticket: TicketId
    customer: CustomerId | None
    verification: Verification
    lane: Lane
    person: PersonId | None = None
    flow: str | None = None
    intent: str | None = None
    fence: int | None = None
    event_seq: int | None = None
    seen_seq: int | None = None
    asks: bool = True
    claimed: str | None = None
    no_switch: bool = False


@dataclass(frozen=True, slots=True)
class Switch:
    """A thrown kill switch."""

    scope: Literal["tenant", "effect", "lane", "tool", "intent"]
    name: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MoneyLeg:
    """The part of a money action that goes back to one payment method; `fingerprint` is the card's across customers."""

    method_id: str
    amount_minor: int
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """One wanted call of a tool, with what the backend said about its object, before any decision.

    `money` is what would go back to the customer (None when nothing does, or for a WRITE). `facts` is the database's
    view that an approver is shown and that the digest covers. `origin` is unique on the ticket. `confirms` is false for
    what the customer is not asked about (an internal note). `attested_by` is the person who vouches for the customer's yes.
    """

    origin: str
    tool: str
    effect: Effect
    args: Mapping[str, Json]
    order_id: str | None = None
    money: Money | None = None
    legs: tuple[MoneyLeg, ...] = ()
    facts: Mapping[str, Json] = field(default_factory=dict)
    confirms: bool = True
    attested_by: PersonId | None = None


@dataclass(frozen=True, slots=True)
class BookFacts:
    """What our own books say at the moment of the decision, read under the locks that the reservation holds.

    Amounts are minor units of the proposal's currency. `pending_minor` is reserved, sent or unknown on the order and not
    yet in the backend's refunds; `booked_minor` is that and what our own actions have paid back. `window_minor` is the larger
    of the customer's and any fingerprint's unapproved money back in the rolling window, without this action. `votes` counts
    valid approvals by people with the role. `changed_at` is when the customer's address, or the address or payment of an
    order of theirs, was last changed through us, or may have been. `tool_by_customer` and `tool_by_tenant` count the tool's
    actions within 24 hours, for this customer and for all. `level` is the tool's level of autonomy when an admin has set one.
    """

    killed: Switch | None = None
    newer_message: bool = False
    pending_minor: int = 0
    booked_minor: int = 0
    window_minor: int = 0
    tenant_day_minor: int = 0
    live_twin: ActionId | None = None
    live_money_on_order: ActionId | None = None
    succeeded_twin: ActionId | None = None
    confirmed: bool = False
    votes: int = 0
    denied: bool = False
    approval_digest_matches: bool = True
    actions_last_hour: int = 0
    tool_by_customer: int = 0
    tool_by_tenant: int = 0
    changed_at: datetime | None = None
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """An action as it stands in the book. Arguments and key never change after creation.

    `job` is the merchant's own id of work that it has accepted and not finished.
    """

    id: ActionId
    tenant: TenantName
    ticket: TicketId
    origin: str
    tool: str
    effect: Effect
    args: Mapping[str, Json]
    status: ActionStatus
    key: str
    decision: str
    rule: str | None = None
    policy_version: str = ""
    code: str | None = None
    order_id: str | None = None
    money: Money | None = None
    legs: tuple[MoneyLeg, ...] = ()
    facts: Mapping[str, Json] = field(default_factory=dict)
    receipt: Receipt | None = None
    approval_id: ApprovalId | None = None
    confirmed_by: str | None = None
    flow: str | None = None
    intent: str | None = None
    lane: Lane | None = None
    fence: int | None = None
    sentence: str = ""
    requester: str = "bot"
    job: str | None = None
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A policy's decision as the book needs it: what to write beside the action."""

    decision: Literal["allow", "deny", "needs_confirmation", "needs_approval"]
    rule: str | None = None
    code: str | None = None
    sentence: str = ""
    votes: int = 0


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a caller gets back from a tool call.

    `ok` is true when a read answered or an effect has a receipt. `data` is what the tool says, `action` the row behind a
    WRITE or MONEY call, `code` and `rule` why it was refused or still waits.
    """

    tool: str
    ok: bool
    data: Mapping[str, Json] = field(default_factory=dict)
    action: Action | None = None
    code: str | None = None
    rule: str | None = None
    sentence: str = ""

    @property
    def needs_confirmation(self) -> bool:
        """The call waits for the customer's yes."""
        return self._waits_for(Code.CONFIRMATION_REQUIRED)

    @property
    def needs_approval(self) -> bool:
        """The call waits for people's votes."""
        return self._waits_for(Code.APPROVAL_REQUIRED)

    @property
    def postponed(self) -> bool:
        """The merchant's system is away, so what was answered or approved could not be decided again; nothing has ended."""
        return self._waits_for(Code.BACKEND_UNAVAILABLE)

    @property
    def under_way(self) -> bool:
        """The backend has accepted the action as a job, and tells later how it ended."""
        return self.action is not None and self.action.status is ActionStatus.SENT and self.action.job is not None

    @property
    def in_doubt(self) -> bool:
        """The backend was asked and it is not known whether it acted."""
        asked = self.action is not None and self.action.status in (ActionStatus.SENT, ActionStatus.UNKNOWN)
        return asked and not self.under_way

    @property
    def refused(self) -> bool:
        """The call came to nothing: it is not done, not in doubt, and waits for nobody.

        A reserved action is being carried out by another call with the same origin at this moment.
        """
        reserved = self.action is not None and self.action.status is ActionStatus.RESERVED
        return not (self.ok or self.in_doubt or self.under_way or self.needs_approval or self.needs_confirmation or reserved)

    def _waits_for(self, code: Code) -> bool:
        """The action stands open, and the code says for what; the decision behind it may be older than the answer to it."""
        return self.action is not None and self.action.status is ActionStatus.PROPOSED and self.code == code
