"""Repair, shared by all flows: what a message means to a ticket on which something is already going on."""

import re
from collections.abc import Sequence
from dataclasses import replace

from classifier.intents import Intent
from classifier.prediction import Prediction, Reason
from tools.ports import ActionId, Lane
from workflows.answer_words import PARTS
from workflows.asking_after import asks_after, asks_where, only_greets, only_refers, wants_on
from workflows.catalogue import INTENT_FLOWS, NEWS_FLOWS, READING_FLOWS
from workflows.confirm import (
    Answer,
    comes_round,
    is_plain_no,
    is_plain_thanks,
    is_retraction,
    last_word,
    read_answer,
    takes_back,
    wants_nothing,
)
from workflows.machine import DECLINED, DONE, STOPPED
from workflows.outcome import AskCustomer, Reply
from workflows.person_words import drops_it, wants_person
from workflows.replies import render
from workflows.slots.addresses import read_address
from workflows.slots.causes import read_cause
from workflows.slots.dates import ordered_on
from workflows.slots.destinations import Destination, read_destination
from workflows.slots.orders import ORDER_LIKE, one_alone
from workflows.ticket import Author, Question, QuestionKind, Ticket, TicketStatus
from workflows.understanding import (
    Added,
    AsksAfter,
    CancelFlow,
    Confirmed,
    Correction,
    DeclinedAnswer,
    Fresh,
    Greets,
    NewTopic,
    Revisit,
    SlotAnswer,
    ThanksOnly,
    TooLate,
    Unclear,
    Understanding,
    WantsPerson,
)
from workflows.wording import without_closing, without_greeting
from workflows.words import READ_AT_MOST, plain, tokens

CLARIFICATIONS = 2
"""How often an unclear answer is met with the same question again before the ticket is handed off."""

LIKELY = 0.5
"""From this confidence on, a question in between is answered: it changes nothing, and the open question is asked again."""

ANSWERED = {TicketStatus.RESOLVED, TicketStatus.CLOSED}
"""A ticket in one of these has had its answer."""


def understand(ticket: Ticket, texts: Sequence[str], prediction: Prediction) -> Understanding:
    """What the unread messages of the ticket's own verified sender, oldest first, mean to the ticket.

    `prediction` is the classifier's for the same messages. Texts are cleaned. A message that came before the open question
    was delivered must not be passed with the question on the ticket.
    """
    text = "\n".join(texts)
    if any(wants_person(one) for one in texts) or _asks_for_person(prediction):
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
    if last_word(texts) is Answer.THANKS:
        return ThanksOnly()
    return Greets() if ticket.status is TicketStatus.NEW and all(only_greets(one) for one in texts) else Fresh(text)


def _asks_for_person(prediction: Prediction) -> bool:
    """Whether a person is what the classifier hears, alone or among several wishes."""
    alone = prediction.automatic and prediction.intent is Intent.HUMAN_PLEASE
    return alone or (prediction.reason is Reason.SEVERAL_INTENTS and Intent.HUMAN_PLEASE in prediction.intents)


def _to_confirmation(
    ticket: Ticket, question: Question, action: ActionId, texts: Sequence[str], prediction: Prediction
) -> Understanding:
    text = "\n".join(texts)
    answer = last_word([_unsigned(one, ticket.customer.name or "") for one in texts], question.text)
    if answer is Answer.YES:
        return Confirmed(action)
    topic = _new_topic(ticket, text, prediction)
    takes_back = answer is Answer.NO or drops_it(texts[-1]) or is_retraction(texts[-1], _flow_name(ticket))
    if topic is not None and not takes_back and (_asks(text) or topic.intent in INTENT_FLOWS):
        return topic
    # "Cancel that" sounds like an order that is to be cancelled, and is a no.
    if topic is not None and takes_back and topic.intent in INTENT_FLOWS and topic.intent is not Intent.CANCEL_ORDER:
        return replace(topic, returns=False, instead=True)
    if _in_flow(ticket) and _adds(texts[-1], question):
        return Added(text)
    exhausted = question.asked_times > CLARIFICATIONS
    if _in_flow(ticket) and _corrects(ticket, texts[-1], question):
        return Unclear(exhausted) if exhausted else Correction(text)
    if takes_back and not (_in_flow(ticket) and _says_where_again(ticket, texts[-1])):
        return DeclinedAnswer(action, text)
    if answer is Answer.THANKS and all(is_plain_thanks(one) for one in texts):
        return ThanksOnly()
    return topic or (Unclear(exhausted) if _in_flow(ticket) else Fresh(text))


