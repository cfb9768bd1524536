"""What a text says about orders, items, causes and destinations."""

import re

import pytest

from tests.workflows.goods import an_order
from tools.commerce import ItemId, Order, OrderItem
from workflows.slots.causes import Cause, read_cause
from workflows.slots.destinations import Destination, read_destination
from workflows.slots.items import mentioned_items
from workflows.slots.orders import Found, Unclear, Unknown, choose_order, mentioned_orders, without_ids

HEADPHONES = an_order("D-100001", "Wireless Headphones")
HOUSEHOLD = an_order("D-100002", "Coffee Mug", "Coffee Mug", "Desk Lamp")
SHIRTS = an_order("#W1234567", "Cotton Shirt", "Linen Shirt")
ORDERS = (HEADPHONES, HOUSEHOLD, SHIRTS)


def ids(orders: tuple[Order, ...]) -> list[str]:
    return [order.id for order in orders]


def names(items: tuple[OrderItem, ...]) -> list[str]:
    return [item.id for item in items]


@pytest.mark.parametrize(
    "text",
    [
        "where is D-100001",
        "where is d100001?",
        "D 100001",
        "D 100 001 please",
        "order no 100001",
        "order number: 100001",
        "order #100001",
        "my order is 100001.",
        "(D-100001)",
        "d_100001",
        "order-100001",
    ],
)
def test_an_order_number_is_recognised_in_any_spelling(text: str) -> None:
    assert ids(mentioned_orders(text, ORDERS)[0]) == ["D-100001"]


@pytest.mark.parametrize("text", ["#W1234567", "order W1234567", "w1234567", "1234567", "order #w 1234567"])
def test_another_merchants_kind_of_number_works_too(text: str) -> None:
    assert ids(mentioned_orders(text, ORDERS)[0]) == ["#W1234567"]


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("D-100009", "D-100009"),
        ("d-100009?", "D-100009"),
        ("W-100001", "W-100001"),
        ("W100001", "W100001"),
        ("D-1000011", "D-1000011"),
        ("order 99999999", "99999999"),
    ],
)
def test_a_number_that_is_not_the_customers_is_unknown(text: str, reference: str) -> None:
    own, strange = mentioned_orders(text, ORDERS)
    assert own == ()
    assert strange == (reference,)


@pytest.mark.parametrize("text", ["I paid $1,000.01 for it", "call 0800 555 01", "it has 100 pages", "since 2019"])
def test_other_numbers_are_no_orders(text: str) -> None:
    assert mentioned_orders(text, ORDERS) == ((), ())


def test_a_denied_order_is_not_meant() -> None:
    assert ids(mentioned_orders("not D-100001 but D-100002", ORDERS)[0]) == ["D-100002"]


def test_several_orders_come_in_the_order_of_the_text() -> None:
    assert ids(mentioned_orders("D-100002 and D-100001", ORDERS)[0]) == ["D-100002", "D-100001"]


def test_the_tenants_own_pattern_decides_what_looks_like_an_order() -> None:
    pattern = re.compile(r"SHOP/\d{3}/\d{3}")
    assert mentioned_orders("about shop/123/456", ORDERS, pattern)[1] == ("SHOP/123/456",)
    assert without_ids("send SHOP/123/456 to 12 Elm Street", pattern) == "send   to 12 Elm Street"


def choose(text: str, *orders: Order, **hints: object) -> object:
    choice = choose_order(text, orders, fits=lambda order: order.status == "pending", **hints)  # pyright: ignore[reportArgumentType]
    return (ids(choice.orders), choice.named) if isinstance(choice, Found) else choice


def test_an_order_is_found_by_what_is_in_it() -> None:
    assert choose("the headphones", *ORDERS) == (["D-100001"], True)
    assert choose("my shirts", *ORDERS) == (["#W1234567"], True)


def test_the_last_order_is_the_newest() -> None:
    assert choose("my latest order", *ORDERS) == (["D-100001"], True)


def test_the_only_fitting_order_is_taken_and_said_to_be_assumed() -> None:
    delivered = an_order("D-100003", "Chair", status="delivered")
    assert choose("please cancel my order", HEADPHONES, delivered) == (["D-100001"], False)
    assert choose("please cancel my order", delivered) == (["D-100003"], False)


def test_several_fitting_orders_are_left_to_the_customer() -> None:
    assert choose("please cancel my order", *ORDERS) == Unclear(ORDERS)
    assert choose("anything") == Unclear(())


def test_an_unknown_number_is_not_replaced_by_a_guess() -> None:
    assert choose("cancel D-999999", HEADPHONES) == Unknown("D-999999")


def test_the_other_order_is_the_one_that_was_not_meant() -> None:
    assert choose("no, the other order", HEADPHONES, HOUSEHOLD, about="D-100001") == (["D-100002"], True)
    assert choose("no, the other order", *ORDERS, about="D-100001") == Unclear(
        tuple(order for order in ORDERS if order.id != "D-100001")
    )


