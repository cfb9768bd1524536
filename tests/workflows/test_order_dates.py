"""Customers who name an order by the day on which they placed it."""

from datetime import UTC, datetime

import pytest

from classifier.intents import Intent
from tests.workflows.goods import an_order
from tests.workflows.talk import Talk
from tools.commerce import Order
from workflows.slots.dates import Day, ordered_on

CANCEL = Intent.CANCEL_ORDER


def placed(day: int, order_id: str, *items: str, status: str = "pending") -> Order:
    return an_order(order_id, *items, status=status, placed=datetime(2026, 11, day, 22, 30, tzinfo=UTC))


async def test_who_cancels_the_shipped_order_of_a_day_is_not_offered_to_cancel_another_days_order() -> None:
    talk = Talk.about(placed(18, "D-100002", "Mug"), placed(16, "D-100001", "Lamp", status="shipped"))
    await talk.say("Cancel order from 16 november", intent=CANCEL)
    assert "D-100001" in talk.text
    assert "can no longer cancel" in talk.text
    assert talk.run.called("cancel_order") == []


@pytest.mark.parametrize("said", ["cancel order from 12 november", "cancel the order I placed on 16 november 2025"])
async def test_a_day_without_an_order_is_asked_about_and_nothing_is_assumed(said: str) -> None:
    talk = Talk.about(placed(18, "D-100002", "Mug"), placed(16, "D-100001", "Lamp", status="shipped"))
    await talk.say(said, intent=CANCEL)
    assert talk.slot == "order"
    assert talk.run.actions == {}


async def test_two_orders_of_one_day_are_left_to_the_customer_and_the_third_is_not_shown() -> None:
    talk = Talk.about(placed(18, "D-100003", "Mug"), placed(16, "D-100002", "Sofa"), placed(16, "D-100001", "Lamp"))
    await talk.say("Cancel order from 16 november", intent=CANCEL)
    assert talk.slot == "order"
    assert "D-100001" in talk.text
    assert "D-100002" in talk.text
    assert "D-100003" not in talk.text
    await talk.say("the sofa")
    assert "I can cancel order D-100002" in talk.text


async def test_a_day_decides_between_two_orders_of_the_same_article_that_could_be_cancelled_or_not() -> None:
    talk = Talk.about(placed(18, "D-100002", "Red Mug"), placed(16, "D-100001", "Blue Mug", status="shipped"))
    await talk.say("please cancel the mug I ordered on Nov 16", intent=CANCEL)
    assert "D-100001" in talk.text
    assert talk.run.called("cancel_order") == []


async def test_an_article_that_was_not_ordered_on_that_day_is_asked_about() -> None:
    talk = Talk.about(placed(18, "D-100002", "Mug"), placed(16, "D-100001", "Lamp"))
    await talk.say("please cancel the mug I ordered on Nov 16", intent=CANCEL)
    assert talk.slot == "order"


async def test_the_day_in_an_answer_is_not_read_as_a_place_in_the_list() -> None:
    talk = Talk.about(placed(18, "D-100003", "Mug"), placed(16, "D-100002", "Sofa"), placed(2, "D-100001", "Lamp"))
    await talk.say("please cancel my order", intent=CANCEL)
    await talk.say("2 november")
    assert "I can cancel order D-100001" in talk.text


@pytest.mark.parametrize("said", ["no, the order from 16 november", "I meant the order from 16 november"])
async def test_another_day_in_the_answer_to_an_offer_brings_up_that_days_order(said: str) -> None:
    talk = Talk.about(placed(18, "D-100002", "Mug"), placed(16, "D-100001", "Lamp"))
    await talk.say("cancel D-100002", intent=CANCEL)
    await talk.say(said)
    assert "I can cancel order D-100001" in talk.text
    assert talk.run.effects == []


async def test_the_day_on_which_an_order_should_have_come_says_nothing_of_which_it_is() -> None:
    talk = Talk.about(an_order("D-100001", "Mug", status="shipped", parcel="in_transit"))
    await talk.say("where is my order? It should have come on 16 november", intent=Intent.ORDER_STATUS)
    assert talk.slot is None
    assert "D-100001" in talk.text


@pytest.mark.parametrize(
    "text",
    [
        "cancel order from 16 november",
        "the order of the 16th of November, please",
        "the one from Nov. 16",
        "my november 16 order",
        "what I bought on 2026-11-16",
        "I ordered a lamp on 16 November 2026",
        "On 16 november I ordered a lamp",
        "16.11.2026",
        "order placed on 11/16/26",
        "order from 16/11",
        "Nov 16th",
    ],
)
def test_the_day_of_an_order_is_read_however_it_is_written(text: str) -> None:
    assert any(day.fits(datetime(2026, 11, 16, 9, tzinfo=UTC)) for day in ordered_on(text))


def test_a_day_in_numbers_may_be_either_of_two() -> None:
    assert ordered_on("order from 3/4/2026") == {Day(3, 4, 2026), Day(4, 3, 2026)}


@pytest.mark.parametrize(
    "text",
    [
        "I need it by 16 november",
        "cancel my order, I leave on 16 november",
        "my order which arrived 16 november is broken",
        "I ordered a lamp for delivery on 16 november",
        "one of the 2 may be broken",
        "I ordered 1.5 litres",
        "order D-100001, 2 of 3",
        "I can be reached 24/7",
        "D-100001",
    ],
)
def test_other_days_and_numbers_are_no_day_of_an_order(text: str) -> None:
    assert ordered_on(text) == frozenset()
