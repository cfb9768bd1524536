"""Customers who want an order stopped."""

import pytest

from classifier.intents import Intent
from tests.workflows.goods import an_order
from tests.workflows.talk import Talk
from tools.errors import Code
from tools.ports import ActionStatus
from workflows.outcome import AskCustomer, Escalate, HandOff, Reason, Reply
from workflows.ticket import TicketStatus
from workflows.understanding import Confirmed, Correction, DeclinedAnswer, NewTopic, ThanksOnly, Unclear

CANCEL = Intent.CANCEL_ORDER


async def test_an_order_is_cancelled_after_a_yes_and_not_before() -> None:
    talk = Talk.about(an_order("D-100001", "Desk Lamp"))
    outcome = await talk.say("please cancel my order", intent=CANCEL)
    assert isinstance(outcome, AskCustomer)
    assert talk.slot == "confirm"
    assert "order D-100001 (Desk Lamp)" in talk.text
    assert "$25.00 would go back to Visa ending 4242" in talk.text
    assert talk.run.effects == []
    outcome = await talk.say("Yes please, cancel it")
    assert isinstance(outcome, Reply)
    assert talk.run.effects == ["cancel_order"]
    assert outcome.receipts == ("rcp_1",)
    assert "Order D-100001 is now cancelled" in outcome.text
    assert "rcp_1" in outcome.text
    assert talk.ticket.status is TicketStatus.RESOLVED


@pytest.mark.parametrize("first", ["cancel D-100001", "please cancel the hoodie of D-100001"])
async def test_who_wants_a_part_of_an_order_cancelled_is_told_that_it_goes_as_a_whole(first: str) -> None:
    talk = Talk.about(an_order("D-100001", "Brushed Hoodie", "Rain Jacket"))
    await talk.say(first, intent=CANCEL)
    assert ("only cancel an order as a whole" in talk.text) == ("hoodie" in first)
    await talk.say("yes but only the hoodie")
    assert "only cancel an order as a whole" in talk.text
    assert talk.run.effects == []
    await talk.say("ok, then cancel the whole order")
    assert talk.run.effects == ["cancel_order"]


async def test_a_no_leaves_everything_as_it_is() -> None:
    talk = Talk.about(an_order("D-100001", "Desk Lamp"))
    await talk.say("cancel D-100001", intent=CANCEL)
    outcome = await talk.say("wait, no")
    assert isinstance(talk.heard, DeclinedAnswer)
    assert isinstance(outcome, Reply)
    assert "left everything as it is" in outcome.text
    assert talk.run.effects == []


async def test_a_yes_and_a_later_no_are_read_together() -> None:
    talk = Talk.about(an_order("D-100001", "Desk Lamp"))
    await talk.say("cancel D-100001", intent=CANCEL)
    await talk.say("yes", "wait, no")
    assert isinstance(talk.heard, DeclinedAnswer)
    assert talk.run.effects == []


async def test_a_mistake_is_the_reason_even_when_it_was_said_before_the_order_was_clear() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"), an_order("D-100002", "Mug"))
    await talk.say("I ordered by mistake, please cancel", intent=CANCEL)
    await talk.say("D-100002")
    assert talk.run.called("cancel_order") == [{"order_id": "D-100002", "reason": "ordered_by_mistake"}]


async def test_without_a_word_about_a_mistake_the_order_is_no_longer_needed() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"))
    await talk.say("cancel my order", intent=CANCEL)
    assert talk.run.called("cancel_order") == [{"order_id": "D-100001", "reason": "no_longer_needed"}]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("shipped", "can no longer cancel"),
        ("processed", "can no longer cancel"),
        ("delivered", "has been delivered"),
        ("cancelled", "was cancelled already"),
        ("items_modified", "cannot be cancelled after that"),
        ("return_requested", "cannot be cancelled"),
    ],
)
async def test_an_order_that_is_past_cancelling_is_explained_and_not_tried(status: str, words: str) -> None:
    talk = Talk.about(an_order("D-100001", "Lamp", status=status))
    outcome = await talk.say("cancel my order", intent=CANCEL)
    assert isinstance(outcome, Reply)
    assert words in outcome.text
    assert talk.run.called("cancel_order") == []