def test_an_order_is_picked_from_the_list_that_was_shown() -> None:
    listed = ["D-100002", "D-100001"]
    assert choose("the first one", *ORDERS, listed=listed) == (["D-100002"], True)
    assert choose("2", *ORDERS, listed=listed) == (["D-100001"], True)
    assert choose("the third", *ORDERS, listed=listed) == Unclear(ORDERS)


@pytest.mark.parametrize("text", ["The second one, that's all", "first of all, thanks! The second one please, all the best"])
def test_whoever_takes_one_order_of_the_list_and_says_that_is_all_takes_one(text: str) -> None:
    assert choose(text, *ORDERS, listed=["D-100001", "D-100002"]) == (["D-100002"], True)


@pytest.mark.parametrize("text", ["both", "all of them please", "all 2 of them", "cancel them all", "every one of them"])
def test_whoever_asks_for_all_orders_of_the_list_takes_all(text: str) -> None:
    assert choose(text, *ORDERS, listed=["D-100001", "D-100002"]) == (["D-100001", "D-100002"], True)


def test_all_of_them_means_no_order_where_no_list_was_shown() -> None:
    assert choose("all of them", *ORDERS) == Unclear(ORDERS)


@pytest.mark.parametrize("text", ["I can't see it at all", "hi all", "both, of course, in time"])
def test_a_manner_of_speaking_takes_no_order_of_the_list(text: str) -> None:
    assert choose(text, *ORDERS, listed=["D-100001", "D-100002", "#W1234567"]) == Unclear(ORDERS)


def test_it_is_what_the_talk_was_about() -> None:
    assert choose("ok, then cancel it", *ORDERS, about="D-100002") == (["D-100002"], True)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("the mug", [1]),
        ("the mugs", [1, 2]),
        ("both mugs", [1, 2]),
        ("only one of the mugs", [1]),
        ("one of the two mugs arrived broken", [1]),
        ("just 1 mug", [1]),
        ("2x mug", [1, 2]),
        ("two mugs and the lamp", [1, 2, 3]),
        ("one of the mugs and the lamp", [1, 3]),
        ("the mugs, but only one", [1]),
        ("I keep one of the mugs, the other one goes back", [2]),
        ("a mug and the lamp", [1, 3]),
        ("everything", [1, 2, 3]),
        ("all of it", [1, 2, 3]),
        ("all but the lamp", [1, 2]),
        ("everything except the mugs", [3]),
        ("the chair", []),
        ("it", []),
    ],
)
def test_items_are_found_by_name(text: str, lines: list[int]) -> None:
    assert names(mentioned_items(text, HOUSEHOLD)) == [f"D-100002-{line}" for line in lines]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("It doesn't work at all", []),
        ("First of all, it came broken", []),
        ("it broke after all", []),
        ("That's all", []),
        ("Hi all, it came broken", []),
        ("Thanks for everything", []),
        ("All I want is a refund for the lamp", [3]),
        ("Everything is fine but the lamp is broken", [3]),
        ("Everything was great except the lamp", []),
        ("everything arrived broken", [1, 2, 3]),
        ("they all came smashed", [1, 2, 3]),
        ("all three of them", [1, 2, 3]),
        ("refund all please", [1, 2, 3]),
        ("I want to return the whole order", [1, 2, 3]),
        ("yes, send them all back", [1, 2, 3]),
        ("please refund all because they are too small", [1, 2, 3]),
        ("give me my money back for the whole lot", [1, 2, 3]),
    ],
)
def test_all_is_meant_only_where_all_of_it_is_asked_for_and_nothing_is_named(text: str, lines: list[int]) -> None:
    assert names(mentioned_items(text, HOUSEHOLD)) == [f"D-100002-{line}" for line in lines]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Both sides are cracked", []),
        ("everything about it is bad", []),
        ("no, both of them", [1, 2]),
        ("everything please", [1, 2]),
    ],
)
def test_a_settled_choice_grows_only_when_the_customer_asks_for_all(text: str, lines: list[int]) -> None:
    assert names(mentioned_items(text, SHIRTS, [ItemId("#W1234567-1")])) == [f"#W1234567-{line}" for line in lines]


@pytest.mark.parametrize(
    ("text", "settled", "lines"),
    [
        ("just one", [1, 2], [1]),
        ("no, only one of them", [1, 2], [1]),
        ("I want to keep one", [1, 2], []),
        ("only one", [1, 2, 3], []),
        ("only 5 of them", [1, 2], []),
        ("just the one lamp", [1, 2], [3]),
        ("yes", [1, 2], []),
    ],
)
def test_a_number_alone_counts_equal_things_that_the_talk_was_about(text: str, settled: list[int], lines: list[int]) -> None:
    before = [ItemId(f"D-100002-{line}") for line in settled]
    assert names(mentioned_items(text, HOUSEHOLD, before)) == [f"D-100002-{line}" for line in lines]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("the shirt", []),
        ("the shirts", [1, 2]),
        ("both", [1, 2]),
        ("I want to return both because they are too small", [1, 2]),
        ("the linen shirt", [2]),
        ("not the linen one, the cotton", [1]),
    ],
)
def test_a_word_that_fits_two_articles_decides_nothing(text: str, lines: list[int]) -> None:
    assert names(mentioned_items(text, SHIRTS)) == [f"#W1234567-{line}" for line in lines]


