"""Refunds through the real tool layer and by hand, in turn, each on a customer, an order and a ticket of its own."""

import json
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks import money_floor
from benchmarks.databases import DEMO_TENANT
from benchmarks.environment import settings_for
from benchmarks.money_floor import Subject, values_for
from benchmarks.processes import Postgres
from service.accounts import create_person
from service.bootstrap import Services, build
from service.clock import wall_clock
from service.payload import IncomingMessage
from service.store.callers import caller_for
from service.store.people import Role
from tools.ports import Caller, TenantName

AMOUNT = 100
"""Cents: so small that a whole run stays below the cap of the tenant's day, above which people vote."""

SIDES = ("ours", "raw", "pooled")
"""The service, and the floor through raw psycopg and over the service's own pool."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Rounds of so many refunds for each side, after some that do not count."""

    rounds: int = 12
    calls: int = 25
    warm_up: int = 15

    @property
    def subjects(self) -> int:
        """How many customers with one order each are needed."""
        return len(SIDES) * (self.warm_up + self.rounds * self.calls)


@dataclass(frozen=True, slots=True)
class Spent:
    """What one call took in a round, on average, in ms: of the wall clock, and of CPU in this process and PostgreSQL."""

    wall_ms: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class Found:
    """The rounds of each side, and what one refund of ours sends to the database."""

    rounds: Mapping[str, Sequence[Spent]]
    statements: int
    commits: int


def shop_of(customers: int) -> dict[str, Any]:
    """A shop with this many customers, each with one card and one delivered order."""
    numbers = range(1, customers + 1)
    return {
        "currency": "USD",
        "customers": [_customer(number) for number in numbers],
        "products": [],
        "orders": [_order(number) for number in numbers],
        "articles": [],
    }


async def measure(url: str, plan: Plan) -> Found:
    """Run the rounds. Raises `AssertionError` when a refund of ours does not succeed."""
    services, server = build(settings_for(url)), Postgres.behind(url)
    try:
        callers = await _callers(services, plan.subjects)
        rest = iter([_subject(number, caller) for number, caller in enumerate(callers, start=1)])
        by_ticket = {str(caller.ticket): caller for caller in callers}
        with psycopg.connect(url, autocommit=True) as raw:
            sides = _sides(services, by_ticket, raw)
            seen = await _warm_up(services, sides, rest, plan)
            rounds: dict[str, list[Spent]] = defaultdict(list)
            for number in range(plan.rounds):
                for name in SIDES if number % 2 == 0 else SIDES[::-1]:
                    batch = [next(rest) for _ in range(plan.calls)]
                    rounds[name].append(await _spent(sides[name], batch, server))
        return Found(rounds, *seen)
    finally:
        await services.close()


Call = Callable[[Subject], Awaitable[None]]


def _sides(services: Services, callers: Mapping[str, Caller], raw: psycopg.Connection[Any]) -> Mapping[str, Call]:
    async def ours(subject: Subject) -> None:
        args = {"order_id": subject.order, "amount_minor": AMOUNT, "currency": "USD", "reason": "damaged"}
        origin = f"request:{subject.order}"
        result = await services.runner.call(callers[subject.ticket], "issue_refund", args, origin, confirmed=True)
        if not result.ok:
            raise AssertionError(f"A refund was refused: {result.code}, {result.rule}")

    async def by_hand(subject: Subject) -> None:
        money_floor.run(raw, values_for(subject, AMOUNT, callers[subject.ticket].person or ""))

    async def by_hand_pooled(subject: Subject) -> None:
        await money_floor.run_pooled(services.db, values_for(subject, AMOUNT, callers[subject.ticket].person or ""))

    return dict(zip(SIDES, (ours, by_hand, by_hand_pooled), strict=True))


