"""Loading and dumping the contract's JSON."""

import asyncio
import copy
import json
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.conftest import StandingClock
from tests.tools.shop.look import ADA, assert_untouched, order_of
from tests.tools.shop.small import CARD, CREDIT, DELIVERED, FIRST_MUG, PENDING, SMALL_SHOP, leg
from tools.backends.shop import BadShopData, Shop, UnknownShop, dump, load, read_books


async def test_a_dump_loads_again_to_the_same_dump(shop: Shop, engine: AsyncEngine) -> None:
    await shop.return_items(DELIVERED, [(await order_of(shop, DELIVERED)).items[0].id], CARD, "k1")
    first = await dump(engine, "default")
    await load(engine, "copy", json.loads(json.dumps(first)))
    assert await dump(engine, "copy") == first
    shuffled = {name: part[::-1] if isinstance(part, list) else part for name, part in first.items()}
    await load(engine, "copy", shuffled)
    assert json.dumps(await dump(engine, "copy"), sort_keys=True) == json.dumps(first, sort_keys=True)


async def test_loading_again_replaces_the_shop_and_keeps_its_books(shop: Shop, engine: AsyncEngine) -> None:
    await shop.cancel_order(PENDING, "no_longer_needed", "k1")
    await load(engine, "default", {"currency": "USD", "customers": SMALL_SHOP["customers"]})
    assert await shop.get_order(PENDING) is None
    assert [entry.key for entry in await read_books(engine, "default")] == ["k1"]


async def test_a_shop_that_was_never_loaded_cannot_be_dumped(engine: AsyncEngine) -> None:
    with pytest.raises(UnknownShop):
        await dump(engine, "nobody")


@pytest.mark.parametrize(("currency", "amount_minor"), [("JPY", 3700), ("KWD", 3705)])
async def test_a_shop_in_another_currency_counts_in_its_own_minor_units(
    engine: AsyncEngine, clock: StandingClock, currency: str, amount_minor: int
) -> None:
    data = copy.deepcopy(SMALL_SHOP) | {"currency": currency}
    await load(engine, "default", data)
    shop = Shop(engine, "default", clock)
    receipt = await shop.refund(DELIVERED, [leg(CARD, amount_minor)], "late", 0, "k1")
    assert (receipt.amount_minor, receipt.currency) == (amount_minor, currency)
    assert [order.currency for order in await shop.find_orders(ADA)] == [currency] * 3
    assert (await read_books(engine, "default"))[0].currency == currency
    assert (await dump(engine, "default"))["currency"] == currency


def _with(path: str, value: Any) -> dict[str, Any]:
    """The small shop with one place changed."""
    data = copy.deepcopy(SMALL_SHOP)
    *parents, last = path.split(".")
    place: Any = data
    for name in parents:
        place = place[int(name)] if isinstance(place, list) else place[name]
    place[int(last) if isinstance(place, list) else last] = value
    return data


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        ("currency", "XXQ", "currency: not an ISO 4217 code"),
        ("orders.0.items.0.price_minor", 18.5, "orders.0.items.0.price_minor"),
        ("orders.0.items.0.price_minor", "1850", "orders.0.items.0.price_minor"),
        ("orders.0.status", "lost", "orders.0.status"),
        ("orders.0.surprise", 1, "orders.0.surprise"),
        ("orders.0.currency", "EUR", "orders.0.currency: not the shop's"),
        ("orders.0.customer_id", "cus_none", "orders.0.customer_id: no such customer"),
        ("orders.0.placed_at", "2026-11-19T09:00:00", "orders.0: a time has no zone"),
        ("orders.0.payments.0.amount_minor", 0, "orders.0.payments: amounts are above zero"),
        ("orders.0.payments.0.kind", "refund", "orders.0.payments: more was refunded than captured"),
        ("orders.1.items.2.id", "l1", "orders.1.items: two different lines share an id"),
        ("orders.1.id", "O-PENDING", "orders: id at place 0 stands there 2 times"),
        ("customers.0.id", "cus\x00", "customers.0.id: empty, or holds control characters"),
        ("customers.0.address.country", "USA", "customers.0.address.country"),
        ("customers.0.payment_methods.1.id", "pm_card", "customers.0.payment_methods: an id stands there twice"),
        ("customers.0.payment_methods.0.balance_minor", 5, "customers.0.payment_methods: a store credit, and nothing"),
        ("customers.0.payment_methods.2.balance_minor", -1, "customers.0.payment_methods: a balance is below zero"),
        ("articles", float("nan"), "articles: "),
    ],
)
async def test_bad_data_is_named_by_its_place_and_changes_nothing(
    shop: Shop, engine: AsyncEngine, path: str, value: Any, complaint: str
) -> None:
    with pytest.raises(BadShopData) as refusal:
        await load(engine, "default", _with(path, value))
    assert complaint in str(refusal.value)
    await assert_untouched(engine)


async def test_what_is_no_json_at_all_is_refused(engine: AsyncEngine) -> None:
    with pytest.raises(BadShopData, match="not JSON"):
        await load(engine, "default", {"currency": {1, 2}})


async def test_the_same_line_twice_under_one_id_is_two_pieces(engine: AsyncEngine, clock: StandingClock) -> None:
    await load(engine, "default", _with("orders.1.items.1.id", "l1"))
    shop = Shop(engine, "default", clock)
    receipt = await shop.return_items(DELIVERED, [FIRST_MUG, FIRST_MUG], CARD, "k1")
    assert receipt.amount_minor == 3700


async def test_a_complaint_never_repeats_what_was_given(engine: AsyncEngine) -> None:
    with pytest.raises(BadShopData) as refusal:
        await load(engine, "default", _with("customers.0.address.country", "geheim"))
    assert "geheim" not in str(refusal.value)


async def test_a_dump_during_effects_never_sees_half_of_one(shop: Shop, engine: AsyncEngine) -> None:
    async def pay_back() -> None:
        for turn in range(12):
            await shop.refund(DELIVERED, [leg(CREDIT, 10)], "goodwill", turn * 10, f"k{turn}")

    async def watch() -> None:
        for _ in range(12):
            now = await dump(engine, "default")
            order = next(row for row in now["orders"] if row["id"] == DELIVERED)
            refunded = sum(p["amount_minor"] for p in order["payments"] if p["kind"] == "refund")
            methods = next(row for row in now["customers"] if row["id"] == ADA)["payment_methods"]
            assert next(m for m in methods if m["kind"] == "store_credit")["balance_minor"] == 5000 + refunded

    await asyncio.gather(pay_back(), watch())
