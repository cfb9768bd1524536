"""What a customer still wants: a further wish of the same message, or what was interrupted; each has its turn.

The agenda stands in the flow's slots while the customer or people are waited for. It ends when the ticket goes to people,
who have the whole conversation, or comes to rest.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from tools.ports import Json, Lane
from workflows.catalogue import FLOWS
from workflows.machine import is_final
from workflows.outcome import AskCustomer, AwaitApproval, Escalate, Reply
from workflows.replies import render
from workflows.slots.orders import numbers_in, one_alone
from workflows.ticket import FlowState, Question, Ticket, TicketStatus, Wish
from workflows.wording import without_closing, without_greeting

Spoken = Reply | AskCustomer | AwaitApproval
"""An outcome by which the rails go on with the customer."""

_Kind = TypeVar("_Kind", Reply, AskCustomer, AwaitApproval, Spoken)

_LATER = "later"
_WAITING = {TicketStatus.WAITING_CUSTOMER, TicketStatus.WAITING_APPROVAL}


def agenda(ticket: Ticket) -> tuple[Wish, ...]:
    """What the customer still wants besides what the ticket is about now, in the order in which it comes."""
    if ticket.flow is None or ticket.lane is not Lane.WORKFLOW or ticket.status not in _WAITING:
        return ()
    return tuple(_wish(one) for one in ticket.flow.slots.get(_LATER, ()))


def interrupted(ticket: Ticket) -> tuple[Wish, ...]:
    """The agenda once something else comes in between: first what the ticket is about now, then the rest."""
    if ticket.flow is None or ticket.lane is not Lane.WORKFLOW or ticket.status not in _WAITING:
        return ()
    at = replace(ticket.flow, slots=_without(ticket.flow))
    ended = at.flow not in FLOWS or is_final(FLOWS[at.flow].machine, at.state)
    return agenda(ticket) if ended else (Wish(at.flow, at=at, back=True), *agenda(ticket))


def still_wanted(ticket: Ticket, text: str) -> tuple[Wish, ...]:
    """The agenda after a correction: without the orders that it names, be it as the one at hand or as one to leave alone."""
    if ticket.flow is None:
        return ()
    flow, alone, named = ticket.flow.flow, one_alone(text), numbers_in(text)
    return tuple(
        wish for wish in agenda(ticket) if wish.flow != flow or not (alone or (wish.at and numbers_in(_order(wish.at)) & named))
    )


def _order(at: FlowState) -> str:
    return str(at.slots.get("order_id", ""))


def carrying(outcome: _Kind, at: FlowState | None, wishes: Sequence[Wish]) -> _Kind:
    """The outcome with what is left on the agenda; `at` is where the flow stands if the outcome does not say."""
    progress = outcome.progress or at
    if progress is None or (not wishes and _LATER not in progress.slots):
        return outcome
    slots = _without(progress) | ({_LATER: [_json(wish) for wish in wishes]} if wishes else {})
    return replace(outcome, progress=replace(progress, slots=slots), later=())


def promised(asking: AskCustomer, wishes: Sequence[Wish], open_question: Question | None) -> AskCustomer:
    """A new question with the promise that what is left on the agenda comes after it."""
    same = open_question is not None and (open_question.slot, open_question.action_id) == (asking.slot, asking.action_id)
    if not wishes or same:
        return asking
    question = asking.asked or asking.text
    return replace(asking, text=render("promise", text=asking.text, back=wishes[0].back), asked=question)


def joined(first: Reply | AwaitApproval, second: Spoken | Escalate, wish: Wish) -> Spoken | Escalate:
    """Both in one message, the second about the wish; votes that the first waits for are still waited for when it ends."""
    both = (*first.receipts, *second.receipts)
    following = without_greeting(second.text)
    text = _together(first.text, following, wish) if following else first.text
    match second:
        case AskCustomer():
            return replace(second, text=text, asked=second.asked or following, receipts=both)
        case Reply() if isinstance(first, AwaitApproval):
            return AwaitApproval(text, first.action_id, progress=second.progress, receipts=both)
        case _:
            return replace(second, text=text, receipts=both)


def _together(answer: str, following: str, wish: Wish) -> str:
    answer = without_closing(answer)
    if wish.back:
        return render("back_to_question", answer=answer, question=following)
    return render("and_next", answer=answer, following=following, instead=wish.instead)


def _without(at: FlowState) -> dict[str, Json]:
    return {name: value for name, value in at.slots.items() if name != _LATER}


def _json(wish: Wish) -> Json:
    at = {"state": wish.at.state, "slots": dict(wish.at.slots)} if wish.at else None
    return {"flow": wish.flow, "text": wish.text, "at": at, "back": wish.back, "instead": wish.instead}


def _wish(saved: Json) -> Wish:
    at = FlowState(saved["flow"], saved["at"]["state"], saved["at"]["slots"]) if saved["at"] else None
    return Wish(saved["flow"], saved["text"], at, back=saved["back"], instead=saved.get("instead", False))
