"""Customers who ask where their money is."""

from classifier.intents import Intent
from tests.workflows.fake_run import CREDIT
from tests.workflows.goods import an_order
from tests.workflows.talk import Talk
from workflows.outcome import AskCustomer, Reply

MONEY = Intent.REFUND_STATUS


async def test_a_refund_is_reported_with_amount_day_and_destination() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp", status="delivered", refunded=2500), an_order("D-100002", "Mug"))
    outcome = await talk.say("where is my refund?", intent=MONEY)
    assert isinstance(outcome, Reply)
    assert "- $25.00 to Visa ending 4242 on 2 November 2026" in outcome.text
    assert "D-100002" not in outcome.text


async def test_store_credit_is_not_said_to_need_a_bank() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp", status="delivered", refunded=2500), methods=[CREDIT])
    await talk.say("where is my refund?", intent=MONEY)
    assert "- $25.00 to store credit" in talk.text
    assert "Banks" not in talk.text


async def test_no_refund_is_called_no_refund() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp", status="delivered"))
    await talk.say("when do I get my money back", intent=MONEY)
    assert "No refund has been made on order D-100001 so far" in talk.text


async def test_a_return_that_was_made_elsewhere_says_when_money_follows() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp", status="return_requested", returned=True))
    await talk.say("refund?", intent=MONEY)
    assert "return on order D-100001 is accepted" in talk.text
    assert "have been received and checked" in talk.text


async def test_a_return_that_was_accepted_here_says_how_much_follows() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp", "Mug", status="delivered"))
    await talk.say("I changed my mind about the lamp and want to send it back", intent=Intent.RETURN_REFUND)
    await talk.say("yes")
    await talk.say("where is my refund for D-100001?", intent=MONEY)
    assert "$25.00 for order D-100001 follows as soon as the goods have been received and checked" in talk.text
    assert "No refund has been made" not in talk.text


async def test_money_of_a_return_that_has_gone_back_is_not_told_to_be_on_its_way() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp", status="return_requested", returned=True, refunded=2500))
    await talk.say("where is my refund?", intent=MONEY)
    assert "- $25.00 to Visa ending 4242" in talk.text
    assert "follows" not in talk.text


async def test_money_that_waits_for_people_is_not_called_sent() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp", status="delivered"), approve_above=100)
    await talk.say("the lamp came broken, I want my money back", intent=Intent.RETURN_REFUND)
    await talk.say("yes")
    await talk.say("any news about my refund of D-100001?", intent=MONEY)
    assert "$25.00 for order D-100001 is waiting for a colleague to approve it" in talk.text


async def test_a_refund_in_doubt_is_not_called_done() -> None:
    talk = Talk.about(an_order("D-100001", "Lamp", status="delivered"), lost={"issue_refund"})
    await talk.say("the lamp came broken, I want my money back", intent=Intent.RETURN_REFUND)
    await talk.say("yes")
    fresh = Talk(talk.run)
    await fresh.say("where is my refund for D-100001", intent=MONEY)
    assert "is being processed" in fresh.text
    assert "No refund has been made" not in fresh.text


async def test_two_orders_with_money_back_are_a_choice() -> None:
    talk = Talk.about(
        an_order("D-100001", "Lamp", status="delivered", refunded=2500),
        an_order("D-100002", "Mug", status="cancelled", refunded=2500),
    )
    outcome = await talk.say("where is my refund?", intent=MONEY)
    assert isinstance(outcome, AskCustomer)
    await talk.say("the mug")
    assert "order D-100002" in talk.text


async def test_whoever_asks_for_all_five_orders_of_the_list_is_told_of_each() -> None:
    talk = Talk.about(*(an_order(f"D-10000{n}", "Mug", status="delivered", refunded=2500) for n in range(1, 6)))
    await talk.say("where is my money", intent=MONEY)
    assert talk.slot == "order"
    await talk.say("all of them")
    assert talk.text.count("$25.00") == 5


async def test_orders_that_one_answer_has_no_room_for_are_named() -> None:
    talk = Talk.about(*(an_order(f"D-10000{n}", "Mug", status="delivered", refunded=2500) for n in range(1, 8)))
    await talk.say("where is my money: " + ", ".join(f"D-10000{n}" for n in range(1, 8)), intent=MONEY)
    assert talk.text.count("$25.00") == 5
    assert "these are still missing: D-100006, D-100007." in talk.text
