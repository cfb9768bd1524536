"""Repair, shared by all flows: what a message means to a ticket on which something is already going on."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from classifier.intents import Intent
from classifier.prediction import Prediction
from tools.ports import ActionId, Lane
from workflows.asking_after import ORDER_LIKE, asks_after, only_refers
from workflows.catalogue import INTENT_FLOWS, NEWS_FLOWS, READING_FLOWS
from workflows.confirm import Answer, is_plain_thanks, is_retraction, last_word, read_answer, wants_nothing
from workflows.outcome import AskCustomer, Reply
from workflows.person_words import drops_it, wants_person
from workflows.replies import render
from workflows.slots.addresses import read_address
from workflows.ticket import Question, QuestionKind, Ticket, TicketStatus
from workflows.words import READ_AT_MOST, plain

CLARIFICATIONS = 2
"""How often an unclear answer is met with the same question again before the ticket is handed off."""

ANSWERED = {TicketStatus.RESOLVED, TicketStatus.CLOSED}
"""A ticket in one of these has had its answer."""


@dataclass(frozen=True, slots=True)
class WantsPerson:
    """The customer asks for a person."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The customer said yes to the open question about this action."""

    action: ActionId


@dataclass(frozen=True, slots=True)
class DeclinedAnswer:
    """The customer said no to the open question about this action."""

    action: ActionId
    text: str


@dataclass(frozen=True, slots=True)
class SlotAnswer:
    """The customer answered the flow's question for a detail."""

    text: str
    question: Question


@dataclass(frozen=True, slots=True)
class Correction:
    """The customer changes what the running flow is about; the flow hears it as `Said`."""

    text: str


@dataclass(frozen=True, slots=True)
class NewTopic:
    """The customer speaks of something else while a flow is running.

    With `returns` the new topic changes nothing: answer it, then ask the open question again. Without it the new topic
    takes the place of the old one.
    """

    intent: Intent
    text: str
    returns: bool


@dataclass(frozen=True, slots=True)
class CancelFlow:
    """The customer drops what they had asked for; an unconfirmed action is superseded and nothing more is done."""

    text: str


