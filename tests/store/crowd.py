"""A crowd of callers in several processes' worth of connections, for calls that must really meet in the database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event

from tests.tools.goods import ADDRESS
from tests.tools.world import World
from tools.backends.shop import Faulty, Shop

PROCESSES, CONNECTIONS = 4, 8
"""PostgreSQL serves a hundred connections in all, so a crowd takes turns on these thirty-two."""

Doing = Callable[[World], Awaitable[Any]]


@dataclass
class Crowd:
    """The same databases through pools of their own. `busiest` is the largest number of connections in use at once."""

    world: World
    worlds: Sequence[World]
    in_use: int = 0
    busiest: int = 0

    async def add_tenant(self, name: str, data: dict[str, Any]) -> None:
        """A tenant with a shop of its own, that every process reaches."""
        await self.world.add_tenant(name, data)
        for one in self.worlds:
            one.shops[name] = Faulty(Shop(one.shop_engine, name, one.clock))

    async def at_once(self, doings: Sequence[Doing], waiting: int = 100) -> list[Any]:
        """All calls together, spread over the processes, `waiting` of them begun; an exception is a result like another."""
        begun = asyncio.Semaphore(waiting)

        async def one(number: int, doing: Doing) -> Any:
            async with begun:
                return await doing(self.worlds[number % len(self.worlds)])

        return await asyncio.gather(*(one(number, doing) for number, doing in enumerate(doings)), return_exceptions=True)

    def taken(self, *_: Any) -> None:
        self.in_use += 1
        self.busiest = max(self.busiest, self.in_use)

    def returned(self, *_: Any) -> None:
        self.in_use -= 1


@asynccontextmanager
async def crowd(world: World) -> AsyncIterator[Crowd]:
    """A crowd over this world's databases."""
    gathered = Crowd(world, [world.process(CONNECTIONS) for _ in range(PROCESSES)])
    for one in gathered.worlds:
        event.listen(one.database.engine.sync_engine, "checkout", gathered.taken)
        event.listen(one.database.engine.sync_engine, "checkin", gathered.returned)
    try:
        yield gathered
    finally:
        for one in gathered.worlds:
            await one.database.close()


def many(customers: int, orders_each: int, paid_minor: int) -> dict[str, Any]:
    """A shop with customers `cus_1`, `cus_2`, …, whose delivered orders are `D-<customer>-<n>`; each has one card."""
    numbers = range(1, customers + 1)
    return {
        "currency": "USD",
        "customers": [_customer(number) for number in numbers],
        "products": [],
        "orders": [_order(number, place, paid_minor) for number in numbers for place in range(1, orders_each + 1)],
        "articles": [],
    }


def _customer(number: int) -> dict[str, Any]:
    card = {"id": f"pm_{number}", "kind": "card", "brand": "visa", "last4": "4242", "fingerprint": f"fp_{number}"}
    name = {"first": "Ada", "last": f"Number {number}"}
    return {
        "id": f"cus_{number}",
        "email": f"{number}@example.com",
        "name": name,
        "address": ADDRESS,
        "payment_methods": [card],
    }


def _order(customer: int, place: int, paid_minor: int) -> dict[str, Any]:
    name = f"D-{customer}-{place}"
    item = {"id": f"{name}-i1", "variant_id": "v_lamp", "product_id": "lamp", "name": "Lamp", "price_minor": paid_minor}
    payment = {"id": f"{name}-p1", "method_id": f"pm_{customer}", "amount_minor": paid_minor, "kind": "capture"}
    return {
        "id": name,
        "customer_id": f"cus_{customer}",
        "status": "delivered",
        "placed_at": "2026-11-10T10:00:00Z",
        "address": ADDRESS,
        "items": [{**item, "options": {}}],
        "payments": [payment],
        "shipments": [],
    }
