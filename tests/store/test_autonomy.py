"""Levels of autonomy in the books: what the machine may do, who may change it, from when it holds, and what the record says."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update

from service.errors import Forbidden, Invalid, NotFound
from service.store import audit, autonomy_record, people, switches
from service.store.autonomy import Autonomy, LevelMoved, LevelRow
from service.store.invariants.checking import broken
from service.store.invariants.decisions import DECISIONS
from service.store.money_schema import actions
from service.store.people import Person, Role
from service.store.schema import tickets
from tests.conftest import StandingClock
from tests.tools.goods import NEW_ADDRESS
from tests.tools.world import World, build_world
from tools.autonomy import Level, Outcome, Record
from tools.limits import MoneyLimits, Policy, ToolLimit
from tools.ports import Caller, Lane, PersonId, TenantName, ToolResult

REFUND = {"order_id": "D-100001", "amount_minor": 1_999, "currency": "USD", "reason": "damaged"}
SMALL = {**REFUND, "amount_minor": 100}


@pytest.fixture
async def world(database_url: str, tmp_path: Path, clock: StandingClock) -> AsyncIterator[World]:
    """A world on each database in turn."""
    shop_url = database_url if database_url.startswith("postgresql") else f"sqlite:///{tmp_path / 'shop.db'}"
    async with build_world(database_url, shop_url, clock) as built:
        yield built


async def put(world: World, level: Level, tool: str = "issue_refund", admin: Person | None = None) -> LevelRow:
    """An admin sets a level."""
    person = admin or await world.person(Role.ADMIN)
    return await Autonomy(world.database, world.clock).change(person, world.policy, tool, level, "We decided so.")


async def record(world: World, tool: str = "issue_refund") -> Record:
    """The tool's record so far."""
    async with world.database.reading() as conn:
        found = await autonomy_record.records(conn, TenantName("default"), world.clock() - timedelta(days=90))
    return found.get(tool, Record())


async def by_hand(world: World, caller: Caller, args: dict[str, object], origin: str = "hand-1") -> ToolResult:
    """A person does it, and attests the customer's yes."""
    person = world.as_person(caller, await world.person(Role.AGENT))
    return await world.runner.call(person, "issue_refund", args, origin, confirmed=True)


async def test_a_watched_tool_says_what_it_would_do_and_a_person_does_it(world: World) -> None:
    await put(world, Level.OBSERVE)
    caller = await world.ticket()
    watched = await world.runner.call(caller, "issue_refund", REFUND, "o-1")
    assert (watched.code, watched.rule) == ("approval_required", "autonomy.observe")
    assert watched.action is not None
    assert watched.action.facts["amount"] == {"amount_minor": 1_999, "currency": "USD"}
    assert not (await world.runner.resume(caller, watched.action.id)).ok
    assert (await world.books(), await world.balances()) == ((), {})
    assert (await by_hand(world, caller, REFUND)).ok
    assert len(await world.books()) == 1


async def test_a_tool_on_approval_waits_for_a_vote_however_small_it_is(world: World) -> None:
    await put(world, Level.APPROVE_ALL)
    caller = await world.ticket()
    waiting = await world.confirmed(caller, "issue_refund", SMALL)
    assert (waiting.needs_approval, waiting.rule) == (True, "autonomy.approve_all")
    assert await world.books() == ()
    await world.vote(await world.person(), waiting.action)
    assert waiting.action is not None
    assert (await world.runner.resume(caller, waiting.action.id)).ok


async def test_what_a_machine_wants_that_a_person_let_in_waits_for_a_vote_like_any_machines(world: World) -> None:
    await put(world, Level.APPROVE_ALL)
    turn, ann = await world.ticket(lane=Lane.AGENT), await world.person(Role.AGENT)
    guest = replace(turn, person=PersonId(ann.id), fence=None, event_seq=None, seen_seq=None, asks=True)
    asked = await world.runner.call(guest, "issue_refund", SMALL, "mcp:1")
    assert asked.action is not None
    assert (asked.needs_confirmation, asked.action.requester) == (True, f"person:{ann.id}")
    await world.says_yes(asked.action)
    waiting = await world.runner.resume(turn, asked.action.id)
    assert (waiting.needs_approval, waiting.rule) == (True, "autonomy.approve_all")
    assert await world.books() == ()


