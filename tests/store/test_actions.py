"""The book of actions on both databases: switches, windows, votes, the sweep, and what the ledger and the journal hold."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from service.errors import (
    Invalid,
    NotFound,
)
from service.store.money_schema import actions, ledger
from service.store.people import Role
from service.store.reconcile import reconcile, take_stranded
from service.store.workers import db_now
from tests.conftest import StandingClock
from tests.tools.goods import NEW_ADDRESS
from tests.tools.world import Died, World, build_world
from tools.backends.shop import Fault, Faulty
from tools.commerce import Capabilities
from tools.ports import ActionStatus

REFUND = {"order_id": "D-100001", "amount_minor": 1_999, "currency": "USD", "reason": "damaged"}
LARGE = {**REFUND, "order_id": "D-100003", "amount_minor": 90_000}


@pytest.fixture
async def world(database_url: str, tmp_path: Path, clock: StandingClock) -> AsyncIterator[World]:
    """A world on each database in turn; the shop lives beside it, in a file or a schema of its own."""
    shop_url = database_url if database_url.startswith("postgresql") else f"sqlite:///{tmp_path / 'shop.db'}"
    async with build_world(database_url, shop_url, clock) as built:
        yield built


async def test_money_is_held_moved_and_balanced(world: World) -> None:
    caller = await world.ticket()
    await world.confirmed(caller, "issue_refund", REFUND, "o-1")
    await world.confirmed(caller, "return_items", _return("D-100006"), "o-2")
    async with world.database.reading() as conn:
        sums = select(func.sum(ledger.c.amount_minor)).group_by(ledger.c.txn, ledger.c.currency)
        assert set((await conn.execute(sums)).scalars()) == {0}
    assert await world.balances() == {"merchant_funds": -41_999, "refunds_paid": 1_999, "refunds_accepted": 40_000}
    assert await world.journal_faults() == []


async def test_small_refunds_add_up_to_an_approval(world: World) -> None:
    first = await world.confirmed(await world.ticket(), "return_items", _return("D-100006"))
    second = await world.confirmed(await world.ticket(), "issue_refund", {**LARGE, "amount_minor": 10_001})
    assert first.ok
    assert (second.needs_approval, second.rule) == (True, "refund.window_cap")


async def test_what_people_approved_does_not_fill_the_window(world: World) -> None:
    caller = await world.ticket()
    large = await world.confirmed(caller, "issue_refund", LARGE, "o-1")
    await world.vote(await world.person(), large.action)
    assert large.action is not None
    assert (await world.runner.resume(caller, large.action.id)).ok
    assert (await world.confirmed(caller, "issue_refund", REFUND, "o-2")).ok


async def test_an_old_refund_leaves_the_window(world: World, clock: StandingClock) -> None:
    assert (await world.confirmed(await world.ticket(), "return_items", _return("D-100006"))).ok
    clock.advance(days=31)
    late = {**LARGE, "amount_minor": 50_000}
    assert (await world.confirmed(await world.ticket(), "issue_refund", late)).ok


async def test_two_customers_with_one_card_share_its_window(world: World) -> None:
    bob = {"order_id": "D-200001", "amount_minor": 30_000, "currency": "USD", "reason": "late"}
    cleo = {**bob, "order_id": "D-300001"}
    assert (await world.confirmed(await world.ticket("cus_bob"), "issue_refund", bob)).ok
    second = await world.confirmed(await world.ticket("cus_cleo"), "issue_refund", cleo)
    assert (second.needs_approval, second.rule) == (True, "refund.window_cap")


async def test_a_second_refund_of_the_same_amount_is_looked_at_by_a_person(world: World) -> None:
    assert (await world.confirmed(await world.ticket(), "issue_refund", REFUND)).ok
    again = await world.confirmed(await world.ticket(), "issue_refund", REFUND)
    assert (again.needs_approval, again.rule) == (True, "refund.possible_duplicate")


async def test_more_than_was_paid_is_refused_whoever_asks(world: World) -> None:
    assert (await world.confirmed(await world.ticket(), "issue_refund", {**REFUND, "amount_minor": 3_500})).ok
    more = await world.runner.call(await world.ticket(), "issue_refund", {**REFUND, "amount_minor": 1_501}, "o-1")
    person = world.as_person(await world.ticket(), await world.person(Role.ADMIN))
    theirs = await world.runner.call(person, "issue_refund", {**REFUND, "amount_minor": 1_501}, "o-1", confirmed=True)
    assert (more.code, more.rule) == (theirs.code, theirs.rule) == ("over_refund", "refund.conservation")


async def test_money_under_way_counts_as_spent(world: World) -> None:
    world.shops["default"].script("refund", Fault("lost_request"), Fault("lost_request"))
    doubtful = await world.confirmed(await world.ticket(), "issue_refund", {**REFUND, "amount_minor": 3_500})
    assert doubtful.in_doubt
    more = await world.runner.call(await world.ticket(), "issue_refund", {**REFUND, "amount_minor": 1_501}, "o-1")
    assert more.code == "over_refund"


async def test_a_switch_thrown_before_the_decision_refuses(world: World) -> None:
    caller = await world.ticket()
    admin = await world.person(Role.ADMIN)
    switch, running = await world.switches.throw(caller.tenant, "tool", "issue_refund", True, "incident", admin.id)
    assert (switch.on, switch.by, running) == (True, f"person:{admin.id}", ())
    result = await world.runner.call(caller, "issue_refund", REFUND, "o-1")
    assert (result.code, result.rule) == ("killed", "switch.killed")
    await world.switches.throw(caller.tenant, "tool", "issue_refund", False, "over", admin.id)
    assert (await world.runner.call(caller, "issue_refund", REFUND, "o-2")).needs_confirmation


@pytest.mark.parametrize(
    ("scope", "name"),
    [
        ("tenant", "default"),
        ("effect", "MONEY"),
        ("lane", "workflow"),
        ("tool", "issue_refund"),
        ("intent", "return_refund"),
    ],
)
async def test_a_switch_thrown_between_reservation_and_sending_stops_the_money(world: World, scope: str, name: str) -> None:
    caller = _with_intent(await world.ticket(), "return_refund")
    asked = await world.runner.call(caller, "issue_refund", REFUND, "o-1")
    await world.says_yes(asked.action)
    assert asked.action is not None
    with pytest.raises(Died):
        await world.runner_that_dies_at("before_sent").resume(caller, asked.action.id)
    assert await world.balances() == {"merchant_funds": -1_999, "refunds_reserved": 1_999}
    admin = await world.person(Role.ADMIN)
    _, running = await world.switches.throw(caller.tenant, scope, name, True, "incident", admin.id)
    assert [one.id for one in running] == [asked.action.id]
    heir = await world.new_claim(caller)
    result = await world.runner.resume(heir, asked.action.id)
    assert (result.ok, result.code, result.rule) == (False, "killed", "switch.killed")
    assert await world.books() == ()
    assert await world.balances() == {}


async def test_a_switch_on_a_tool_stops_reads_too(world: World) -> None:
    caller = await world.ticket()
    admin = await world.person(Role.ADMIN)
    await world.switches.throw(caller.tenant, "tool", "get_customer", True, "leak", admin.id)
    assert (await world.runner.call(caller, "get_customer", {}, "o-1")).code == "killed"
    assert (await world.runner.call(world.as_person(caller, admin), "get_customer", {}, "o-2")).code == "killed"
    assert (await world.runner.call(caller, "find_orders", {}, "o-3")).ok


async def test_a_switch_that_does_not_exist_cannot_be_thrown(world: World) -> None:
    caller = await world.ticket()
    admin = await world.person(Role.ADMIN)
    for scope, name in (
        ("tool", "no_such_tool"),
        ("tool", "escalate"),
        ("lane", "nobody"),
        ("tenant", "other"),
        ("effect", "READ"),
        ("galaxy", "default"),
    ):
        with pytest.raises(NotFound):
            await world.switches.throw(caller.tenant, scope, name, True, "why", admin.id)
    with pytest.raises(Invalid):
        await world.switches.throw(caller.tenant, "effect", "MONEY", True, " ", admin.id)


async def test_an_effect_that_is_switched_off_leaves_the_others(world: World) -> None:
    caller, admin = await world.ticket(), await world.person(Role.ADMIN)
    await world.switches.throw(caller.tenant, "effect", "MONEY", True, "incident", admin.id)
    assert (await world.runner.call(caller, "issue_refund", REFUND, "o-1")).code == "killed"
    address = {"order_id": "D-100002", "address": NEW_ADDRESS}
    assert (await world.runner.call(caller, "change_order_address", address, "o-2")).needs_confirmation
    await world.switches.throw(caller.tenant, "effect", "WRITE", True, "incident", admin.id)
    assert (await world.runner.call(caller, "change_customer_address", {"address": NEW_ADDRESS}, "o-3")).code == "killed"
    assert (await world.runner.call(caller, "get_order", {"order_id": "D-100002"}, "o-4")).ok


async def test_goods_are_not_sent_again_alone_while_nobody_knows_whether_the_address_was_changed(world: World) -> None:
    caller, shop = await world.ticket(), world.shops["default"]
    shop.script("change_customer_address", Fault("lost_answer"))
    shop.script("find_effect", Fault("unreachable"), Fault("unreachable"))
    changed = await world.confirmed(caller, "change_customer_address", {"address": NEW_ADDRESS})
    assert changed.in_doubt
    swap = {"item_ids": ["D-100001-i1"], "new_item_ids": ["var_3000"], "payment_method_id": "pm_ada"}
    result = await world.confirmed(await world.ticket(), "exchange_items", {"order_id": "D-100001", **swap}, "o-2")
    assert (result.needs_approval, result.rule) == (True, "money.cooldown")


async def test_the_sweep_frees_what_a_dead_turn_had_reserved(world: World) -> None:
    caller, action_id = await _stopped_at(world, "before_sent")
    assert await take_stranded(world.database, world.clock) == ()
    await world.finish_turn(caller)
    found = await reconcile(world.database, world.book, world.runner, world.clock)
    assert (found.settled, found.unknown, found.released) == (0, 0, 1)
    over = await world.runner.resume(caller, action_id)
    assert over.sentence == "This was interrupted before it was sent; nothing has been done."
    assert (await world.action(action_id)).status == ActionStatus.EXPIRED
    assert (over.code, over.rule) == ("backend_unavailable", None)
    assert await world.balances() == {}
    assert world.woken == [caller.ticket]


@pytest.mark.parametrize("boundary", ["after_sent", "after_effect"])
async def test_the_sweep_settles_what_a_dead_turn_had_sent(world: World, boundary: str) -> None:
    caller, action_id = await _stopped_at(world, boundary)
    await world.finish_turn(caller)
    found = await reconcile(world.database, world.book, world.runner, world.clock)
    assert (found.settled, found.unknown, found.released) == (1, 0, 0)
    row = await world.action(action_id)
    assert row.status == ActionStatus.SUCCEEDED
    assert [entry.key for entry in await world.books()] == [row.key]
    assert world.woken == [caller.ticket]
    assert await world.balances() == {"merchant_funds": -1_999, "refunds_paid": 1_999}


async def test_the_sweep_leaves_alone_what_a_later_turn_is_sending(world: World) -> None:
    caller, action_id = await _stopped_at(world, "before_sent")
    await world.finish_turn(caller)
    seq = await world.customer_writes(caller)
    stranded: list[Any] = []

    async def sweep() -> None:
        stranded.extend(await take_stranded(world.database, world.clock))

    world.shops["default"].script("refund", Fault(before=sweep))
    later = replace(await world.new_claim(caller), event_seq=seq, seen_seq=seq)
    assert (await world.runner.resume(later, action_id)).ok
    assert stranded == []


async def test_a_persons_request_is_left_alone_until_its_lease_ends(world: World) -> None:
    person = world.as_person(await world.ticket(), await world.person(Role.AGENT))
    with pytest.raises(Died):
        await world.runner_that_dies_at("before_sent").call(person, "issue_refund", REFUND, "req-1", confirmed=True)
    assert await take_stranded(world.database, world.clock) == ()
    await _leases_end(world)
    found = await reconcile(world.database, world.book, world.runner, world.clock)
    assert (found.settled, found.unknown, found.released) == (0, 0, 1)


async def test_an_approved_request_that_a_person_goes_on_with_is_left_alone_until_its_lease_ends(world: World) -> None:
    person = world.as_person(await world.ticket(), await world.person(Role.AGENT))
    waiting = await world.runner.call(person, "issue_refund", LARGE, "req-1", confirmed=True)
    await world.vote(await world.person(), waiting.action)
    await _leases_end(world)
    assert waiting.action is not None
    with pytest.raises(Died):
        await world.runner_that_dies_at("before_sent").resume(person, waiting.action.id)
    assert await take_stranded(world.database, world.clock) == ()
    await _leases_end(world)
    assert (await reconcile(world.database, world.book, world.runner, world.clock)).released == 1


async def test_what_stays_unknown_is_settled_when_the_shop_answers_again(world: World, clock: StandingClock) -> None:
    shop = world.shops["default"]
    shop.script("refund", Fault("lost_answer"))
    shop.script("find_effect", Fault("unreachable"))
    caller = await world.ticket()
    doubtful = await world.confirmed(caller, "issue_refund", REFUND)
    assert doubtful.in_doubt
    assert doubtful.code == "outcome_unknown"
    assert await world.balances() == {"merchant_funds": -1_999, "refunds_reserved": 1_999}
    await world.finish_turn(caller)
    clock.advance(minutes=1)
    found = await reconcile(world.database, world.book, world.runner, clock)
    assert (found.settled, found.unknown) == (1, 0)
    assert len(await world.books()) == 1
    assert world.woken == [caller.ticket]


async def test_a_shop_that_forgets_keys_is_never_asked_twice(world: World, clock: StandingClock) -> None:
    forgetful = Faulty(world.shops["default"], forgets_keys=True, capabilities=Capabilities(honours_keys=False))
    world.shops["default"] = forgetful
    forgetful.script("refund", Fault("lost_request"))
    doubtful = await world.confirmed(await world.ticket(), "issue_refund", REFUND)
    assert doubtful.in_doubt
    clock.advance(minutes=1)
    for _ in range(3):
        found = await reconcile(world.database, world.book, world.runner, clock)
        assert (found.settled, found.unknown) == (0, 1)
        await _leases_end(world)
    assert [call.method for call in forgetful.calls].count("refund") == 1
    assert len(await world.books()) == 0


async def test_one_action_that_cannot_be_looked_up_stops_no_other(world: World, clock: StandingClock) -> None:
    async def broken() -> None:
        raise RuntimeError("The adapter has a mistake.")

    first, _ = await _stopped_at(world, "after_effect")
    clock.advance(seconds=1)
    second, other = await _stopped_at(world, "after_effect", {**REFUND, "order_id": "D-100006"})
    await world.finish_turn(first)
    await world.finish_turn(second)
    world.shops["default"].script("find_effect", Fault("none", before=broken))
    found = await reconcile(world.database, world.book, world.runner, world.clock)
    assert (found.settled, found.unknown) == (1, 1)
    assert (await world.action(other)).status == ActionStatus.SUCCEEDED
    assert await take_stranded(world.database, world.clock) == ()
    await _leases_end(world)
    assert (await reconcile(world.database, world.book, world.runner, world.clock)).settled == 1


async def test_many_whose_end_nobody_knows_keep_no_newer_one_waiting(world: World, clock: StandingClock) -> None:
    older, first = await _stopped_at(world, "after_sent")
    clock.advance(seconds=1)
    newer, second = await _stopped_at(world, "after_sent", {**REFUND, "order_id": "D-100006"})
    await world.finish_turn(older)
    await world.finish_turn(newer)
    assert [one.id for one in await take_stranded(world.database, world.clock, 1)] == [first]
    async with world.database.begin() as conn:
        await conn.execute(update(actions).where(actions.c.id == first).values(lease_until=db_now(text("-1.0"))))
    assert [one.id for one in await take_stranded(world.database, world.clock, 1)] == [second]


async def _leases_end(world: World) -> None:
    async with world.database.begin() as conn:
        await conn.execute(update(actions).values(lease_until=db_now(text("-1.0"))))


async def _stopped_at(world: World, boundary: str, args: dict[str, Any] = REFUND) -> tuple[Any, Any]:
    caller = await world.ticket()
    asked = await world.runner.call(caller, "issue_refund", args, "o-1")
    await world.says_yes(asked.action)
    assert asked.action is not None
    with pytest.raises(Died):
        await world.runner_that_dies_at(boundary).resume(caller, asked.action.id)
    return caller, asked.action.id


def _return(order_id: str) -> dict[str, Any]:
    return {"order_id": order_id, "item_ids": [f"{order_id}-i1"], "refund_to": "pm_ada"}


def _with_intent(caller: Any, intent: str) -> Any:
    return replace(caller, intent=intent)
