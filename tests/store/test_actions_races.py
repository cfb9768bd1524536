"""Calls that meet at the same instant on PostgreSQL: one winner, exact books, no deadlock."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable
from typing import Any

import pytest

from service.errors import AlreadyDecided
from service.store.people import Role
from service.store.reconcile import reconcile
from tests.conftest import StandingClock
from tests.tools.world import World, build_world
from tools.backends.shop import Fault
from tools.ports import ActionStatus, ToolResult

pytestmark = pytest.mark.postgres

REFUND = {"order_id": "D-100001", "amount_minor": 1_999, "currency": "USD", "reason": "damaged"}
LARGE = {**REFUND, "order_id": "D-100003", "amount_minor": 90_000}


@pytest.fixture
async def world(postgres_url: str, clock: StandingClock) -> AsyncIterator[World]:
    """A world whose two databases are one server."""
    async with build_world(postgres_url, postgres_url, clock) as built:
        yield built


async def test_two_approvers_at_once_are_one_decision(world: World) -> None:
    waiting = await world.confirmed(await world.ticket(), "issue_refund", LARGE)
    people = [await world.person() for _ in range(8)]
    results = await _at_once(world.vote(one, waiting.action) for one in people)
    assert [type(result) for result in results].count(AlreadyDecided) == 7
    assert sum(getattr(result, "state", "") == "approved" for result in results) == 1


async def test_a_yes_and_a_no_at_once_are_one_decision(world: World) -> None:
    waiting = await world.confirmed(await world.ticket(), "issue_refund", LARGE)
    people = [await world.person() for _ in range(6)]
    choices = ["approve", "deny"] * 3
    results = await _at_once(world.vote(one, waiting.action, choice) for one, choice in zip(people, choices, strict=True))
    states = [result.state for result in results if not isinstance(result, BaseException)]
    assert len(states) == 1
    assert (await world.approval_of(waiting.action)).state == states[0]


async def test_the_same_request_twice_at_once_is_one_refund(world: World) -> None:
    caller = world.as_person(await world.ticket(), await world.person(Role.AGENT))
    results = await _at_once(world.runner.call(caller, "issue_refund", REFUND, "req-1", confirmed=True) for _ in range(8))
    assert {_action(result).id for result in results} == {_action(results[0]).id}
    assert len(await world.books()) == 1
    assert await world.balances() == {"merchant_funds": -1_999, "refunds_paid": 1_999}


async def test_the_same_refund_on_two_tickets_at_once_is_paid_once_without_a_person(world: World) -> None:
    people = [world.as_person(await world.ticket(), await world.person(Role.AGENT)) for _ in range(5)]
    results = await _at_once(world.runner.call(caller, "issue_refund", REFUND, "req-1", confirmed=True) for caller in people)
    assert sorted((result.ok, result.rule) for result in results) == [
        (False, "refund.possible_duplicate"),
        (False, "refund.possible_duplicate"),
        (False, "refund.possible_duplicate"),
        (False, "refund.possible_duplicate"),
        (True, None),
    ]
    assert len(await world.books()) == 1


async def test_refunds_of_one_payment_at_once_never_pass_what_was_paid(world: World) -> None:
    args = {**REFUND, "order_id": "D-100006", "amount_minor": 24_000}
    callers = [world.as_person(await world.ticket(), await world.person(Role.AGENT)) for _ in range(10)]
    results = await _at_once(world.runner.call(caller, "issue_refund", args, "req-1", confirmed=True) for caller in callers)
    assert [result.ok for result in results].count(True) == 1
    assert {result.code for result in results if not result.ok} == {"over_refund"}
    assert [entry.amount_minor for entry in await world.books()] == [24_000]


async def test_two_tickets_of_one_customer_share_one_window(world: World) -> None:
    orders = ["D-100003", "D-100004", "D-100006"]
    callers = [world.as_person(await world.ticket(), await world.person(Role.AGENT)) for _ in orders]
    results = await _at_once(
        world.runner.call(caller, "issue_refund", {**REFUND, "order_id": order, "amount_minor": 30_000}, "r", confirmed=True)
        for caller, order in zip(callers, orders, strict=True)
    )
    assert sorted((result.ok, result.rule) for result in results) == [
        (False, "refund.window_cap"),
        (False, "refund.window_cap"),
        (True, None),
    ]


async def test_two_customers_with_one_card_share_one_window(world: World) -> None:
    bob = world.as_person(await world.ticket("cus_bob"), await world.person(Role.AGENT))
    cleo = world.as_person(await world.ticket("cus_cleo"), await world.person(Role.AGENT))
    wanted = {"amount_minor": 30_000, "currency": "USD", "reason": "late"}
    results = await _at_once(
        [
            world.runner.call(bob, "issue_refund", {**wanted, "order_id": "D-200001"}, "r", confirmed=True),
            world.runner.call(cleo, "issue_refund", {**wanted, "order_id": "D-300001"}, "r", confirmed=True),
        ]
    )
    assert [result.ok for result in results].count(True) == 1


async def test_nothing_is_decided_or_sent_after_its_switch_was_thrown(world: World) -> None:
    admin = await world.person(Role.ADMIN)
    callers = [world.as_person(await world.ticket(), await world.person(Role.AGENT)) for _ in range(12)]
    args = {"order_id": "D-100001", "currency": "USD", "reason": "damaged"}

    async def refund(number: int) -> ToolResult:
        await asyncio.sleep(0)
        wanted = {**args, "amount_minor": 100 + number}
        return await world.runner.call(callers[number], "issue_refund", wanted, "r", confirmed=True)

    async def throw() -> Any:
        return await world.switches.throw(callers[0].tenant, "tool", "issue_refund", True, "incident", admin.id)

    results = await _at_once([*(refund(n) for n in range(6)), throw(), *(refund(n) for n in range(6, 12))])
    assert not [result for result in results if isinstance(result, BaseException)]
    switch, running = next(result for result in results if isinstance(result, tuple))
    after = [await world.runner.call(callers[0], "issue_refund", {**args, "amount_minor": 7}, "late", confirmed=True)]
    assert switch.on
    assert after[0].code == "killed"
    in_flight = {one.id for one in running}
    rows = {row.id: row for row in await world.all_actions()}
    for result in results:
        if isinstance(result, ToolResult) and result.ok:
            row = rows[_action(result).id]
            assert row.id in in_flight or row.status == ActionStatus.SUCCEEDED
    sent = [row for row in rows.values() if row.status == ActionStatus.SUCCEEDED]
    assert len(sent) == len(await world.books())
    assert sum(row.amount_minor for row in sent) == (await world.balances()).get("refunds_paid", 0)


async def test_the_sweep_and_the_turn_that_look_up_one_action_settle_it_once(world: World) -> None:
    shop = world.shops["default"]
    shop.script("refund", Fault("lost_answer"))
    shop.script("find_effect", Fault("unreachable"))
    caller = await world.ticket()
    doubtful = await world.confirmed(caller, "issue_refund", REFUND)
    await world.finish_turn(caller)
    world.clock.advance(minutes=1)  # type: ignore[attr-defined]
    await _at_once(
        [
            *(reconcile(world.database, world.book, world.runner, world.clock) for _ in range(3)),
            *(world.runner.resume(caller, _action(doubtful).id) for _ in range(3)),
        ]
    )
    assert len(await world.books()) == 1
    assert await world.balances() == {"merchant_funds": -1_999, "refunds_paid": 1_999}
    assert (await world.journal_kinds(caller)).count("action.succeeded") == 1


def _action(result: Any) -> Any:
    assert isinstance(result, ToolResult), result
    assert result.action is not None
    return result.action


async def _at_once(calls: Iterable[Awaitable[Any]]) -> list[Any]:
    """All calls together; an exception is a result like another."""
    return await asyncio.gather(*calls, return_exceptions=True)
