"""Customers who change which items an offer is about: one more, one less, all of them, none after all."""

import pytest

from classifier.intents import Intent
from tests.workflows.goods import an_order
from tests.workflows.talk import Talk
from tools.commerce import Order
from workflows.outcome import HandOff, Reply
from workflows.slots.items import mentioned_items
from workflows.understanding import Correction

BACK = Intent.RETURN_REFUND


def household(first: str = "Mug", second: str = "Kettle") -> Talk:
    return Talk.about(an_order("D-100001", first, second, status="delivered"))


@pytest.mark.parametrize(
    "more",
    ["not just the mug, all of them", "and the kettle", "the kettle is broken as well actually", "also the kettle please"],
)
async def test_what_is_asked_for_besides_is_refunded_with_the_rest_and_not_in_its_place(more: str) -> None:
    talk = household()
    await talk.say("I want a refund for the mug, it arrived cracked", intent=BACK)
    assert "- For: Mug, order" in talk.text
    await talk.say(more)
    assert isinstance(talk.heard, Correction)
    assert "- Refund: $50.00\n- For: Mug and Kettle, order" in talk.text


@pytest.mark.parametrize("less", ["yes, but keep the kettle", "yes, for the mug", "yes but not the kettle", "only the mug"])
async def test_a_yes_to_a_part_is_offered_again_for_that_part(less: str) -> None:
    talk = household()
    await talk.say("I want to return both items, I don't need them", intent=BACK)
    assert "- Return: Mug and Kettle, order" in talk.text
    await talk.say(less)
    assert "- Return: Mug, order" in talk.text
    assert talk.run.effects == []


async def test_another_item_takes_the_place_of_the_first_where_the_customer_says_so() -> None:
    talk = household()
    await talk.say("I want a refund for the mug, it arrived cracked", intent=BACK)
    await talk.say("sorry, I meant the kettle instead")
    assert "- For: Kettle, order" in talk.text


@pytest.mark.parametrize("kept", ["actually I'll keep the mug", "no, I want to keep the mug"])
async def test_who_keeps_all_that_was_offered_is_left_alone(kept: str) -> None:
    talk = household()
    await talk.say("I want to return the mug, I don't need it", intent=BACK)
    outcome = await talk.say(kept)
    assert isinstance(outcome, Reply)
    assert "left everything as it is" in outcome.text
    assert talk.run.effects == []


async def test_who_does_not_want_to_keep_it_is_offered_to_return_it() -> None:
    talk = household()
    await talk.say("I don't want to keep the mug, it's not my style", intent=BACK)
    assert "- Return: Mug, order" in talk.text


async def test_an_order_whose_only_item_is_to_be_kept_is_not_cancelled() -> None:
    talk = Talk.about(an_order("D-100001", "Desk Lamp"))
    await talk.say("cancel my order", intent=Intent.CANCEL_ORDER)
    outcome = await talk.say("I'd rather keep the lamp")
    assert isinstance(outcome, Reply)
    assert "left everything as it is" in outcome.text


def two_deliveries() -> Talk:
    return Talk.about(
        an_order("D-100001", "Espresso Machine", "Milk Jug", status="delivered"),
        an_order("D-100002", "Gooseneck Kettle", "Grey Hoodie", status="delivered"),
    )


@pytest.mark.parametrize(
    "correction",
    ["no the kettle", "No, the kettle!", "I meant the kettle", "not the espresso machine, I meant my kettle please"],
)
async def test_an_article_of_another_order_in_place_of_a_reason_changes_the_order_and_is_no_failed_reason(
    correction: str,
) -> None:
    talk = two_deliveries()
    await talk.say("I want to return the espresso machine", intent=BACK)
    assert talk.slot == "cause"
    await talk.say("well")
    await talk.say(correction)
    assert talk.slot == "cause"
    assert "return Gooseneck Kettle from order D-100002" in talk.text
    assert "Sorry" not in talk.text
    await talk.say("it came broken")
    assert "- For: Gooseneck Kettle, order D-100002" in talk.text


async def test_an_article_of_another_order_in_place_of_the_offered_one_is_offered_instead() -> None:
    talk = two_deliveries()
    await talk.say("I want to return the espresso machine, it came broken", intent=BACK)
    await talk.say("I meant the kettle")
    assert "- For: Gooseneck Kettle, order D-100002" in talk.text
    assert talk.run.effects == []


@pytest.mark.parametrize("reason", ["no, the grey box was crushed", "No, the milk jug leaks", "the hoodie is nicer"])
async def test_a_reason_that_only_sounds_like_another_article_stays_with_the_order(reason: str) -> None:
    talk = two_deliveries()
    await talk.say("I want to return the espresso machine", intent=BACK)
    await talk.say(reason)
    assert "order D-100001" in talk.text


def clothes(*more: str) -> Order:
    """An order of a grey hoodie, a grey backpack and a forest hoodie, and of whatever more."""
    kinds = ("Hoodie grey", "Backpack grey", "Hoodie forest", *more)
    order = an_order("D-100001", *(kind.split()[0] for kind in kinds), status="delivered")
    coloured = [
        item.model_copy(update={"options": {"color": kind.split()[1]}, "variant_id": kind})
        for item, kind in zip(order.items, kinds, strict=True)
    ]
    return order.model_copy(update={"items": tuple(coloured)})


@pytest.mark.parametrize(
    ("first", "second", "what"),
    [
        ("the hoodie", "the grey one", "Hoodie (grey)"),
        ("the grey one", "the hoodie", "Hoodie (grey)"),
        ("the grey one", "sorry, I meant the backpack", "Backpack (grey)"),
        ("the hoodie, not the backpack", "grey", "Hoodie (grey)"),
    ],
)
async def test_an_article_that_takes_two_messages_to_name_is_not_asked_for_a_third_time(
    first: str, second: str, what: str
) -> None:
    talk = Talk.about(clothes())
    await talk.say("my order came damaged", intent=BACK)
    await talk.say(first)
    assert talk.slot == "items"
    await talk.say(second)
    assert f"- For: {what}, order D-100001" in talk.text


async def test_words_that_two_messages_leave_open_are_not_guessed() -> None:
    talk = Talk.about(clothes())
    await talk.say("my order came damaged", intent=BACK)
    await talk.say("the hoodie")
    assert isinstance(await talk.say("the hoodie I told you of"), HandOff)
    assert talk.run.actions == {}


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("the grey hoodie", [1]),
        ("the grey backpack", [2]),
        ("grey hoodie and the backpack", [1, 2]),
        ("both grey hoodies", [1, 4]),
        ("one of the grey hoodies", [1]),
        ("the hoodie", []),
    ],
)
def test_words_side_by_side_name_one_article_that_neither_names_alone(text: str, lines: list[int]) -> None:
    order = clothes("Hoodie grey")
    assert [order.items.index(item) + 1 for item in mentioned_items(text, order)] == lines
