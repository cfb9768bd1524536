"""The demo shop holds what the demo, the guides and the scenarios count on."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.conftest import StandingClock
from tests.tools.shop.look import order_of
from tools.backends.shop import Shop, demo_data, dump, load
from tools.backends.shop.data import check
from tools.commerce import CustomerId, OrderId, OrderStatus, Product


def _total(order: dict[str, Any]) -> int:
    return sum(item["price_minor"] for item in order["items"])


def _age(order: dict[str, Any], now: datetime) -> timedelta:
    return now - datetime.fromisoformat(order["placed_at"])


def test_the_same_now_makes_the_same_shop_and_a_later_now_the_same_orders(clock: StandingClock) -> None:
    first = demo_data(clock())
    assert demo_data(clock()) == first
    later = demo_data(clock() + timedelta(days=40))
    assert [(o["id"], o["status"], _total(o)) for o in later["orders"]] == [
        (o["id"], o["status"], _total(o)) for o in first["orders"]
    ]


def test_forty_customers_and_a_hundred_and_twenty_orders_in_every_state(clock: StandingClock) -> None:
    data = demo_data(clock())
    orders = data["orders"]
    assert [c["id"] for c in data["customers"]] == [f"cus_{n}" for n in range(1, 41)]
    assert all(c["email"].endswith("@example.com") for c in data["customers"])
    assert len({c["email"] for c in data["customers"]}) == 40
    assert [o["id"] for o in orders] == [f"D-{n}" for n in range(100_001, 100_121)]
    states = Counter(o["status"] for o in orders)
    assert all(states[name] >= 10 for name in ("pending", "processed", "shipped", "delivered", "cancelled"))
    delivered = [_age(o, clock()).days for o in orders if o["status"] == "delivered"]
    assert sum(days < 25 for days in delivered) >= 10
    assert sum(days > 35 for days in delivered) >= 5
    kinds = {m["id"]: m["kind"] for c in data["customers"] for m in c["payment_methods"]}
    assert all(count >= 10 for count in Counter(kinds[o["payments"][0]["method_id"]] for o in orders).values())
    assert sum(_total(o) > 50_000 for o in orders) >= 5
    assert sum(_total(o) > 500_000 for o in orders) == 1
    assert sum(count >= 3 for count in Counter(o["customer_id"] for o in orders).values()) >= 5
    assert len(data["articles"]) >= 8


def test_every_order_adds_up_and_every_time_is_past(clock: StandingClock) -> None:
    data = check(demo_data(clock()))
    methods = {customer.id: {m.id for m in customer.payment_methods} for customer in data.customers}
    for order in data.orders:
        assert order.captured_minor == sum(line.price_minor for line in order.items)
        assert {payment.method_id for payment in order.payments} <= methods[order.customer_id]
        assert (order.refunded_minor == order.captured_minor) is (order.status is OrderStatus.CANCELLED)
        assert bool(order.shipments) is (order.status not in {"pending", "processed", "cancelled"})
        times = [order.placed_at, *(p.at for p in order.payments), *(e.at for s in order.shipments for e in s.events)]
        assert all(time is not None and time < clock() for time in times)
    tracking = [parcel.tracking_id for order in data.orders for parcel in order.shipments]
    assert len(set(tracking)) == len(tracking)


def test_every_line_is_a_variant_that_the_shop_sells(clock: StandingClock) -> None:
    data = check(demo_data(clock()))
    sold: dict[str, Product] = {product.id: product for product in data.products}
    for order in data.orders:
        for line in order.items:
            assert line.variant_id in {variant.id for variant in sold[line.product_id].variants}


async def test_ada_has_an_order_for_every_story(engine: AsyncEngine, clock: StandingClock) -> None:
    await load(engine, "default", demo_data(clock()))
    shop = Shop(engine, "default", clock)
    ada = await shop.find_customer_by_email("ada@example.com")
    assert ada is not None
    assert ada.id == CustomerId("cus_1")
    stories = {
        "D-100001": OrderStatus.SHIPPED,
        "D-100002": OrderStatus.DELIVERED,
        "D-100003": OrderStatus.PENDING,
        "D-100004": OrderStatus.DELIVERED,
        "D-100005": OrderStatus.DELIVERED,
        "D-100006": OrderStatus.CANCELLED,
    }
    for order_id, status in stories.items():
        order = await order_of(shop, OrderId(order_id))
        assert (order.customer_id, order.status) == (ada.id, status)
    assert (await order_of(shop, OrderId("D-100004"))).captured_minor > 50_000
    assert (await order_of(shop, OrderId("D-100007"))).captured_minor > 500_000
    best = await shop.search_articles("When do I get my refund on my card?")
    assert best[0].id == "refund-times"


async def test_the_demo_shop_survives_a_dump_and_a_load(engine: AsyncEngine, clock: StandingClock) -> None:
    await load(engine, "default", demo_data(clock()))
    first = await dump(engine, "default")
    await load(engine, "copy", first)
    assert await dump(engine, "copy") == first