async def test_a_change_that_moves_no_money_waits_for_a_vote_too(world: World) -> None:
    await put(world, Level.APPROVE_ALL, "change_customer_address")
    waiting = await world.confirmed(await world.ticket(), "change_customer_address", {"address": NEW_ADDRESS})
    assert (waiting.needs_approval, waiting.rule) == (True, "autonomy.approve_all")


@pytest.mark.parametrize(("level", "rule"), [(Level.APPROVE_ALL, "autonomy.approve_all"), (Level.OBSERVE, "autonomy.observe")])
async def test_a_lowered_level_holds_for_what_waited_for_the_customer(world: World, level: Level, rule: str) -> None:
    caller = await world.ticket()
    asked = await world.runner.call(caller, "issue_refund", REFUND, "o-1")
    await world.says_yes(asked.action)
    await put(world, level)
    assert asked.action is not None
    result = await world.runner.resume(caller, asked.action.id)
    assert (result.ok, result.rule) == (False, rule)
    assert await world.books() == ()


async def test_votes_given_before_a_tool_was_put_under_watch_do_not_move_money(world: World) -> None:
    caller = await world.ticket()
    waiting = await world.confirmed(caller, "issue_refund", {**REFUND, "order_id": "D-100003", "amount_minor": 90_000})
    await world.vote(await world.person(), waiting.action)
    await put(world, Level.OBSERVE)
    assert waiting.action is not None
    result = await world.runner.resume(caller, waiting.action.id)
    assert (result.ok, result.rule) == (False, "autonomy.observe")
    assert await world.books() == ()


async def test_auto_acts_alone_above_the_lower_cap_and_inside_the_window(world: World) -> None:
    world.policy = Policy(limits={"USD": MoneyLimits(window_cap=100_000)})
    large = {**REFUND, "order_id": "D-100003", "amount_minor": 90_000}
    await put(world, Level.AUTO)
    assert (await world.confirmed(await world.ticket(), "issue_refund", large)).ok
    more = await world.confirmed(
        await world.ticket(), "issue_refund", {**REFUND, "amount_minor": 4_000, "order_id": "D-100001"}
    )
    assert more.ok
    over = await world.confirmed(await world.ticket(), "issue_refund", {**large, "order_id": "D-100004", "amount_minor": 7_000})
    assert (over.needs_approval, over.rule) == (True, "refund.window_cap")


async def caps_broken(world: World) -> list[str]:
    """What an audit says of money above the caps."""
    async with world.database.reading() as conn:
        found = await broken(conn, "default", world.policy, DECISIONS)
    return [one.name for one in found]


@pytest.mark.parametrize("by_settings", [True, False])
async def test_an_audit_reports_no_missing_votes_for_what_auto_did_alone(world: World, by_settings: bool) -> None:
    limits = {"USD": MoneyLimits(window_cap=100_000)}
    world.policy = Policy(limits=limits, autonomy={"issue_refund": Level.AUTO} if by_settings else {})
    if not by_settings:
        await put(world, Level.AUTO)
    done = await world.confirmed(
        await world.ticket(), "issue_refund", {**REFUND, "order_id": "D-100003", "amount_minor": 90_000}
    )
    assert done.ok
    assert await caps_broken(world) == []


async def test_an_audit_reports_missing_votes_where_a_tool_was_not_on_auto_at_that_time(world: World) -> None:
    world.policy = Policy(limits={"USD": MoneyLimits(window_cap=100_000)})
    await put(world, Level.AUTO)
    done = await world.confirmed(
        await world.ticket(), "issue_refund", {**REFUND, "order_id": "D-100003", "amount_minor": 90_000}
    )
    await put(world, Level.AUTO, "cancel_order")
    assert done.action is not None
    for requester, lane, days, said in (
        ("bot", "agent", 0, []),
        ("bot", "workflow", 3, ["I3.caps"]),
        ("bot", "workflow", -3, ["I3.caps"]),
        ("person:ann", "human", 0, ["I3.caps"]),
    ):
        at = world.clock() + timedelta(days=days)
        changed = {"requester": requester, "lane": lane, "reserved_at": at, "sent_at": at}
        async with world.database.begin() as conn:
            await conn.execute(update(actions).where(actions.c.id == done.action.id).values(changed))
        if days > 0:
            world.clock.advance(days=1)  # type: ignore[attr-defined]
            await put(world, Level.APPROVE_OVER_CAP)
        assert await caps_broken(world) == said, (requester, lane, days)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
