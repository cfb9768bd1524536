"""Crowds on PostgreSQL: a hundred votes, fifty refunds, a switch among five hundred; one winner, exact books, no deadlock."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import event

from service.errors import AlreadyDecided
from service.store.people import Person, Role
from tests.conftest import StandingClock
from tests.store.crowd import Crowd, Doing, crowd, many
from tests.tools.world import World, build_world
from tools.backends.shop import Fault
from tools.limits import MoneyLimits
from tools.ports import ActionStatus, Caller

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("postgres")]

WANTED = {"currency": "USD", "reason": "damaged"}


@pytest.fixture
async def world(postgres_url: str, clock: StandingClock) -> AsyncIterator[World]:
    """A world whose two databases are one server."""
    async with build_world(postgres_url, postgres_url, clock) as built:
        yield built


@pytest.fixture
async def callers(world: World) -> AsyncIterator[Crowd]:
    """Many callers of that world."""
    async with crowd(world) as gathered:
        yield gathered


async def test_of_a_hundred_people_who_vote_at_once_one_decides(world: World, callers: Crowd) -> None:
    args = {**WANTED, "order_id": "D-100003", "amount_minor": 90_000}
    waiting = await world.confirmed(await world.ticket(), "issue_refund", args)
    people = [await world.person() for _ in range(100)]
    choices = ["approve", "deny"] * 50

    def vote(person: Person, choice: str) -> Doing:
        return lambda one: one.vote(person, waiting.action, choice)

    results = await callers.at_once([vote(person, choice) for person, choice in zip(people, choices, strict=True)])
    assert Counter(type(result).__name__ for result in results) == {"AlreadyDecided": 99, "Decided": 1}
    (state,) = [result.state for result in results if not isinstance(result, BaseException)]
    assert (await world.approval_of(waiting.action)).state == state
    assert callers.busiest >= 24


async def test_a_person_who_clicks_a_hundred_times_has_one_of_two_votes(world: World, callers: Crowd) -> None:
    args = {**WANTED, "order_id": "D-100004", "amount_minor": 510_000}
    waiting = await world.confirmed(await world.ticket(), "issue_refund", args)
    person = await world.person()
    results = await callers.at_once([lambda one: one.vote(person, waiting.action)] * 100)
    (vote,) = [result for result in results if not isinstance(result, AlreadyDecided)]
    assert (vote.state, vote.votes, vote.votes_needed) == ("pending", 1, 2)
    assert (await world.approval_of(waiting.action)).state == "pending"


async def test_of_fifty_refunds_of_most_of_one_payment_one_is_paid(world: World, callers: Crowd) -> None:
    args = {**WANTED, "order_id": "D-100006", "amount_minor": 24_000}
    results = await callers.at_once([_refund(await _person_on(world), args) for _ in range(50)])
    assert Counter((result.ok, result.code) for result in results) == {(True, None): 1, (False, "over_refund"): 49}
    assert [entry.amount_minor for entry in await world.books()] == [24_000]
    assert await world.balances() == {"merchant_funds": -24_000, "refunds_paid": 24_000}
    assert callers.busiest >= 24


async def test_no_refund_is_sent_after_its_switch_was_thrown_among_five_hundred(world: World, callers: Crowd) -> None:
    await callers.add_tenant("many", many(customers=100, orders_each=5, paid_minor=5_000))
    somebody = await world.person(Role.AGENT, "many")
    people = [world.as_person(await world.ticket(f"cus_{number}", "many"), somebody) for number in range(1, 101)]
    wanted = [
        (person, {**WANTED, "order_id": f"D-{number}-{place}", "amount_minor": 100})
        for place in range(1, 6)
        for number, person in enumerate(people, start=1)
    ]
    enough = _after_effects(world, callers, 100)
    throwing = asyncio.create_task(_throw(world, people[0], enough))
    results = await callers.at_once([_refund(person, args) for person, args in wanted])
    stood, listed = await throwing
    assert {(result.ok, result.code) for result in results} == {(True, None), (False, "killed")}
    rows, booked = await world.all_actions(), {entry.key for entry in await world.books("many")}
    assert {row.status for row in rows} == {ActionStatus.SUCCEEDED, ActionStatus.REFUSED}
    acted = {row.id for row in rows if row.key in booked}
    assert {row.id for row in rows if row.status == ActionStatus.SUCCEEDED} == acted
    assert acted == {name for name, status in stood.items() if status in ("sent", "unknown", "succeeded")}
    # What had been sent may have been settled between the list and the commit; settling waits for no switch.
    assert {name for name, status in stood.items() if status in ("reserved", "sent", "unknown")} <= listed <= set(stood)
    assert 100 <= len(acted) < 500
    assert await world.balances() == {"merchant_funds": -100 * len(acted), "refunds_paid": 100 * len(acted)}
    assert callers.busiest >= 24


async def test_a_clients_request_that_arrives_twice_at_once_is_one_refund(world: World, callers: Crowd) -> None:
    await callers.add_tenant("many", many(customers=25, orders_each=1, paid_minor=5_000))
    people = [await _person_on(world, f"cus_{number}", "many") for number in range(1, 26)]
    twice = [(person, number) for number, person in enumerate(people, start=1) for _ in range(2)]
    doings = [_refund(person, {**WANTED, "order_id": f"D-{n}-1", "amount_minor": 700}) for person, n in twice]
    results = await callers.at_once(doings)
    assert not [result for result in results if isinstance(result, BaseException)]
    pairs = list(zip(results[::2], results[1::2], strict=True))
    assert all(first.action.id == second.action.id for first, second in pairs)
    assert all(first.ok or second.ok for first, second in pairs)
    assert len({entry.key for entry in await world.books("many")}) == len(await world.books("many")) == 25
    assert await world.balances() == {"merchant_funds": -25 * 700, "refunds_paid": 25 * 700}


async def test_two_tickets_of_one_customer_at_once_share_one_window(world: World, callers: Crowd) -> None:
    """Twenty-five customers in one rush; for each, one refund fits under the cap and two do not."""
    await callers.add_tenant("many", many(customers=25, orders_each=2, paid_minor=90_000))
    world.policy = world.policy.model_copy(update={"limits": {"USD": MoneyLimits(tenant_day_cap=10_000_000)}})
    doings = []
    for number in range(1, 26):
        for place in (1, 2):
            person = await _person_on(world, f"cus_{number}", "many")
            doings.append(_refund(person, {**WANTED, "order_id": f"D-{number}-{place}", "amount_minor": 30_000}))
    for one in callers.worlds:
        one.policy = world.policy
    results = await callers.at_once(doings)
    outcomes = [sorted((result.ok, result.rule) for result in pair) for pair in zip(results[::2], results[1::2], strict=True)]
    assert outcomes == [[(False, "refund.window_cap"), (True, None)]] * 25
    assert await world.balances() == {"merchant_funds": -25 * 30_000, "refunds_paid": 25 * 30_000}


async def test_refunds_of_many_customers_at_once_share_the_merchants_day(world: World, callers: Crowd) -> None:
    """They meet in nothing but the tenant and the date; four fit under the day's cap."""
    await callers.add_tenant("many", many(customers=40, orders_each=1, paid_minor=90_000))
    policy = world.policy.model_copy(update={"limits": {"USD": MoneyLimits(tenant_day_cap=100_000)}})
    for one in (world, *callers.worlds):
        one.policy = policy
    people = [await _person_on(world, f"cus_{number}", "many") for number in range(1, 41)]
    wanted = [{**WANTED, "order_id": f"D-{number}-1", "amount_minor": 25_000} for number in range(1, 41)]
    results = await callers.at_once([_refund(person, args) for person, args in zip(people, wanted, strict=True)])
    assert Counter((result.ok, result.rule) for result in results) == {(True, None): 4, (False, "refund.tenant_day_cap"): 36}
    assert await world.balances() == {"merchant_funds": -100_000, "refunds_paid": 100_000}
    assert callers.busiest >= 24