async def test_the_other_order_is_offered_and_the_first_offer_is_gone() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"), an_order("D-100002", "Mug"))
    await talk.say("cancel D-100001", intent=CANCEL)
    await talk.say("No, the other order please")
    assert isinstance(talk.heard, Correction)
    assert talk.slot == "confirm"
    assert "order D-100002 (Mug)" in talk.text
    await talk.say("yes")
    assert talk.run.shop["D-100001"].status == "pending"
    assert talk.run.shop["D-100002"].status == "cancelled"


async def test_a_yes_to_another_order_is_a_correction_and_no_yes() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"), an_order("D-100002", "Mug"))
    await talk.say("cancel D-100001", intent=CANCEL)
    await talk.say("yes, cancel D-100002")
    assert isinstance(talk.heard, Correction)
    assert talk.run.effects == []
    assert "order D-100002" in talk.text


async def test_a_digression_is_answered_and_the_question_comes_back() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"), an_order("D-100002", "Mug", status="shipped", parcel="in_transit"))
    await talk.say("cancel D-100001", intent=CANCEL)
    outcome = await talk.say("where is D-100002 by the way?", intent=Intent.ORDER_STATUS)
    assert talk.heard == NewTopic(Intent.ORDER_STATUS, "where is D-100002 by the way?", returns=True)
    assert isinstance(outcome, AskCustomer)
    assert "D-100002 (Mug) is on its way" in outcome.text
    assert outcome.text.endswith("Shall I cancel the order? Please reply yes or no.")
    await talk.say("yes")
    assert isinstance(talk.heard, Confirmed)
    assert talk.run.shop["D-100001"].status == "cancelled"


async def test_unclear_answers_are_asked_again_twice_and_then_the_agent_takes_over() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"))
    await talk.say("cancel my order", intent=CANCEL)
    for _ in range(2):
        await talk.say("hm, let me think about the lamp")
        assert talk.heard == Unclear(exhausted=False)
        assert talk.text.startswith("Sorry, I am not sure")
        assert talk.text.count("Hi Ada") == 0
        assert talk.text.endswith("Shall I cancel the order? Please reply yes or no.")
    outcome = await talk.say("hm, let me think about the lamp")
    assert isinstance(outcome, HandOff)
    assert talk.run.effects == []


async def test_thanks_change_nothing_and_the_question_stays_open() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"))
    await talk.say("cancel my order", intent=CANCEL)
    await talk.say("thank you")
    assert isinstance(talk.heard, ThanksOnly)
    assert talk.ticket.question is not None
    await talk.say("yes")
    assert talk.run.effects == ["cancel_order"]


async def test_a_large_amount_waits_for_people_and_their_approval_finishes_it() -> None:
    talk = Talk.about(an_order("D-100001", "Sofa", price=90000))
    await talk.say("cancel my order", intent=CANCEL)
    await talk.say("yes")
    assert "A colleague has to approve $900.00" in talk.text
    assert "Nothing has moved yet" in talk.text
    assert talk.ticket.status is TicketStatus.WAITING_APPROVAL
    assert talk.run.effects == []
    outcome = await talk.ended(talk.run.approve)
    assert isinstance(outcome, Reply)
    assert outcome.receipts == ("rcp_1",)
    assert talk.run.effects == ["cancel_order"]