async def test_only_an_admin_changes_a_level(world: World, role: Role) -> None:
    with pytest.raises(Forbidden):
        await put(world, Level.AUTO, admin=await world.person(role))
    assert (await world.confirmed(await world.ticket(), "issue_refund", REFUND)).ok


async def test_an_admin_who_is_none_any_more_changes_nothing(world: World) -> None:
    admin = await world.person(Role.ADMIN)
    async with world.database.begin() as conn:
        await people.change_role(conn, admin, Role.SUPERVISOR, "system", world.clock())
    with pytest.raises(Forbidden):
        await put(world, Level.AUTO, admin=admin)


async def test_a_change_needs_a_reason_a_tool_that_acts_and_a_fresh_look(world: World) -> None:
    levels, admin = Autonomy(world.database, world.clock), await world.person(Role.ADMIN)
    with pytest.raises(Invalid):
        await levels.change(admin, world.policy, "issue_refund", Level.AUTO, "  ")
    for tool in ("find_orders", "no_such_tool"):
        with pytest.raises(NotFound):
            await levels.change(admin, world.policy, tool, Level.AUTO, "why not")
    await put(world, Level.OBSERVE)
    with pytest.raises(LevelMoved):
        await levels.change(admin, world.policy, "issue_refund", Level.AUTO, "earned", was=Level.APPROVE_OVER_CAP)
    assert [row.level for row in await levels.all(admin.tenant, world.policy) if row.tool == "issue_refund"] == [Level.OBSERVE]


async def test_who_changed_a_level_when_and_why_is_in_the_tenants_journal(world: World) -> None:
    admin = await world.person(Role.ADMIN)
    await put(world, Level.OBSERVE, admin=admin)
    async with world.database.reading() as conn:
        newest = (await audit.newest(conn, "default", None, 1))[0]
    assert (newest.kind, newest.actor, newest.at) == ("autonomy.changed", f"person:{admin.id}", world.clock())
    assert newest.data == {
        "tool": "issue_refund",
        "from": "approve_over_cap",
        "to": "observe",
        "reason": "We decided so.",
    }


async def test_levels_of_another_tenant_are_its_own(world: World) -> None:
    await world.add_tenant("acme")
    await put(world, Level.OBSERVE)
    assert (await world.confirmed(await world.ticket(tenant="acme"), "issue_refund", REFUND)).ok


async def test_the_record_tells_how_people_decided(world: World) -> None:
    await put(world, Level.APPROVE_ALL)
    supervisor = await world.person()
    callers = [await world.ticket() for _ in range(4)]
    amounts = (100, 200, 300, 400)
    waiting = [
        await world.confirmed(caller, "issue_refund", {**REFUND, "amount_minor": amount})
        for caller, amount in zip(callers, amounts, strict=True)
    ]
    await world.vote(supervisor, waiting[0].action)
    assert waiting[0].action is not None
    assert (await world.runner.resume(callers[0], waiting[0].action.id)).ok
    await world.vote(supervisor, waiting[1].action, "deny")
    await world.vote(supervisor, waiting[2].action, "deny")
    changed = await by_hand(world, callers[2], {**REFUND, "amount_minor": 250})
    await world.vote(await world.person(), changed.action)
    assert changed.action is not None
    assert (await world.runner.resume(callers[2], changed.action.id)).ok
    found = await record(world)
    counts = [found.count(outcome) for outcome in (Outcome.AS_PROPOSED, Outcome.DENIED, Outcome.CHANGED)]
    assert (counts, found.waiting, found.alone) == ([1, 1, 1], 1, 0)


async def test_the_record_of_a_watched_tool_compares_it_with_what_people_did(world: World) -> None:
    await put(world, Level.OBSERVE)
    callers = [await world.ticket() for _ in range(4)]
    for number, caller in enumerate(callers):
        for origin in ("o-1", "o-2"):
            await world.runner.call(caller, "issue_refund", {**REFUND, "amount_minor": 100 * (number + 1)}, origin)
    assert (await by_hand(world, callers[0], {**REFUND, "amount_minor": 100})).ok
    other = await by_hand(world, callers[1], {**REFUND, "amount_minor": 250})
    assert other.ok
    async with world.database.begin() as conn:
        await conn.execute(update(tickets).where(tickets.c.id == callers[2].ticket).values(status="resolved"))
    found = await record(world)
    counts = [found.count(outcome) for outcome in (Outcome.AS_PROPOSED, Outcome.CHANGED, Outcome.DENIED)]
    assert (counts, found.waiting) == ([1, 1, 1], 1)


