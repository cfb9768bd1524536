"""Short ways for a test to look at what stands in a shop."""

import asyncio
import threading
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.tools.shop.small import CREDIT, PENDING, SMALL_SHOP
from tools.backends.shop import Shop, dump, read_books
from tools.commerce import CustomerId, Order, OrderId, OrderStatus, PaymentMethodId
from tools.errors import BackendRefused, Code

ADA = CustomerId("cus_ada")
BOB = CustomerId("cus_bob")


async def order_of(shop: Shop, order_id: OrderId) -> Order:
    """The order, which must be there."""
    order = await shop.get_order(order_id)
    assert order is not None
    return order


async def status_of(shop: Shop, order_id: OrderId) -> OrderStatus:
    """Where the order stands."""
    return (await order_of(shop, order_id)).status


async def money_of(shop: Shop, order_id: OrderId) -> list[tuple[str, str, int]]:
    """Every movement on the order: kind, method, amount."""
    return [(p.kind, p.method_id, p.amount_minor) for p in (await order_of(shop, order_id)).payments]


async def balance_of(shop: Shop, customer_id: CustomerId = ADA, method_id: PaymentMethodId = CREDIT) -> int:
    """The store credit's balance."""
    customer = await shop.get_customer(customer_id)
    assert customer is not None
    balance = next(method.balance_minor for method in customer.payment_methods if method.id == method_id)
    assert balance is not None
    return balance


async def assert_untouched(engine: AsyncEngine) -> None:
    """The small shop stands as it was loaded, and its books are empty."""
    now = await dump(engine, "default")
    assert now == {name: by_id(part) if isinstance(part, list) else part for name, part in SMALL_SHOP.items()}
    assert await read_books(engine, "default") == ()


def by_id(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows as a dump sorts them."""
    return sorted(rows, key=lambda row: row["id"])


async def open_every_connection(shop: Shop) -> None:
    """Fill the pool, so that calls which start at once also run at once and do not wait for a connection in turn."""
    await asyncio.gather(*(shop.get_order(PENDING) for _ in range(15)))


async def end_of_threads() -> None:
    """Wait until each closed or given-up SQLite connection has ended its thread, which still speaks to the event loop."""
    for thread in threading.enumerate():
        if thread.name.endswith("(_connection_worker_thread)"):
            await asyncio.to_thread(thread.join, 10)


def code_of(refusal: BaseException) -> Code:
    """Why the shop refused."""
    assert isinstance(refusal, BackendRefused)
    return refusal.code