async def _warm_up(services: Services, sides: Mapping[str, Call], rest: Iterator[Subject], plan: Plan) -> tuple[int, int]:
    """Run what does not count; returns the statements and commits of our last refund."""
    for _ in range(plan.warm_up - 1):
        for name in SIDES:
            await sides[name](next(rest))
    with _counting(services.db.engine, services.shop_engine) as seen:
        await sides["ours"](next(rest))
    for name in SIDES[1:]:
        await sides[name](next(rest))
    return seen["statements"], seen["commits"]


async def _spent(call: Call, batch: Sequence[Subject], server: Postgres | None) -> Spent:
    def cpu() -> float:
        return time.process_time() + (server.cpu_seconds() if server else 0.0)

    spent, started = cpu(), time.perf_counter()
    for subject in batch:
        await call(subject)
    wall = time.perf_counter() - started
    return Spent(wall / len(batch) * 1e3, (cpu() - spent) / len(batch) * 1e3)


@contextmanager
def _counting(*engines: AsyncEngine) -> Iterator[dict[str, int]]:
    """Counts what these engines send while the block runs."""
    seen = {"statements": 0, "commits": 0}

    def statement(*_: Any) -> None:
        seen["statements"] += 1

    def commit(*_: Any) -> None:
        seen["commits"] += 1

    heard = [
        (engine.sync_engine, name, listener)
        for engine in engines
        for name, listener in (("before_cursor_execute", statement), ("commit", commit))
    ]
    for one in heard:
        event.listen(*one)
    try:
        yield seen
    finally:
        for one in heard:
            event.remove(*one)


async def _callers(services: Services, count: int) -> list[Caller]:
    """A person who works on the ticket of each customer."""
    tenant = TenantName(DEMO_TENANT)
    person, _ = await create_person(services.db, wall_clock, tenant, "agent@example.com", Role.AGENT)
    callers = []
    for number in range(1, count + 1):
        incoming = _message(number)
        accepted = await services.intake.accept(tenant, "standard", f"wh-{number}", b"", incoming)
        async with services.db.reading() as conn:
            callers.append(await caller_for(conn, tenant, accepted.ticket_id, person.id))
    return callers


def _message(number: int) -> IncomingMessage:
    return IncomingMessage.model_validate(
        {
            "ticket": {"external_id": f"T-{number}"},
            "customer": {"external_id": f"cus_{number}", "email": f"{number}@example.com", "name": "Ada", "verified": True},
            "message": {"external_id": f"m-{number}", "text": "It arrived broken.", "sent_at": wall_clock().isoformat()},
        }
    )


def _subject(number: int, caller: Caller) -> Subject:
    order = _order(number)
    return Subject(caller.ticket, f"cus_{number}", order["id"], f"pm_{number}", f"fp_{number}", json.dumps(order))


def _customer(number: int) -> dict[str, Any]:
    card = {"id": f"pm_{number}", "kind": "card", "brand": "visa", "last4": "4242", "fingerprint": f"fp_{number}"}
    return {
        "id": f"cus_{number}",
        "email": f"{number}@example.com",
        "name": {"first": "Ada", "last": "Byron"},
        "address": _ADDRESS,
        "payment_methods": [card],
    }


def _order(number: int) -> dict[str, Any]:
    line = {"id": "line_1", "variant_id": "lamp-black", "product_id": "lamp", "name": "Desk Lamp", "price_minor": 4_500}
    payment = {"id": f"pay_{number}", "method_id": f"pm_{number}", "amount_minor": 4_500, "kind": "capture"}
    return {
        "id": f"D-{100_000 + number}",
        "customer_id": f"cus_{number}",
        "status": "delivered",
        "placed_at": "2026-11-01T10:00:00Z",
        "address": _ADDRESS,
        "items": [{**line, "options": {"colour": "black"}}],
        "payments": [{**payment, "at": "2026-11-01T10:00:00Z"}],
        "shipments": [],
    }


_ADDRESS = {"line1": "14 Harbour Street", "city": "Portland", "postal_code": "04101", "country": "US"}