async def test_what_a_person_changed_back_counts_as_reversed(world: World) -> None:
    caller = await world.ticket()
    assert (await world.confirmed(caller, "change_customer_address", {"address": NEW_ADDRESS})).ok
    before = await record(world, "change_customer_address")
    assert (before.alone, before.reversed) == (1, 0)
    person = world.as_person(caller, await world.person(Role.AGENT))
    back = {"address": {**NEW_ADDRESS, "line1": "1 Old Road"}}
    assert (await world.runner.call(person, "change_customer_address", back, "hand-1", confirmed=True)).ok
    after = await record(world, "change_customer_address")
    assert (after.alone, after.reversed) == (1, 1)


async def test_more_money_by_hand_does_not_undo_what_the_machine_paid_and_old_deeds_leave_the_record(world: World) -> None:
    caller = await world.ticket()
    assert (await world.confirmed(caller, "issue_refund", SMALL)).ok
    assert (await by_hand(world, caller, {**SMALL, "amount_minor": 250})).ok
    assert ((await record(world)).alone, (await record(world)).reversed) == (1, 0)
    world.clock.advance(days=91)  # type: ignore[attr-defined]
    assert await record(world) == Record()


async def test_a_tool_does_no_more_for_a_customer_than_its_limit(world: World, clock: StandingClock) -> None:
    world.policy = Policy(tool_limits={"issue_refund": ToolLimit(customer_day=1)})
    assert (await world.confirmed(await world.ticket(), "issue_refund", SMALL)).ok
    more = await world.runner.call(await world.ticket(), "issue_refund", {**SMALL, "amount_minor": 101}, "o-1")
    assert (more.code, more.rule) == ("rate_limited", "tool.customer_limit")
    bob = {**SMALL, "order_id": "D-200001"}
    assert (await world.confirmed(await world.ticket("cus_bob"), "issue_refund", bob)).ok
    clock.advance(hours=25)
    assert (await world.confirmed(await world.ticket(), "issue_refund", {**SMALL, "amount_minor": 102})).ok


async def test_a_tool_does_no_more_for_all_customers_than_its_limit(world: World) -> None:
    world.policy = Policy(tool_limits={"issue_refund": ToolLimit(tenant_day=1)})
    wishes = [("cus_ada", SMALL), ("cus_bob", {**SMALL, "order_id": "D-200001"})]
    callers = [await world.ticket(customer) for customer, _ in wishes]
    asked = [
        await world.runner.call(caller, "issue_refund", wish[1], "o-1") for caller, wish in zip(callers, wishes, strict=True)
    ]
    actions = [one.action for one in asked if one.action is not None]
    for action in actions:
        await world.says_yes(action)
    at_once = [world.runner.resume(caller, action.id) for caller, action in zip(callers, actions, strict=True)]
    results = await asyncio.gather(*at_once)
    assert sorted((one.ok, one.rule or "") for one in results) == [(False, "tool.tenant_limit"), (True, "")]


@pytest.mark.postgres
async def test_lowering_a_level_waits_for_the_decision_that_is_being_made(postgres_url: str, clock: StandingClock) -> None:
    async with build_world(postgres_url, postgres_url, clock) as world:
        who = switches.Who(TenantName("default"), "workflow", "issue_refund", None)
        async with world.database.begin() as conn:
            await switches.hold(conn, who)
        async with world.database.begin() as deciding:
            await switches.hold(deciding, who)
            lowering = asyncio.create_task(put(world, Level.OBSERVE))
            await _somebody_waits(world)
            assert not lowering.done()
        await lowering
    assert lowering.result().level is Level.OBSERVE


async def _somebody_waits(world: World) -> None:
    waiting = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()")
    for _ in range(2_000):
        async with world.database.reading() as conn:
            if (await conn.execute(waiting)).scalar_one():
                return
    raise AssertionError("Nobody waits for the decision.")
