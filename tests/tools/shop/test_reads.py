"""What the shop tells, and to which shop it belongs."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.conftest import StandingClock
from tests.tools.shop.look import ADA, BOB, order_of
from tests.tools.shop.small import CARD, DELIVERED, PENDING, SHIPPED
from tools.backends.shop import Shop, load
from tools.commerce import Capabilities, CustomerId, OrderId


async def test_an_order_is_told_whole_and_in_its_currency(shop: Shop) -> None:
    order = await order_of(shop, SHIPPED)
    assert (order.customer_id, order.currency, order.captured_minor) == (ADA, "USD", 6490)
    assert order.placed_at is not None
    assert order.placed_at.isoformat() == "2026-11-15T09:00:00+00:00"
    assert order.shipments[0].events[0].text == "Departed"


async def test_the_newest_order_comes_first_and_the_limit_holds(shop: Shop) -> None:
    assert [order.id for order in await shop.find_orders(ADA)] == [PENDING, SHIPPED, DELIVERED]
    assert [order.id for order in await shop.find_orders(ADA, limit=2)] == [PENDING, SHIPPED]
    assert [order.id for order in await shop.find_orders(ADA, limit=-3)] == [PENDING]
    assert await shop.find_orders(CustomerId("cus_none")) == ()


async def test_an_address_finds_its_customer_whatever_its_case(shop: Shop) -> None:
    found = await shop.find_customer_by_email(" ADA@example.COM ")
    assert found is not None
    assert (found.id, found.payment_methods[0].id) == (ADA, CARD)


async def test_an_address_that_two_customers_share_names_nobody(shop: Shop) -> None:
    assert await shop.find_customer_by_email("twin@example.com") is None
    assert (await shop.get_customer(BOB)) is not None


async def test_a_tracking_number_finds_its_order_and_parcel(shop: Shop) -> None:
    found = await shop.find_shipment("1Z0001")
    assert found is not None
    order, parcel = found
    assert (order.id, parcel.carrier, parcel.status) == (SHIPPED, "UPS", "in_transit")
    assert await shop.find_shipment("1Z0002") is None


async def test_a_product_is_told_with_its_variants(shop: Shop) -> None:
    mug = await shop.get_product("mug")
    assert mug is not None
    assert [variant.id for variant in mug.variants if not variant.available] == ["mug-gone"]
    assert await shop.get_product("teapot") is None


async def test_the_articles_that_fit_come_first_and_others_not_at_all(shop: Shop) -> None:
    assert [a.id for a in await shop.search_articles("where are my parcels?")] == ["parcel"]
    assert [a.id for a in await shop.search_articles("I want to return the parcel", limit=1)] == ["parcel"]
    assert {a.id for a in await shop.search_articles("returning a parcel")} == {"parcel", "returns"}
    assert await shop.search_articles("the of and") == ()
    assert await shop.search_articles("zebra") == ()


@pytest.mark.parametrize("strange", ["", "O-\x00", "\ud800", "' OR 1=1 --", "O-PENDING\n", "x" * 10_000])
async def test_a_strange_id_is_simply_unknown(shop: Shop, strange: str) -> None:
    assert await shop.get_order(OrderId(strange)) is None
    assert await shop.get_customer(CustomerId(strange)) is None
    assert await shop.find_orders(CustomerId(strange)) == ()
    assert await shop.get_product(strange) is None
    assert await shop.find_shipment(strange) is None
    assert await shop.find_effect(strange) is None
    assert await shop.find_customer_by_email(strange) is None


async def test_one_shop_tells_nothing_of_another(shop: Shop, engine: AsyncEngine, clock: StandingClock) -> None:
    await load(engine, "empty", {"currency": "EUR"})
    empty = Shop(engine, "empty", clock)
    assert await empty.get_order(PENDING) is None
    assert await empty.get_customer(ADA) is None
    assert await empty.find_orders(ADA) == ()
    assert await empty.find_customer_by_email("ada@example.com") is None
    assert await empty.get_product("mug") is None
    assert await empty.find_shipment("1Z0001") is None
    assert await empty.search_articles("parcel") == ()


def test_the_shop_promises_to_honour_keys(shop: Shop) -> None:
    assert shop.capabilities == Capabilities(honours_keys=True)