def _unsigned(text: str, name: str) -> str:
    """The text without a last line that is nothing but the customer's name, or a part of it."""
    said, _, last = text.rstrip().rpartition("\n")
    signed = set(tokens(last)) <= set(tokens(name)) and not any((word,) in PARTS for word in tokens(last))
    return said if said and signed else text


def _to_slot(ticket: Ticket, question: Question, texts: Sequence[str], prediction: Prediction) -> Understanding:
    text = "\n".join(texts)
    if all(is_plain_thanks(one) for one in texts):
        return ThanksOnly()
    reason = question.slot == "cause" and read_cause(text) is not None
    if drops_it(texts[-1]) or (is_plain_no(texts[-1], _flow_name(ticket)) and not reason):
        return CancelFlow(text)
    # Answers are short and often sound like another topic ("it came broken"), so only a question starts a new one; and an
    # order's number answers the question for an order, unless it stands in a question that could not be about it.
    names_it = question.slot == "order" and ORDER_LIKE.search(text) and not _ASKS_ON.search(plain(text[:READ_AT_MOST]))
    topic = _new_topic(ticket, text, prediction) if _asks(text) and not names_it else None
    if topic is not None and topic.intent in INTENT_FLOWS:
        return topic
    # Of an order or an item one may ask and mean it ("is it the blue one?"); a reason is never put as a question.
    asks_back = question.slot == "cause" and not reason and _asks_back(text)
    return topic if topic and not asks_back else SlotAnswer(text, question, asks_back=asks_back)


def _while_waiting(ticket: Ticket, texts: Sequence[str], prediction: Prediction) -> Understanding:
    """A message while people decide: only a retraction touches the action."""
    text = "\n".join(texts)
    if is_retraction(texts[-1], _flow_name(ticket)) or drops_it(texts[-1]):
        return CancelFlow(text)
    if all(read_answer(one) in (Answer.THANKS, Answer.YES) for one in texts):
        return ThanksOnly()
    return AsksAfter() if asks_after(text) else _new_topic(ticket, text, prediction) or Fresh(text)


def _answered(ticket: Ticket, texts: Sequence[str], prediction: Prediction) -> Understanding:
    """A message after the answer: nothing more, the same again for another order, how it stands now, or something new."""
    text = "\n".join(texts)
    done = _in_flow(ticket) and ticket.flow is not None and ticket.flow.state == DONE
    if done and takes_back(texts[-1], _flow_name(ticket)):
        return TooLate()
    if last_word(texts) is Answer.THANKS or all(wants_nothing(one) for one in texts):
        return ThanksOnly()
    if all(only_greets(one) for one in texts):
        return Greets()
    at = ticket.flow if _in_flow(ticket) else None
    if at is None or at.flow not in NEWS_FLOWS:
        return Fresh(text)
    agrees = last_word(texts) is Answer.YES
    if done and agrees:
        return ThanksOnly()
    after_all = at.state == DECLINED and comes_round(texts[-1], at.flow)
    if (after_all or (at.state in (STOPPED, DECLINED) and (agrees or wants_on(text)))) and _rails_spoke_last(ticket):
        return Revisit(at.flow, text, resumes=True)
    if asks_where(text):
        return Revisit(INTENT_FLOWS[Intent.ORDER_STATUS], text)
    if only_refers(text):
        return Revisit(at.flow, text)
    if asks_after(text):
        return Revisit(_news_flow(at.flow, text, done=done), at.slots.get("order_id") or text)
    return Fresh(text)


