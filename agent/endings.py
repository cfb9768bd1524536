"""What becomes of a run that ends without an answer: the reason, a word to the customer, and the work so far for a person."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.calls import ESCALATE, Call
from agent.data import abridge, dumps
from agent.observed import Observed, Proof
from agent.run import Stop
from classifier.characters import plain
from workflows.outcome import Escalate, Reason
from workflows.ticket import Ticket

_ENDINGS: dict[Stop, tuple[Reason, str]] = {
    Stop.TAKEN_OVER: (Reason.TAKEN_OVER, "A colleague took the ticket over."),
    Stop.KILLED: (Reason.KILLED, "A switch stopped the agent."),
    Stop.MAX_STEPS: (Reason.BUDGET_EXHAUSTED, "The agent used all the steps that this ticket is granted."),
    Stop.TOKEN_CAP: (Reason.BUDGET_EXHAUSTED, "The next step might have passed the ticket's token limit."),
    Stop.COST_CAP: (Reason.BUDGET_EXHAUSTED, "The next step might have passed the ticket's cost limit."),
    Stop.TIME: (Reason.BUDGET_EXHAUSTED, "The agent used all the time that this ticket is granted."),
    Stop.TOOL_CALL_CAP: (Reason.BUDGET_EXHAUSTED, "The agent used all the tool calls that this ticket is granted."),
    Stop.NO_PROGRESS: (Reason.NO_PROGRESS, "The agent asked the same things again and learned nothing new."),
    Stop.TOOL_ERRORS: (Reason.TOOL_FAILED, "Too many tool calls failed or were refused."),
    Stop.BACKEND_DOWN: (Reason.BACKEND_UNAVAILABLE, "The shop's system could not be reached."),
    Stop.IN_DOUBT: (Reason.OUTCOME_UNKNOWN, "The shop's system did not say whether it carried an action out."),
    Stop.BAD_REPLIES: (Reason.NO_PROGRESS, "The model's replies made no sense, several times."),
    Stop.EMPTY_REPLY: (Reason.NO_PROGRESS, "The model said nothing, twice."),
    Stop.CONTEXT_FULL: (Reason.BUDGET_EXHAUSTED, "The conversation no longer fits the model."),
    Stop.REFUSAL: (Reason.MODEL_REFUSED, "The model refused to work on this."),
    Stop.GUARD: (Reason.GUARD, "The draft was held back, and so was its second version."),
    Stop.MODEL_UNAVAILABLE: (Reason.MODEL_UNAVAILABLE, "No model answered in time."),
    Stop.MODEL_REJECTED: (Reason.MODEL_UNAVAILABLE, "The model's server rejected the request."),
    Stop.NOT_CONFIGURED: (Reason.MODEL_NOT_CONFIGURED, "No model is configured."),
    Stop.HANDED_OVER: (Reason.OUT_OF_SCOPE, "The agent asked for a colleague."),
    Stop.FOR_PEOPLE: (Reason.POLICY, "The agent wanted something that only a person may do here."),
}
_CHOSEN = {
    Reason.CUSTOMER_ASKED,
    Reason.LOW_CONFIDENCE,
    Reason.OUT_OF_SCOPE,
    Reason.POLICY,
    Reason.IDENTITY,
    Reason.NO_PROGRESS,
    Reason.OUTCOME_UNKNOWN,
    Reason.TOOL_FAILED,
}
_TOLD = "Thank you for your message. I am passing it to a colleague, who has everything so far and will reply here."
_TOLD_DOUBT = (
    "I asked our shop system to carry this out, but it has not confirmed it yet. "
    "A colleague is checking and will tell you here how it ended; please do not order or ask for it again meanwhile."
)


@dataclass(frozen=True, slots=True)
class WorkDone:
    """What a run has to show. `detail` says more about the ending; `words` is text by the model, never checked."""

    log: Sequence[tuple[Call, Observed]] = ()
    proofs: Sequence[Proof] = ()
    detail: str = ""
    words: str = ""


def escalation(ticket: Ticket, stop: Stop, work: WorkDone, chosen: str | None = None) -> Escalate:
    """The outcome for a run that stopped; `chosen` is the reason that the model gave, taken only from a closed list."""
    reason, _ = _ENDINGS[stop]
    if chosen is not None and chosen in {reason.value for reason in _CHOSEN}:
        reason = Reason(chosen)
    told = "" if stop is Stop.TAKEN_OVER else _TOLD_DOUBT if stop is Stop.IN_DOUBT else _TOLD
    references = tuple(proof.receipt.reference for proof in work.proofs)
    return Escalate(reason, summary=summary(ticket, stop, work), text=told, receipts=references)


def summary(ticket: Ticket, stop: Stop, work: WorkDone) -> str:
    """The work so far in lines: facts first, and what the model wrote last and marked."""
    lines = [f"Why: {_ENDINGS[stop][1]}{' ' + work.detail if work.detail else ''}"]
    lines += [f'The customer wrote: "{abridge(plain(message.text), 500)}"' for message in ticket.unanswered[-3:]]
    lines += [f"Receipt: {proof.tool} {proof.receipt.reference}" for proof in work.proofs]
    # The call that asks for a person says what the words below it say.
    for call, observed in work.log:
        if call.tool == ESCALATE:
            continue
        lines.append(f"Called: {observed.tool} {abridge(plain(dumps(call.args)), 200)} → {_how(observed)}")
    if work.words:
        lines.append(f"Written by the model, unchecked: {abridge(plain(work.words), 1000)}")
    return "\n".join(lines)


def _how(observed: Observed) -> str:
    if observed.ok:
        return "done" if observed.receipt else "answered"
    return observed.code or (observed.status.value if observed.status else "no answer")