def _refund(person: Caller, args: dict[str, Any]) -> Doing:
    """The refund as a request of this person; the same arguments on the same ticket are the same request."""
    origin = f"request:{args['order_id']}"
    return lambda one: one.runner.call(person, "issue_refund", args, origin, confirmed=True)


async def _person_on(world: World, customer: str = "cus_ada", tenant: str = "default") -> Caller:
    """Somebody who works on a new ticket of this customer."""
    return world.as_person(await world.ticket(customer, tenant), await world.person(Role.AGENT, tenant))


def _after_effects(world: World, callers: Crowd, count: int) -> asyncio.Event:
    """Set when the shop has been asked for this many refunds."""
    reached, asked = asyncio.Event(), 0

    async def counted() -> None:
        nonlocal asked
        asked += 1
        if asked == count:
            reached.set()

    for one in callers.worlds:
        one.shops["many"].script("refund", *[Fault("none", before=counted)] * 500)
    return reached


async def _throw(world: World, person: Caller, when: asyncio.Event) -> tuple[dict[str, str], set[str]]:
    """Throw the switch; returns how every action stood while the throw held the switch, and what it listed as in flight."""
    admin, stood = await world.person(Role.ADMIN, "many"), {}
    own = world.process(1)

    def look(conn: Any) -> None:
        cursor = conn.connection.cursor()
        cursor.execute("select id, status from actions")
        stood.update(cursor.fetchall())
        cursor.close()

    event.listen(own.database.engine.sync_engine, "commit", look)
    await when.wait()
    _, listed = await own.switches.throw(person.tenant, "tool", "issue_refund", True, "incident", admin.id)
    await own.database.close()
    return stood, {str(one.id) for one in listed}