def test_an_article_with_a_plural_name_is_one_article() -> None:
    order = an_order("D-1", "Wireless Headphones", "Studio Headphones")
    assert mentioned_items("the headphones", order) == ()
    assert names(mentioned_items("the studio headphones", order)) == ["D-1-2"]


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("it arrived broken", Cause.DAMAGED),
        ("the screen is cracked and it doesn't turn on", Cause.DAMAGED),
        ("you sent the wrong size", Cause.WRONG_ITEM),
        ("this is not what I ordered", Cause.WRONG_ITEM),
        ("it is nothing like the photos", Cause.NOT_AS_DESCRIBED),
        ("it never arrived", Cause.LOST),
        ("I haven't received it", Cause.LOST),
        ("it came two weeks late, I no longer need it", Cause.LATE),
        ("D-100001 is late, I want my money back", Cause.LATE),
        ("my order is running late", Cause.LATE),
        ("I ordered the wrong size by mistake", Cause.ORDERED_BY_MISTAKE),
        ("I changed my mind", Cause.NO_LONGER_NEEDED),
        ("it doesn't fit", Cause.NO_LONGER_NEEDED),
        ("nothing wrong with it, I just don't want it", Cause.NO_LONGER_NEEDED),
        ("it is not damaged, I changed my mind", Cause.NO_LONGER_NEEDED),
        ("please", None),
        ("My backpack fell apart after two weeks", Cause.DAMAGED),
        ("it's just not my colour", Cause.NO_LONGER_NEEDED),
        ("I need a different size", Cause.NO_LONGER_NEEDED),
        ("I'd prefer a different colour", Cause.NO_LONGER_NEEDED),
        ("no, I want a different one", None),
        ("it came cracked, I need a different one", Cause.DAMAGED),
        ("I got the wrong size and I'd like another one", Cause.WRONG_ITEM),
        ("I received a different colour", Cause.WRONG_ITEM),
        ("You picked the wrong item", Cause.WRONG_ITEM),
        ("your warehouse has packed the wrong one by mistake", Cause.WRONG_ITEM),
        ("I picked the wrong item", Cause.ORDERED_BY_MISTAKE),
        ("You sent me a red mug, I ordered blue", Cause.WRONG_ITEM),
        ("I ordered the blue mug but you sent a red one", Cause.WRONG_ITEM),
        ("I received a hoodie in grey but I had ordered forest", Cause.WRONG_ITEM),
        ("they delivered size 42. I ordered 40", Cause.WRONG_ITEM),
        ("I ordered a blue mug and received it broken", Cause.DAMAGED),
        ("I ordered a lamp but it never arrived", Cause.LOST),
        ("You sent me a confirmation, I ordered a lamp, it is late", Cause.LATE),
        ("you sent it quickly, I ordered it for my son and it doesn't fit", Cause.NO_LONGER_NEEDED),
        ("I got the parcel, I ordered it last week", None),
        ("I should have ordered a different size", Cause.ORDERED_BY_MISTAKE),
        ("I dropped it and it cracked", Cause.OWN_DAMAGE),
        ("I broke it", Cause.OWN_DAMAGE),
        ("my little son broke the lamp", Cause.OWN_DAMAGE),
        ("I accidentally spilled coffee on it", Cause.OWN_DAMAGE),
        ("it slipped out of my hands and broke", Cause.OWN_DAMAGE),
        ("I never dropped it, it just cracked", Cause.DAMAGED),
        ("the courier dropped it and it broke", Cause.DAMAGED),
        ("my mug broke on the first day", Cause.DAMAGED),
    ],
)
def test_the_cause_is_read_from_the_customers_words(text: str, cause: Cause | None) -> None:
    assert read_cause(text) is cause


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("back to the same card please", Destination.ORIGINAL),
        ("as store credit", Destination.STORE_CREDIT),
        ("no store credit please", Destination.ORIGINAL),
        ("I do not want store credit", Destination.ORIGINAL),
        ("I don't want it as store credit", Destination.ORIGINAL),
        ("not as a voucher", Destination.ORIGINAL),
        ("Please don't send me a voucher, I want the money on my card", Destination.ORIGINAL),
        ("no, a voucher please", Destination.STORE_CREDIT),
        ("send it to my new card", Destination.ELSEWHERE),
        ("yes but to my paypal", Destination.ELSEWHERE),
        ("I paid with paypal", None),
        ("my IBAN is DE89 3704", Destination.ELSEWHERE),
        ("thanks", None),
    ],
)
def test_a_wish_for_a_destination_is_noticed(text: str, wish: Destination | None) -> None:
    assert read_destination(text) is wish
