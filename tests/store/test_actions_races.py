"""Calls that meet at the same instant on PostgreSQL: one winner, exact books, no deadlock."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable
from typing import Any

import pytest

from service.store.people import Role
from service.store.reconcile import reconcile
from tests.conftest import StandingClock
from tests.tools.world import World, build_world
from tools.backends.shop import Fault
from tools.ports import ToolResult

pytestmark = pytest.mark.postgres

REFUND = {"order_id": "D-100001", "amount_minor": 1_999, "currency": "USD", "reason": "damaged"}
LARGE = {**REFUND, "order_id": "D-100003", "amount_minor": 90_000}


@pytest.fixture
async def world(postgres_url: str, clock: StandingClock) -> AsyncIterator[World]:
    """A world whose two databases are one server."""
    async with build_world(postgres_url, postgres_url, clock) as built:
        yield built


async def test_a_yes_and_a_no_at_once_are_one_decision(world: World) -> None:
    waiting = await world.confirmed(await world.ticket(), "issue_refund", LARGE)
    people = [await world.person() for _ in range(6)]
    choices = ["approve", "deny"] * 3
    results = await _at_once(world.vote(one, waiting.action, choice) for one, choice in zip(people, choices, strict=True))
    states = [result.state for result in results if not isinstance(result, BaseException)]
    assert len(states) == 1
    assert (await world.approval_of(waiting.action)).state == states[0]


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


async def test_an_approved_refund_that_is_resumed_four_times_at_once_is_reserved_once(world: World) -> None:
    caller = await world.ticket()
    waiting = await world.confirmed(caller, "issue_refund", LARGE)
    await world.vote(await world.person(), waiting.action)
    # Each has a connection by now, so that none waits for one while another decides.
    await _at_once(world.approval_of(waiting.action) for _ in range(4))
    results = await _at_once(world.runner.resume(caller, _action(waiting).id) for _ in range(4))
    assert [result for result in results if isinstance(result, BaseException)] == []
    kinds = await world.journal_kinds(caller)
    assert [kinds.count(f"action.{status}") for status in ("reserved", "sent", "succeeded")] == [1, 1, 1]
    assert len(await world.books()) == 1
    assert await world.balances() == {"merchant_funds": -90_000, "refunds_paid": 90_000}


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
