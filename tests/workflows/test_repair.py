"""What a message means to a ticket on which something is going on."""

from dataclasses import replace

import pytest

from classifier.intents import Intent
from classifier.prediction import Reason
from tests.workflows.talk import a_prediction, a_question, a_ticket
from tools.ports import ActionId, Lane
from workflows.outcome import Reply
from workflows.person_words import wants_person
from workflows.repair import answer_and_return, ask_again, understand
from workflows.slots.causes import Cause, read_cause
from workflows.ticket import FlowState, QuestionKind, Ticket, TicketStatus
from workflows.understanding import (
    AsksAfter,
    CancelFlow,
    Confirmed,
    Correction,
    DeclinedAnswer,
    Fresh,
    NewTopic,
    Revisit,
    SlotAnswer,
    ThanksOnly,
    Unclear,
    Understanding,
    WantsPerson,
)

OFFER = "Hi Ada,\n\nI can refund $25.00 for Lamp, order D-100001.\n\nShall I make this refund? Please reply yes or no."
RETURN = FlowState("return_refund", "confirming", {"order_id": "D-100001"})
ACT = ActionId("act_1")


def offered(asked_times: int = 1, lane: Lane = Lane.WORKFLOW) -> Ticket:
    question = a_question(QuestionKind.CONFIRM, OFFER, asked_times=asked_times)
    flow = RETURN if lane is Lane.WORKFLOW else None
    return a_ticket(status=TicketStatus.WAITING_CUSTOMER, question=question, flow=flow, lane=lane)


def asked_for(slot: str) -> Ticket:
    question = a_question(QuestionKind.SLOT, "Which one?", slot=slot)
    flow = FlowState("return_refund", f"asking_{slot}", {})
    return a_ticket(status=TicketStatus.WAITING_CUSTOMER, question=question, flow=flow)


def awaiting() -> Ticket:
    return a_ticket(status=TicketStatus.WAITING_APPROVAL, flow=FlowState("return_refund", "waiting_approval", {}))


def heard(ticket: Ticket, *texts: str, intent: Intent | None = None) -> Understanding:
    return understand(ticket, texts, a_prediction(intent, "\n".join(texts)))


@pytest.mark.parametrize(
    "text",
    [
        "I want to speak to a human",
        "can I talk to someone please?",
        "human please",
        "get me a manager",
        "Please connect me with an agent",
        "agent",
        "Is there a real person I can talk to?",
        "stop with the automated answers",
        "put me through to your supervisor",
        "I don't want a bot, I want a human",
        "please transfer me to customer service",
    ],
)
def test_a_person_is_found_behind_any_phrasing_and_at_any_point(text: str) -> None:
    for ticket in (a_ticket(), offered(), asked_for("order"), awaiting()):
        assert heard(ticket, text) == WantsPerson()


@pytest.mark.parametrize(
    "text",
    [
        "I don't want to talk to a person",
        "no need for a human",
        "the travel agent booked it",
        "someone else signed for it",
        "yes",
    ],
)
def test_not_every_mention_of_people_is_a_wish(text: str) -> None:
    assert not wants_person(text)


def test_the_classifier_may_hear_the_wish_for_a_person_too() -> None:
    assert heard(offered(), "das reicht mir jetzt", intent=Intent.HUMAN_PLEASE) == WantsPerson()


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("yes please", Confirmed(ACT)),
        ("no thanks", DeclinedAnswer(ACT, "no thanks")),
        ("wait, no", DeclinedAnswer(ACT, "wait, no")),
        ("Yes. No wait. Yes do it", Unclear(exhausted=False)),
        ("wait, no... actually yes, refund it", Unclear(exhausted=False)),
        ("Yes. No wait. Don't do it", DeclinedAnswer(ACT, "Yes. No wait. Don't do it")),
        ("yes do it. no wait", DeclinedAnswer(ACT, "yes do it. no wait")),
        ("never mind", DeclinedAnswer(ACT, "never mind")),
        ("cancel that, I changed my mind", DeclinedAnswer(ACT, "cancel that, I changed my mind")),
        ("no, the other order", Correction("no, the other order")),
        ("yes, but for D-100002", Correction("yes, but for D-100002")),
        ("yes, but just the lamp", Correction("yes, but just the lamp")),
        ("thank you", ThanksOnly()),
        ("great, thanks", Unclear(exhausted=False)),
        ("yes, if it is quick", Unclear(exhausted=False)),
    ],
)
def test_what_an_answer_to_an_offer_means(text: str, meaning: Understanding) -> None:
    assert heard(offered(), text) == meaning