@dataclass(frozen=True, slots=True)
class ThanksOnly:
    """A thank-you; it changes nothing."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """The open yes/no question was not answered. It is asked again, and handed off once that is `exhausted`."""

    exhausted: bool


@dataclass(frozen=True, slots=True)
class AsksAfter:
    """The customer asks how it stands while people decide; nothing changes."""


@dataclass(frozen=True, slots=True)
class Revisit:
    """The customer comes back to what was answered: for another order, or to ask how it stands now; `flow` hears it."""

    flow: str
    text: str


@dataclass(frozen=True, slots=True)
class Fresh:
    """Nothing on the ticket waits for this message, so it is routed by what it says."""

    text: str


Understanding = (
    WantsPerson
    | Confirmed
    | DeclinedAnswer
    | SlotAnswer
    | Correction
    | NewTopic
    | CancelFlow
    | ThanksOnly
    | Unclear
    | AsksAfter
    | Revisit
    | Fresh
)


def understand(ticket: Ticket, texts: Sequence[str], prediction: Prediction) -> Understanding:
    """What the unread messages of the ticket's own verified sender, oldest first, mean to the ticket.

    `prediction` is the classifier's for the same messages. Texts are cleaned. A message that came before the open question
    was delivered must not be passed with the question on the ticket.
    """
    text = "\n".join(texts)
    if any(wants_person(one) for one in texts) or (prediction.automatic and prediction.intent is Intent.HUMAN_PLEASE):
        return WantsPerson()
    question = ticket.question
    if question is not None and question.kind is QuestionKind.CONFIRM and question.action_id is not None:
        return _to_confirmation(ticket, question, question.action_id, texts, prediction)
    if question is not None:
        return _to_slot(ticket, question, texts, prediction)
    if ticket.status is TicketStatus.WAITING_APPROVAL:
        return _while_waiting(ticket, texts, prediction)
    if ticket.status in ANSWERED:
        return _answered(ticket, texts, prediction)
    return ThanksOnly() if last_word(texts) is Answer.THANKS else Fresh(text)


def _to_confirmation(
    ticket: Ticket, question: Question, action: ActionId, texts: Sequence[str], prediction: Prediction
) -> Understanding:
    text = "\n".join(texts)
    answer = last_word(texts, question.text)
    if answer is Answer.YES:
        return Confirmed(action)
    topic = _new_topic(ticket, text, prediction)
    if topic is not None and answer is not Answer.NO and _asks(text):
        return topic
    if _in_flow(ticket) and _corrects(ticket, texts[-1], question):
        return Correction(text)
    if answer is Answer.NO or drops_it(texts[-1]) or is_retraction(texts[-1], _tool(ticket)):
        return DeclinedAnswer(action, text)
    if answer is Answer.THANKS and all(is_plain_thanks(one) for one in texts):
        return ThanksOnly()
    return topic or (Unclear(exhausted=question.asked_times > CLARIFICATIONS) if _in_flow(ticket) else Fresh(text))


def _to_slot(ticket: Ticket, question: Question, texts: Sequence[str], prediction: Prediction) -> Understanding:
    text = "\n".join(texts)
    if all(is_plain_thanks(one) for one in texts):
        return ThanksOnly()
    if drops_it(texts[-1]):
        return CancelFlow(text)
    # Answers are short and often sound like another topic ("it came broken"), so only a question starts a new one; and an
    # order's number answers the question for an order, unless it stands in a question that could not be about it.
    names_it = question.slot == "order" and ORDER_LIKE.search(text) and not _ASKS_ON.search(plain(text[:READ_AT_MOST]))
    topic = _new_topic(ticket, text, prediction) if _asks(text) and not names_it else None
    return topic or SlotAnswer(text, question)


def _while_waiting(ticket: Ticket, texts: Sequence[str], prediction: Prediction) -> Understanding:
    """A message while people decide: only a retraction touches the action."""
    text = "\n".join(texts)
    if is_retraction(texts[-1], _tool(ticket)) or drops_it(texts[-1]):
        return CancelFlow(text)
    if all(read_answer(one) in (Answer.THANKS, Answer.YES) for one in texts):
        return ThanksOnly()
    return AsksAfter() if asks_after(text) else _new_topic(ticket, text, prediction) or Fresh(text)


def _answered(ticket: Ticket, texts: Sequence[str], prediction: Prediction) -> Understanding:
    """A message after the answer: nothing more, the same again for another order, how it stands now, or something new."""
    text = "\n".join(texts)
    if last_word(texts) is Answer.THANKS or all(wants_nothing(one) for one in texts):
        return ThanksOnly()
    flow = _flow_name(ticket) if _in_flow(ticket) else ""
    if flow in NEWS_FLOWS and only_refers(text):
        return Revisit(flow, text)
    if flow in NEWS_FLOWS and asks_after(text):
        return Revisit(NEWS_FLOWS[flow], text)
    return Fresh(text)


def _new_topic(ticket: Ticket, text: str, prediction: Prediction) -> NewTopic | None:
    """The confident other intent, while a flow is running."""
    flow = INTENT_FLOWS.get(prediction.intent)
    if not prediction.automatic or not _in_flow(ticket) or (ticket.flow is not None and flow == ticket.flow.flow):
        return None
    return NewTopic(prediction.intent, text, returns=flow in READING_FLOWS)


_TURNS = re.compile(
    r"\b(?:(?:other|different|wrong) (?:order|one|item|address|card)|not (?:that|this) (?:one|order|item)|not the"
    r"|i meant?|instead|(?:just|only) (?:the|one|a single|\d)|(?:one|two|three|\d) of (?:the|them|those|these)"
    r"|(?:also|and|too) the|should (?:be|say)|actually its|both)\b"
)
_OPENING = r"^(?:(?:hi|hello|hey|and|but|ok|also|by the way|btw)[,!]? )*"
_ASKS_ON = re.compile(_OPENING + r"(?:where|wheres|when|why|how long|has|have)\b")
_ASKS = re.compile(_OPENING + r"(?:where|when|what|whats|how|why|who|which|is|are|do|does|did|can|could|will|would|has|have)\b")


def _corrects(ticket: Ticket, text: str, question: Question) -> bool:
    """Whether the reply names another order, item or address than the question does."""
    said = plain(text[:READ_AT_MOST])
    named = {match[0] for match in ORDER_LIKE.finditer(said)}
    asked = {match[0] for match in ORDER_LIKE.finditer(plain(question.text))}
    if named - asked or _TURNS.search(said):
        return True
    return _flow_name(ticket) == "change_address" and read_address(text[:READ_AT_MOST]).line1 is not None


def _asks(text: str) -> bool:
    return "?" in text or _ASKS.search(plain(text[:READ_AT_MOST])) is not None


def _in_flow(ticket: Ticket) -> bool:
    return ticket.flow is not None and ticket.lane is Lane.WORKFLOW


def _flow_name(ticket: Ticket) -> str:
    return ticket.flow.flow if ticket.flow is not None else ""


def _tool(ticket: Ticket) -> str:
    """The tool of the waiting action, as far as its flow tells; the cancelling flow and its tool share a name."""
    return _flow_name(ticket)


def ask_again(ticket: Ticket, question: Question) -> AskCustomer:
    """Ask the open question once more; it stays about the same action."""
    return replace(_asking(ticket, question), text=render("ask_again", question=_without_greeting(question.text)))


def answer_and_return(ticket: Ticket, question: Question, answer: Reply) -> AskCustomer:
    """Give the answer to a digression, and ask the open question again below it."""
    text = render("back_to_question", answer=answer.text, question=_without_greeting(question.text))
    return replace(_asking(ticket, question), text=text, returns=True, receipts=answer.receipts)


def _asking(ticket: Ticket, question: Question) -> AskCustomer:
    """The open question as it was asked."""
    text = question.text
    return AskCustomer(text, question.kind, question.action_id, question.slot, asked=text, progress=ticket.flow)


def _without_greeting(text: str) -> str:
    """A reply without its first line, if that only greets."""
    first, _, rest = text.partition("\n\n")
    return rest if rest and first.endswith(",") and "\n" not in first else text
