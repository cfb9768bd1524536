"""The offline model works tickets over the real tools as a colleague would, and always the same way."""

import pytest

from tests.agent.real_tools import Desk
from tests.tools.world import World
from workflows.outcome import AskCustomer, Escalate, Reason, Reply

DOUBLE = "Hi, I think I was charged twice for my lamp! Please check."


def replied(outcome: object) -> str:
    assert isinstance(outcome, Reply), outcome
    return outcome.text


async def test_a_late_parcel_is_explained_by_what_the_carrier_said(world: World) -> None:
    desk = await Desk.of(world)
    text = replied(await desk.hears("My parcel does not arrive and the tracking makes no sense. Where is it stuck?"))
    assert "Order D-200001 is on its way." in text
    assert 'Its last report on 18 November in Dover, US: "Delayed: the address needs a check".' in text
    assert "1Z001" in text


async def test_a_parcel_that_is_delivered_and_missing_goes_to_a_person(world: World) -> None:
    outcome = await (await Desk.of(world, "bob")).hears("The carrier says delivered but my package never came.")
    assert isinstance(outcome, Escalate)
    assert outcome.reason is Reason.POLICY
    assert "Left at the front door" in outcome.summary


async def test_who_wants_the_money_for_a_parcel_on_its_way_gets_a_person_and_not_its_last_report(world: World) -> None:
    outcome = await (await Desk.of(world)).hears("My parcel has been stuck for a week, I think it is lost. Refund me.")
    assert isinstance(outcome, Escalate)
    assert outcome.reason is Reason.POLICY
    assert "Delayed: the address needs a check" in outcome.summary


async def test_a_wish_that_a_flow_got_stuck_on_is_not_lost_in_an_answer_to_the_last_words(world: World) -> None:
    outcome = await (await Desk.of(world)).hears("it's just not my colour", reason=Reason.NO_PROGRESS)
    assert isinstance(outcome, Escalate)
    assert outcome.reason is Reason.NO_PROGRESS


async def test_a_double_charge_is_proposed_for_refund_and_paid_once_after_the_yes(world: World) -> None:
    desk = await Desk.of(world, "bob")
    outcome = await desk.hears(DOUBLE)
    assert isinstance(outcome, AskCustomer)
    assert "refund $64.90 on order D-200002 to Visa ending 4242".replace("4242", "1111") in outcome.text
    assert outcome.action_id is not None
    result = await desk.says_yes(outcome.action_id)
    desk.run = desk.run.resumed_as("2")
    ended = await desk.hears(DOUBLE, confirmed=result, actions=(result.action,))
    assert "I have refunded $64.90 to Visa ending 1111." in replied(ended)
    assert [entry.kind for entry in await world.books("lumen")] == ["refund"]


async def test_two_parts_of_one_price_are_no_double_charge(world: World) -> None:
    text = replied(await (await Desk.of(world, "cleo")).hears(DOUBLE))
    assert text.count("$32.45 was paid") == 2
    assert "I see no second charge there." in text


async def test_one_charge_is_explained(world: World) -> None:
    text = replied(await (await Desk.of(world)).hears(DOUBLE))
    assert "$64.90 was paid on 1 November." in text


async def test_another_customers_order_is_not_told_about(world: World) -> None:
    outcome = await (await Desk.of(world)).hears("I was charged twice for order D-200002, please check it.")
    assert "D-200002" not in replied(outcome)


async def test_an_invoice_question_is_answered_from_the_help_centre_with_its_link(world: World) -> None:
    text = replied(await (await Desk.of(world)).hears("How can I get an invoice for my tax return?"))
    assert "Every invoice is in your account" in text
    assert text.endswith("https://shop.example.com/help/invoices")


async def test_a_question_that_the_help_centre_does_not_answer_goes_to_a_person(world: World) -> None:
    outcome = await (await Desk.of(world)).hears("Do you sell wholesale bananas?")
    assert isinstance(outcome, Escalate)
    assert outcome.reason is Reason.OUT_OF_SCOPE


async def test_a_product_question_is_answered_from_the_catalogue(world: World) -> None:
    text = replied(await (await Desk.of(world)).hears("Is the desk lamp available in black, and how much is it?"))
    assert "- white: $64.90, in stock" in text
    assert "- black: $69.90, sold out" in text
    asked = replied(await (await Desk.of(world)).hears("Does the lamp come in black?"))
    assert asked == text


async def test_what_was_not_understood_is_not_called_out_of_scope(world: World) -> None:
    outcome = await (await Desk.of(world)).hears("hi, about my order", reason=Reason.LOW_CONFIDENCE)
    assert isinstance(outcome, Escalate)
    assert outcome.reason is Reason.LOW_CONFIDENCE


async def test_two_questions_in_one_message_get_both_answers(world: World) -> None:
    text = replied(await (await Desk.of(world)).hears("Where is my order, and what is the status of my refund?"))
    assert "Order D-200001 is on its way." in text
    assert "No refund has been made on order D-200001 so far." in text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Let me talk to a human please", Reason.CUSTOMER_ASKED),
        ("I would like to swap the lamp for another colour", Reason.OUT_OF_SCOPE),
        ("Bananas are my favourite fruit.", Reason.OUT_OF_SCOPE),
        ("", Reason.OUT_OF_SCOPE),
    ],
)
async def test_what_no_rule_fits_goes_to_a_person_with_a_useful_summary(world: World, text: str, reason: Reason) -> None:
    outcome = await (await Desk.of(world)).hears(text)
    assert isinstance(outcome, Escalate)
    assert outcome.reason is reason
    assert "Why: The agent asked for a colleague." in outcome.summary
    assert "Called: escalate" not in outcome.summary
    assert text in outcome.summary


async def test_a_refusal_after_the_yes_is_told_plainly(world: World) -> None:
    desk = await Desk.of(world, "bob")
    refused = await world.runner.call(
        desk.caller,
        "issue_refund",
        {"order_id": "D-200002", "amount_minor": 99_999, "currency": "USD", "reason": "late"},
        "o-1",
    )
    assert not refused.ok
    text = replied(await desk.hears(DOUBLE, confirmed=refused))
    assert text.startswith("I am sorry, this could not be done.")


async def test_the_same_ticket_is_worked_the_same_way_twice(world: World) -> None:
    desk = await Desk.of(world)
    first = await desk.hears("Where is my parcel?")
    desk.run = desk.run.resumed_as("1")
    assert await desk.hears("Where is my parcel?") == first


async def test_words_are_counted_and_priced(world: World) -> None:
    desk = await Desk.of(world)
    await desk.hears("Where is my parcel?")
    spent = desk.run.journal.spent
    assert spent.steps == 2
    assert spent.tokens > 300
    assert 0 < spent.microusd < 1_000
    assert spent.tool_calls == 2