def test_a_wish_for_where_the_money_goes_is_a_correction_once() -> None:
    no_credit = "No, I do not want store credit."
    assert heard(offered(), no_credit) == Unclear(exhausted=False)
    assert heard(offered(3), no_credit) == Unclear(exhausted=True)
    assert heard(offered(), "as store credit please") == Correction("as store credit please")
    credited = replace(offered(), flow=replace(RETURN, slots={**RETURN.slots, "credit": True}))
    assert heard(credited, "as store credit please") == Unclear(exhausted=False)
    assert heard(credited, no_credit) == Correction(no_credit)


@pytest.mark.parametrize(
    "text",
    [
        "what happens to the gift card I used",
        "What happens to my voucher?",
        "ok, but how does store credit work?",
        "I am not sure. When does it arrive on my bank account?",
    ],
)
def test_a_question_about_a_gift_card_is_no_wish_for_one(text: str) -> None:
    assert heard(offered(), text) == Unclear(exhausted=False)


@pytest.mark.parametrize(
    "text",
    ["can I have store credit?", "what about a voucher?", "What happens then? I want it on my paypal", "how about my iban"],
)
def test_a_wish_that_is_put_as_a_question_is_still_one(text: str) -> None:
    assert heard(offered(), text) == Correction(text)


def test_an_unclear_answer_is_exhausted_after_two_more_tries() -> None:
    assert heard(offered(2), "hm") == Unclear(exhausted=False)
    assert heard(offered(3), "hm") == Unclear(exhausted=True)


def test_a_confident_other_topic_is_a_digression_and_one_with_effects_does_not_return() -> None:
    text = "when does my other parcel come"
    assert heard(offered(), text, intent=Intent.ORDER_STATUS) == NewTopic(Intent.ORDER_STATUS, text, returns=True)
    text = "please cancel my chair"
    assert heard(offered(), text, intent=Intent.CANCEL_ORDER) == NewTopic(Intent.CANCEL_ORDER, text, returns=False)
    text = "does the lamp come in red"
    assert heard(offered(), text, intent=Intent.PRODUCT_QUESTION) == NewTopic(Intent.PRODUCT_QUESTION, text, returns=False)


def test_the_flows_own_intent_is_no_new_topic() -> None:
    assert heard(offered(), "I want a refund", intent=Intent.RETURN_REFUND) == Unclear(exhausted=False)


def test_a_question_of_the_agents_is_answered_by_the_same_rules_and_the_rest_is_the_agents() -> None:
    assert heard(offered(lane=Lane.AGENT), "yes") == Confirmed(ACT)
    assert heard(offered(lane=Lane.AGENT), "no") == DeclinedAnswer(ACT, "no")
    assert heard(offered(lane=Lane.AGENT), "hm, how long?") == Fresh("hm, how long?")


def test_an_answer_that_sounds_like_another_intent_stays_an_answer() -> None:
    ticket = asked_for("cause")
    question = ticket.question
    assert question is not None
    assert heard(ticket, "it arrived smashed", intent=Intent.DELIVERY_PROBLEM) == SlotAnswer("it arrived smashed", question)
    assert heard(ticket, "I changed my mind") == SlotAnswer("I changed my mind", question)


def test_goods_that_are_not_needed_anymore_drop_no_request() -> None:
    for slot, text in (("order", "D-100003, I don't need it anymore"), ("cause", "I don't need it anymore")):
        ticket = asked_for(slot)
        assert ticket.question is not None
        assert heard(ticket, text) == SlotAnswer(text, ticket.question)
    hurry = "Please hurry. I don't need it anymore"
    assert heard(awaiting(), hurry) == Fresh(hurry)
    assert read_cause("It is no longer needed") is Cause.NO_LONGER_NEEDED


def test_a_question_instead_of_an_answer_is_a_digression() -> None:
    text = "when will my other parcel arrive?"
    assert heard(asked_for("order"), text, intent=Intent.ORDER_STATUS) == NewTopic(Intent.ORDER_STATUS, text, returns=True)
    ticket = asked_for("order")
    assert ticket.question is not None
    assert heard(ticket, "is it D-100001?", intent=Intent.ORDER_STATUS) == SlotAnswer("is it D-100001?", ticket.question)


@pytest.mark.parametrize("text", ["Do I have to pay for shipping?", "will I get a label", "What is your return policy?"])
def test_a_question_in_place_of_a_reason_is_no_failed_reason(text: str) -> None:
    ticket = asked_for("cause")
    assert ticket.question is not None
    for intent in (None, Intent.RETURN_REFUND, Intent.PRODUCT_QUESTION):
        assert heard(ticket, text, intent=intent) == SlotAnswer(text, ticket.question, asks_back=True)


