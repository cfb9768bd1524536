"""How a run ends: a flow or the agent returns one of these, and the pipeline applies it."""

from dataclasses import dataclass, field
from enum import StrEnum

from tools.ports import ActionId, Lane
from workflows.ticket import FlowState, QuestionKind, Wish


class Reason(StrEnum):
    """Why a ticket goes to a person; a closed list, and each has its sentence for the console."""

    CUSTOMER_ASKED = "customer_asked"
    LOW_CONFIDENCE = "low_confidence"
    OUT_OF_SCOPE = "out_of_scope"
    TURN_LIMIT = "turn_limit"
    BUDGET_EXHAUSTED = "budget_exhausted"
    NO_PROGRESS = "no_progress"
    TOOL_FAILED = "tool_failed"
    OUTCOME_UNKNOWN = "outcome_unknown"
    POLICY = "policy"
    GUARD = "guard"
    MODEL_UNAVAILABLE = "model_unavailable"
    MODEL_NOT_CONFIGURED = "model_not_configured"
    MODEL_REFUSED = "model_refused"
    IDENTITY = "identity"
    THIRD_PARTY = "third_party"
    TAKEN_OVER = "taken_over"
    KILLED = "killed"
    SUPERSEDED = "superseded"
    POISON = "poison"
    BACKEND_UNAVAILABLE = "backend_unavailable"
    REVERSED = "reversed"
    PAID_LESS = "paid_less"


@dataclass(frozen=True, slots=True)
class Ending:
    """What every outcome carries: where the flow stands now, the receipts that its text may claim, and what comes later.

    `later` is what the customer asked for in the same breath and the flow has not begun with, or what could serve them instead.
    """

    progress: FlowState | None = field(default=None, kw_only=True)
    receipts: tuple[str, ...] = field(default=(), kw_only=True)
    later: tuple[Wish, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True, slots=True)
class Reply(Ending):
    """Answer the customer. `resolves` ends the ticket unless they write again."""

    text: str
    resolves: bool = True


@dataclass(frozen=True, slots=True)
class AskCustomer(Ending):
    """Ask the one open question: a missing slot, or a yes to the action.

    `asked` is the question alone where `text` says more around it; what is named only around it was not asked about.
    `returns` says that the question comes back after something else was answered, so that nobody has failed to answer it.
    """

    text: str
    kind: QuestionKind
    action_id: ActionId | None = None
    slot: str | None = None
    asked: str = ""
    returns: bool = False


@dataclass(frozen=True, slots=True)
class AwaitApproval(Ending):
    """Tell the customer that people are looking at the action, and wait for their votes."""

    text: str
    action_id: ActionId


@dataclass(frozen=True, slots=True)
class HandOff(Ending):
    """Give the ticket to the agent, once; the pipeline turns a second hand-off into an escalation."""

    reason: Reason
    to: Lane = Lane.AGENT


@dataclass(frozen=True, slots=True)
class Escalate(Ending):
    """Give the ticket to people. `text` is what the customer is told, `summary` what the person reads first."""

    reason: Reason
    summary: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Close(Ending):
    """End the ticket without a word: nothing was asked (a thank-you, an auto-reply)."""


Outcome = Reply | AskCustomer | AwaitApproval | HandOff | Escalate | Close