def _news_flow(flow: str, text: str, *, done: bool) -> str:
    """The flow that tells how things stand after this one; where nothing was done, no money is under way to be told of."""
    tells = done or flow in READING_FLOWS or _MONEY.search(plain(text[:READ_AT_MOST]))
    return NEWS_FLOWS[flow] if tells else INTENT_FLOWS[Intent.ORDER_STATUS]


_MONEY = re.compile(r"\b(?:money|refund(?:ed|s)?|pa(?:y|id|yment|yout)|cash|credit(?:ed)?)\b")


def _rails_spoke_last(ticket: Ticket) -> bool:
    """Whether the last word on the ticket before the customer's was the rails' own; a person's question is not theirs."""
    spoken = [message.author for message in ticket.messages if message.author in (Author.BOT, Author.HUMAN)]
    return bool(spoken) and spoken[-1] is Author.BOT


def _new_topic(ticket: Ticket, text: str, prediction: Prediction) -> NewTopic | None:
    """The other intent, while a flow is running: a confident one, or a likely question, whose answer can do no harm."""
    flow = INTENT_FLOWS.get(prediction.intent)
    asked = flow in READING_FLOWS and prediction.confidence >= LIKELY and _ASKS_ON.search(plain(text[:READ_AT_MOST]))
    if not (prediction.automatic or asked) or not _in_flow(ticket) or (ticket.flow is not None and flow == ticket.flow.flow):
        return None
    instead = _INSTEAD.search(plain(text[:READ_AT_MOST])) is not None
    return NewTopic(prediction.intent, text, returns=flow in READING_FLOWS, instead=instead)


_TURNS = re.compile(
    r"\b(?:(?:other|different|wrong) (?:order|one|item|address|card)|not (?:that|this) (?:one|order|item)|not the"
    r"|i meant?|instead|(?:just|only) (?:the|one|a single|\d)|(?:one|two|three|\d) of (?:the|them|those|these)"
    r"|(?:also|and|too) the|the (?:\w+ ){1,4}(?:too|as well)|should (?:be|say)|actually its|both|all of (?:them|these|those)"
    r"|(?:yes|yeah|ok|okay|sure),?(?: please,?)?(?: but)? (?:for|except) (?:the|my)|(?:but not|except|apart from) (?:the|my)"
    r"|keep(?:ing)? (?:the|my|one|both) (?!(?:\w+ )?(?:order|address)\b)\w+)\b"
)
_OPENING = r"^(?:(?:hi|hello|hey|yes|please|thanks|and|but|ok|also|by the way|btw)[,.!]? )*"
_ASKS_ON = re.compile(_OPENING + r"(?:where|wheres|when|why|how long|has|have)\b")
_ASKS = re.compile(_OPENING + r"(?:where|when|what|whats|how|why|who|which|is|are|do|does|did|can|could|will|would|has|have)\b")
_INVERTED = re.compile(
    _OPENING + r"(?:is|are|do|does|did|can|could|will|would|has|have|should) (?:i|you|we|it|they|there|the|this|that|my|your)\b"
)
# "Can I have store credit?", "what about my PayPal?" and "is that possible on my other card?" want it.
_ASKS_ABOUT = re.compile(
    _OPENING + r"(?:where|when|what(?! about)|whats|how(?! about)|why(?! not)|who|which|is(?! (?:it|that|this) (?:ok|possible))"
    r"|are|do|does|did|has|have|had|will)\b"
)