@pytest.mark.parametrize(
    ("status", "code", "rule", "words"),
    [
        (ActionStatus.REFUSED, Code.APPROVAL_INVALID, "approval.denied", "could not approve it"),
        (ActionStatus.REFUSED, Code.APPROVAL_INVALID, "approval.digest", "has changed in the meantime"),
        (ActionStatus.EXPIRED, Code.APPROVAL_INVALID, None, "was not decided in time"),
        (ActionStatus.REFUSED, Code.BAD_STATE, "action.unchanged", "does not allow this any more"),
        (ActionStatus.REFUSED, Code.OVER_REFUND, "refund.conservation", "more than you paid"),
        (ActionStatus.SUPERSEDED, Code.SUPERSEDED, None, "no longer open"),
        (ActionStatus.REFUSED, Code.POSSIBLE_DUPLICATE, "refund.possible_duplicate", "under way already"),
        (ActionStatus.REFUSED, Code.PAYMENT_METHOD_NOT_YOURS, "refund.destination", "the way you paid"),
    ],
)
async def test_how_an_approval_ended_is_told_plainly(status: ActionStatus, code: Code, rule: str, words: str) -> None:
    talk = Talk.about(an_order("D-100001", "Sofa", price=90000))
    await talk.say("cancel my order", intent=CANCEL)
    await talk.say("yes")
    outcome = await talk.ended(lambda action: talk.run.end(action, status, code, rule))
    assert isinstance(outcome, Reply)
    assert words in outcome.text
    assert outcome.receipts == ()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (Code.KILLED, Reason.KILLED),
        (Code.NOT_GRANTED, Reason.POLICY),
        (Code.RATE_LIMITED, Reason.POLICY),
        (Code.VERIFICATION_REQUIRED, Reason.IDENTITY),
        (Code.BUDGET_EXHAUSTED, Reason.BUDGET_EXHAUSTED),
        (Code.BACKEND_UNAVAILABLE, Reason.BACKEND_UNAVAILABLE),
    ],
)
async def test_what_no_flow_can_mend_goes_to_people(code: Code, reason: Reason) -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"), refusals={"cancel_order": (code, None)})
    outcome = await talk.say("cancel my order", intent=CANCEL)
    assert isinstance(outcome, Escalate)
    assert outcome.reason is reason
    assert code in outcome.summary


async def test_a_lost_answer_is_admitted_and_never_called_done() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"), lost={"cancel_order"})
    await talk.say("cancel my order", intent=CANCEL)
    outcome = await talk.say("yes")
    assert isinstance(outcome, Escalate)
    assert outcome.reason is Reason.OUTCOME_UNKNOWN
    assert "did not get a clear answer" in outcome.text
    assert outcome.receipts == ()


async def test_a_shop_that_goes_away_after_the_yes_is_admitted() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"))
    await talk.say("cancel my order", intent=CANCEL)
    talk.run.down.add("cancel_order")
    outcome = await talk.say("yes")
    assert isinstance(outcome, Escalate)
    assert outcome.reason is Reason.BACKEND_UNAVAILABLE


async def test_the_order_of_the_last_answer_is_what_it_means() -> None:
    talk = Talk.about(an_order("D-100002", "Mug"), an_order("D-100001", "Lamp"))
    await talk.say("where is D-100001?", intent=Intent.ORDER_STATUS)
    await talk.say("ok, please cancel it then", intent=CANCEL)
    assert talk.slot == "confirm"
    assert "order D-100001" in talk.text


async def test_silence_on_an_offer_changes_nothing() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"))
    await talk.say("cancel my order", intent=CANCEL)
    outcome = await talk.nobody_answers()
    assert isinstance(outcome, Reply)
    assert talk.run.effects == []


@pytest.mark.parametrize("answer", ["D-100002. Please keep D-100001!", "D-100001 is fine, cancel D-100002"])
async def test_an_answer_that_names_an_order_to_keep_is_asked_about_again(answer: str) -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"), an_order("D-100002", "Mug"), an_order("D-100003", "Chair"))
    await talk.say("cancel my order", intent=CANCEL)
    assert talk.slot == "order"
    await talk.say(answer)
    assert talk.slot == "order"
    assert "- D-100003" not in talk.text
    assert talk.run.actions == {}
    await talk.say("D-100002")
    assert "I can cancel order D-100002 (Mug)" in talk.text


async def test_an_answer_that_lists_two_orders_is_about_both() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"), an_order("D-100002", "Mug"), an_order("D-100003", "Chair"))
    await talk.say("cancel my order", intent=CANCEL)
    await talk.say("D-100002 and D-100003")
    assert "I can cancel order D-100002 (Mug)" in talk.text
    assert talk.slot == "confirm"


async def test_who_insists_on_an_order_that_is_not_theirs_is_not_offered_to_cancel_their_own() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp"), an_order("D-100002", "Mug", status="delivered"))
    await talk.say("cancel D-999999", intent=CANCEL)
    assert "I could not find order D-999999" in talk.text
    await talk.say("but it is mine!")
    assert talk.slot == "order"
    assert talk.run.actions == {}
    await talk.say("all right, the first one")
    assert "I can cancel order D-100001 (Lamp)" in talk.text