@pytest.mark.parametrize("text", ["when I switch it on it smokes", "does not hold water", "is it ok that it came broken?"])
def test_a_reason_that_begins_like_a_question_is_a_reason(text: str) -> None:
    ticket = asked_for("cause")
    assert ticket.question is not None
    assert heard(ticket, text) == SlotAnswer(text, ticket.question)


def test_never_mind_drops_a_flow_and_thanks_do_not() -> None:
    assert heard(asked_for("order"), "forget it") == CancelFlow("forget it")
    assert heard(asked_for("order"), "thanks!") == ThanksOnly()


@pytest.mark.parametrize(
    ("text", "intent", "meaning"),
    [
        ("ok thanks", None, ThanksOnly()),
        ("please don't refund it", None, CancelFlow("please don't refund it")),
        ("forget it", None, CancelFlow("forget it")),
        ("any news?", Intent.REFUND_STATUS, AsksAfter()),
        (
            "where is my other parcel",
            Intent.ORDER_STATUS,
            NewTopic(Intent.ORDER_STATUS, "where is my other parcel", returns=True),
        ),
        ("here is the photo", None, Fresh("here is the photo")),
        ("Please don't send me a voucher", None, Fresh("Please don't send me a voucher")),
        ("don't change my address", None, Fresh("don't change my address")),
    ],
)
def test_only_a_retraction_touches_what_people_decide(text: str, intent: Intent | None, meaning: Understanding) -> None:
    assert heard(awaiting(), text, intent=intent) == meaning


def test_a_thank_you_after_the_answer_is_only_that_and_anything_else_is_fresh() -> None:
    done = a_ticket(status=TicketStatus.RESOLVED, flow=FlowState("order_status", "answered", {}))
    assert heard(done, "thanks a lot!") == ThanksOnly()
    assert heard(done, "thanks, and where is D-100002?") == Revisit("order_status", "thanks, and where is D-100002?")
    assert heard(done, "thanks, and D-100002 is broken") == Fresh("thanks, and D-100002 is broken")
    assert heard(a_ticket(), "where is it", "hello?") == Fresh("where is it\nhello?")


@pytest.mark.parametrize(
    ("state", "text", "flow"),
    [
        ("refused", "When will it arrive?", "order_status"),
        ("declined", "any news?", "order_status"),
        ("refused", "where is my refund?", "refund_status"),
        ("done", "any news?", "refund_status"),
    ],
)
def test_news_after_a_cancellation_are_of_the_money_only_if_it_moved_or_is_asked_for(state: str, text: str, flow: str) -> None:
    at = FlowState("cancel_order", state, {"order_id": "D-100001"})
    assert heard(a_ticket(status=TicketStatus.RESOLVED, flow=at), text) == Revisit(flow, "D-100001")


def test_the_last_word_counts_when_messages_are_read_together() -> None:
    assert heard(offered(), "yes", "wait, no") == DeclinedAnswer(ACT, "yes\nwait, no")
    assert heard(offered(), "yes", "thank you") == Confirmed(ACT)
    assert heard(offered(), "yes", "how long does it take?") == Unclear(exhausted=False)


def test_an_unsure_reading_starts_no_new_topic() -> None:
    prediction = a_prediction(Intent.ORDER_STATUS, "hm", Reason.LOW_CONFIDENCE)
    assert understand(offered(), ["hm"], prediction) == Unclear(exhausted=False)


def test_the_question_is_asked_again_without_a_second_greeting_and_about_the_same_action() -> None:
    ticket = offered()
    assert ticket.question is not None
    again = ask_again(ticket, ticket.question)
    assert "Hi Ada" not in again.text
    assert again.text.endswith("Shall I make this refund? Please reply yes or no.")
    assert (again.kind, again.action_id, again.progress) == (QuestionKind.CONFIRM, ACT, RETURN)
    back = answer_and_return(ticket, ticket.question, Reply("Hi Ada,\n\nIt is on its way.", receipts=("r",)))
    assert back.text.startswith("Hi Ada,\n\nIt is on its way.")
    assert back.text.endswith("Please reply yes or no.")
    assert back.text.count("Hi Ada") == 1
    assert (back.action_id, back.progress, back.receipts) == (ACT, RETURN, ("r",))


@pytest.mark.parametrize("text", ["Yes!!\n\nAda Lovelace", "Yes please\nAda", "yes\n\nada lovelace"])
def test_a_yes_above_the_customers_own_name_is_a_yes(text: str) -> None:
    assert heard(offered(), text) == Confirmed(ActionId("act_1"))


@pytest.mark.parametrize("text", ["Yes\nBob", "Yes\nAda not yet", "Yes\nno", "maybe\nAda"])
def test_another_line_below_a_yes_is_no_signature(text: str) -> None:
    assert not isinstance(heard(offered(), text), Confirmed)