_INSTEAD = re.compile(r"\b(?:instead|rather)\b")
_ASKS_OF = re.compile(r"\b(?:where|wheres|when|how long|status|track(?:ing)?|arriv(?:e|ed|ing))\b")
"""After these words another order is asked about, and not meant by the wish at hand."""
_ADDS = re.compile(r"\b(?:also|too|as well|another|additionally|both)\b")


def _adds(text: str, question: Question) -> bool:
    """Whether the reply asks for the same for one more order than the question names."""
    said = plain(text[:READ_AT_MOST])
    named = bool(_named(said) - _named(plain(question.text))) and not _ASKS_OF.search(said)
    return named and _ADDS.search(said) is not None and not _INSTEAD.search(said)


def _named(said: str) -> set[str]:
    return {match[0] for match in ORDER_LIKE.finditer(said)}


def _corrects(ticket: Ticket, text: str, question: Question) -> bool:
    """Whether the reply names another order, its day, item or address than the question, or says where money is to go."""
    said = plain(text[:READ_AT_MOST])
    other = _named(said) - _named(plain(question.text)) and not _ASKS_OF.search(said)
    if other or one_alone(said) or ordered_on(said) or _TURNS.search(said):
        return True
    if _flow_name(ticket) == "change_address":
        return read_address(text[:READ_AT_MOST]).line1 is not None
    return _destination(text) is not None and not _says_where_again(ticket, text)


def _destination(text: str) -> Destination | None:
    """Where the reply wants money to go; who only asks about a gift card wants none."""
    sentences = re.split(r"(?<=[.!?\n])\s*", text[:READ_AT_MOST])
    return read_destination(" ".join(one for one in sentences if not _ASKS_ABOUT.search(plain(one))))


def _says_where_again(ticket: Ticket, text: str) -> bool:
    """Whether the reply only repeats where the money is to go; the same offer once more would answer nothing."""
    slots = ticket.flow.slots if ticket.flow is not None else {}
    credit, elsewhere = bool(slots.get("credit")), bool(slots.get("elsewhere"))
    match _destination(text):
        case Destination.STORE_CREDIT:
            return credit or elsewhere
        case Destination.ELSEWHERE:
            return elsewhere
        case Destination.ORIGINAL:
            return not credit and not elsewhere
        case None:
            return False


def _asks(text: str) -> bool:
    return "?" in text or _ASKS.search(plain(text[:READ_AT_MOST])) is not None


def _asks_back(text: str) -> bool:
    """Whether the text is a question; "when I switch it on it smokes" and "does not fit" tell something."""
    said = plain(text[:READ_AT_MOST])
    return ("?" in said and _ASKS.search(said) is not None) or _INVERTED.search(said) is not None


def _in_flow(ticket: Ticket) -> bool:
    return ticket.flow is not None and ticket.lane is Lane.WORKFLOW


def _flow_name(ticket: Ticket) -> str:
    return ticket.flow.flow if ticket.flow is not None else ""


def ask_again(ticket: Ticket, question: Question) -> AskCustomer:
    """Ask the open question once more; it stays about the same action."""
    return replace(_asking(ticket, question), text=render("ask_again", question=without_greeting(question.text)))


def note_for_later(ticket: Ticket, question: Question) -> AskCustomer:
    """Say that the further wish comes later, and ask the open question again."""
    text = render("noted", question=without_greeting(question.text))
    return replace(_asking(ticket, question), text=text, returns=True)


def answer_and_return(ticket: Ticket, question: Question, answer: Reply) -> AskCustomer:
    """Give the answer to a digression, and ask the open question again below it."""
    text = render("back_to_question", answer=without_closing(answer.text), question=without_greeting(question.text))
    return replace(_asking(ticket, question), text=text, returns=True, receipts=answer.receipts)


def _asking(ticket: Ticket, question: Question) -> AskCustomer:
    """The open question as it was asked."""
    text = question.text
    return AskCustomer(text, question.kind, question.action_id, question.slot, asked=text, progress=ticket.flow)
