"""The shapes that the API shows: frozen values whose JSON is the contract's."""

from datetime import datetime
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from tools.ports import Json


class Shape(BaseModel):
    """A frozen value that is shown as it is; times are aware UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Amount(Shape):
    """Money in minor units."""

    amount_minor: int
    currency: str


class CustomerShape(Shape):
    """Whom a ticket is bound to; `external_id` is the merchant's own id, null while nobody vouches for the sender."""

    id: str
    external_id: str | None
    verification: Literal["none", "channel", "code"]


class MessageShape(Shape):
    """What somebody wrote; our own messages have no external id."""

    id: str
    external_id: str | None
    author: Literal["customer", "bot", "human", "note", "third_party"]
    text: str
    sent_at: datetime


class QuestionShape(Shape):
    """The one open question: a missing detail, or a yes to an action."""

    id: str
    action_id: str | None
    kind: str
    text: str
    asked_at: datetime
    expires_at: datetime


class LookShape(Shape):
    """What looks at an action have answered that settled nothing: so many in a row, from the first to the last of them."""

    answer: Literal["nothing", "working", "doubtful", "unreachable"]
    since: datetime
    last: datetime
    times: int


class ActionShape(Shape):
    """One wanted call of a tool and how it stands; `receipt` is the merchant's own reference of the effect.

    `job` is the merchant's own id of work that it has accepted and not finished.
    """

    id: str
    ticket_id: str
    tool: str
    effect: str
    args: dict[str, Json]
    decision: str
    rule: str | None
    policy_version: str
    status: str
    code: str | None
    amount: Amount | None
    idempotency_key: str
    receipt: str | None
    sent_at: datetime | None = None
    job: str | None = None
    looks: list[LookShape] = []


class CallShape(Shape):
    """What became of a tool call: its action, or for a READ, which leaves no action, what the tool answered in `data`."""

    id: str | None
    ticket_id: str
    tool: str
    effect: str
    args: dict[str, Json]
    decision: str
    rule: str | None
    policy_version: str | None
    status: str
    code: str | None
    amount: Amount | None
    idempotency_key: str | None
    receipt: str | None
    sent_at: datetime | None = None
    job: str | None = None
    looks: list[LookShape] = []
    data: dict[str, Json]


class VoteShape(Shape):
    """One person's decision on an approval."""

    person: str
    decision: str
    reason: str
    at: datetime


class ApprovalShape(Shape):
    """People's votes on one action; `facts` and `digest` are what the voters were shown."""

    id: str
    action: ActionShape
    facts: dict[str, Json]
    rule: str
    votes_needed: int
    votes: list[VoteShape]
    digest: str
    expires_at: datetime
    state: str


class EscalationShape(Shape):
    """A ticket in people's hands; `owner` is the person who claimed it."""

    id: str
    ticket_id: str
    reason: str
    brief: Json
    state: str
    owner: str | None
    due_at: datetime
    risk: str


class BudgetShape(Shape):
    """What the agent has spent on this ticket, and may spend in its life."""

    spent: dict[str, Json]
    granted: dict[str, Json]


class TicketShape(Shape):
    """A ticket with everything that belongs to it; messages and actions are oldest first."""

    id: str
    external_id: str
    tenant: str
    subject: str
    channel: str
    status: str
    lane: str
    owner: str | None
    flow: str | None
    state: str | None
    intent: str | None
    confidence: float | None
    route_reason: str
    language: str
    version: int
    customer: CustomerShape
    messages: list[MessageShape]
    question: QuestionShape | None
    actions: list[ActionShape]
    approvals: list[ApprovalShape]
    escalation: EscalationShape | None
    budget: BudgetShape
    cost_microusd: int
    created_at: datetime
    updated_at: datetime
    due_at: datetime | None


class InFlightShape(Shape):
    """An action that was under way when its switch was thrown: its status then, and now."""

    id: str
    ticket_id: str
    tool: str
    status: str
    status_now: str


class SwitchShape(Shape):
    """A kill switch; `by` is `person:<id>`, null when nobody has ever touched it.

    `in_flight` is what it could no longer stop for certain when it was thrown; a switch that was just put back lists what is
    under way now.
    """

    scope: str
    name: str
    on: bool
    reason: str
    by: str | None
    at: datetime | None
    in_flight: list[InFlightShape]


class RuleShape(Shape):
    """A rule of the policy, with the tenant's number where it has one; `order` is its place in the order of decision."""

    order: int
    name: str
    kind: Literal["refuses", "asks people", "asks the customer"]
    sentence: str
    number: Json


class LimitShape(Shape):
    """How often a tool may act within 24 hours; null is no limit."""

    customer_day: int | None
    tenant_day: int | None


class ToolShape(Shape):
    """A tool of the catalogue: its arguments as a JSON schema, its effect, and what the tenant's policy says of it.

    A tool that only reads has no level of autonomy and no limits.
    """

    name: str
    description: str
    effect: str
    idempotent: bool
    retry: str
    timeout_seconds: float
    verification: str
    input_schema: dict[str, Json]
    lanes: list[str]
    flows: list[str]
    autonomy: Literal["observe", "approve_all", "approve_over_cap", "auto"] | None
    limits: LimitShape | None
    rules: list[RuleShape]


class RecordShape(Shape):
    """What became of the machine's wishes with one tool within the last `days`; `streak` is how many of the newest that people
    decided were approved as proposed, `alone` what it did without a vote."""

    days: int
    as_proposed: int
    changed: int
    denied: int
    reversed: int
    alone: int
    waiting: int
    streak: int


class AutonomyShape(Shape):
    """How far the machine may go with a tool. `default` is the settings' level; `by` is null while no admin has set one.

    `alone_up_to` is what one action may give back without a vote, null for a tool that moves no money. `proposed` is the level
    that the record has earned, null for none, and `why` says so in a sentence.
    """

    tool: str
    level: str
    meaning: str
    default: str
    reason: str
    by: str | None
    at: datetime | None
    alone_up_to: list[Amount] | None
    record: RecordShape
    proposed: str | None
    why: str


class JournalShape(Shape):
    """One entry of a ticket's journal; `data` is null when its payload was erased."""

    seq: int
    at: datetime
    kind: str
    actor: str
    turn: int | None
    data: dict[str, Json] | None
    hash: str


Item = TypeVar("Item", bound=Shape)


class Page(Shape, Generic[Item]):
    """A part of a list; `next_cursor` asks for the next part, null at the end."""

    items: list[Item]
    next_cursor: str | None
