"""Whose vote counts, on each database, and that one merchant's books and tickets are closed to another's."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from sqlalchemy import insert, update

from service.errors import AlreadyDecided, ApprovalExpired, ApprovalSuperseded, DigestMismatch, Forbidden, NotFound
from service.store import people
from service.store.access_schema import role_grants
from service.store.approvals import valid_votes
from service.store.money_schema import votes
from service.store.people import Role
from tests.conftest import StandingClock
from tests.store.test_actions import LARGE, REFUND
from tests.tools.world import World, build_world
from tools.errors import FencedOff
from tools.limits import MoneyLimits, Policy
from tools.ports import ApprovalId, TenantName


@pytest.fixture
async def world(database_url: str, tmp_path: Path, clock: StandingClock) -> AsyncIterator[World]:
    """A world on each database in turn."""
    shop_url = database_url if database_url.startswith("postgresql") else f"sqlite:///{tmp_path / 'shop.db'}"
    async with build_world(database_url, shop_url, clock) as built:
        yield built


async def test_an_approval_refuses_whoever_may_not_decide(world: World) -> None:
    waiting = await world.confirmed(await world.ticket(), "issue_refund", LARGE)
    for role in (Role.VIEWER, Role.AGENT, Role.ADMIN, Role.AUDITOR):
        with pytest.raises(Forbidden):
            await world.vote(await world.person(role), waiting.action)
    await world.add_tenant("other")
    with pytest.raises(NotFound):
        await world.vote(await world.person(tenant="other"), waiting.action)
    assert (await world.approval_of(waiting.action)).state == "pending"


async def test_the_same_order_card_and_customer_at_another_merchant_are_others(world: World) -> None:
    """Two shops with the very same goods: what one pays back counts for nothing at the other."""
    await world.add_tenant("lumen")
    world.policy = Policy(limits={"USD": MoneyLimits(window_cap=2_000, tenant_day_cap=2_000)})
    for tenant in ("default", "lumen"):
        assert (await world.confirmed(await world.ticket(tenant=tenant), "issue_refund", REFUND)).ok, tenant
    twin = await world.confirmed(await world.ticket(), "issue_refund", {**REFUND, "amount_minor": 2})
    assert (twin.needs_approval, twin.rule) == (True, "refund.window_cap")


async def test_a_caller_of_one_merchant_writes_on_no_ticket_of_another(world: World) -> None:
    await world.add_tenant("lumen")
    theirs = await world.ticket(tenant="lumen")
    with pytest.raises(FencedOff):
        await world.runner.call(replace(theirs, tenant=TenantName("default")), "issue_refund", REFUND, "o-1")
    assert await world.all_actions() == []
    assert await world.journal_kinds(theirs) == []


@pytest.mark.parametrize("whose", ["a supervisor", "the requester", "a former supervisor", "a later supervisor", "an agent"])
async def test_a_vote_that_got_into_the_table_counts_only_if_it_could_have_been_given(world: World, whose: str) -> None:
    """Whatever wrote the row: a vote is weighed again when the money is to move."""
    requester = await world.person()
    waiting = await world.runner.call(
        world.as_person(await world.ticket(), requester), "issue_refund", LARGE, "req-1", confirmed=True
    )
    role = Role.AGENT if whose == "an agent" else Role.SUPERVISOR
    voter = requester if whose == "the requester" else await world.person(role)
    now, approval = world.clock(), await world.approval_of(waiting.action)
    held = update(role_grants).where(role_grants.c.person_id == voter.id)
    async with world.database.begin() as conn:
        row = {"approval_id": approval.id, "person_id": voter.id, "decision": "approve", "reason": "", "at": now}
        await conn.execute(insert(votes).values(row))
        if whose == "a former supervisor":
            await conn.execute(held.values(from_at=now - timedelta(days=2), to_at=now - timedelta(days=1)))
        if whose == "a later supervisor":
            await conn.execute(held.values(from_at=now + timedelta(days=1)))
        assert await valid_votes(conn, approval.id) == (1 if whose == "a supervisor" else 0)


async def test_a_day_of_many_refunds_waits_for_people_and_operators_hear_of_it(world: World) -> None:
    world.policy = Policy(limits={"USD": MoneyLimits(tenant_day_cap=2_000)})
    assert (await world.confirmed(await world.ticket(), "issue_refund", REFUND)).ok
    bob = {**REFUND, "order_id": "D-200001", "amount_minor": 2}
    caller = await world.ticket("cus_bob")
    with structlog.testing.capture_logs() as logs:
        waiting = await world.confirmed(caller, "issue_refund", bob)
    assert (waiting.needs_approval, waiting.rule) == (True, "refund.tenant_day_cap")
    assert waiting.action is not None
    heard = [one for one in logs if one["event"] == "policy.tenant_day_reached"]
    assert heard == [
        {
            "event": "policy.tenant_day_reached",
            "log_level": "warning",
            "tenant": "default",
            "ticket_id": caller.ticket,
            "action_id": waiting.action.id,
        }
    ]


async def test_whoever_votes_is_shown_the_rule_that_asks_now(world: World) -> None:
    caller = await world.ticket()
    waiting = await world.confirmed(caller, "issue_refund", LARGE)
    assert waiting.action is not None
    assert (await world.approval_of(waiting.action)).rule == "refund.per_call_cap"
    # The merchant raises the cap for one refund, and closes a day that has paid out enough.
    world.policy = Policy(limits={"USD": MoneyLimits(one_vote_above=100_000, window_cap=100_000, tenant_day_cap=2_000)})
    with structlog.testing.capture_logs() as logs:
        for _ in range(2):
            assert (await world.runner.resume(caller, waiting.action.id)).rule == "refund.tenant_day_cap"
    asked = await world.approval_of(waiting.action)
    assert (asked.rule, asked.votes_needed, asked.state) == ("refund.tenant_day_cap", 1, "pending")
    assert [one["event"] for one in logs].count("policy.tenant_day_reached") == 1
    assert (await world.journal_kinds(caller)).count("approval.changed") == 1
    assert (await world.journal_kinds(caller)).count("approval.opened") == 1


async def test_the_rule_that_asked_for_more_votes_stays_the_reason(world: World) -> None:
    caller = await world.ticket()
    waiting = await world.confirmed(caller, "issue_refund", {**LARGE, "order_id": "D-100004", "amount_minor": 600_000})
    assert waiting.action is not None
    world.policy = Policy(limits={"USD": MoneyLimits(one_vote_above=900_000, two_votes_above=900_000, window_cap=900_000)})
    assert (await world.runner.resume(caller, waiting.action.id)).rule == "refund.tenant_day_cap"
    asked = await world.approval_of(waiting.action)
    assert (asked.rule, asked.votes_needed) == ("refund.per_call_cap", 2)


async def test_nobody_approves_their_own_request(world: World) -> None:
    supervisor = await world.person()
    caller = world.as_person(await world.ticket(), supervisor)
    waiting = await world.runner.call(caller, "issue_refund", LARGE, "req-1", confirmed=True)
    assert waiting.needs_approval
    with pytest.raises(Forbidden):
        await world.vote(supervisor, waiting.action)
    await world.vote(await world.person(), waiting.action)
    assert waiting.action is not None
    assert (await world.runner.resume(caller, waiting.action.id)).ok


async def test_a_supervisor_who_lost_the_role_decides_nothing(world: World, clock: StandingClock) -> None:
    waiting = await world.confirmed(await world.ticket(), "issue_refund", LARGE)
    supervisor = await world.person()
    async with world.database.begin() as conn:
        await people.change_role(conn, supervisor, Role.AGENT, "system", clock())
    with pytest.raises(Forbidden):
        await world.vote(supervisor, waiting.action)


async def test_one_person_has_one_vote(world: World) -> None:
    huge = {**REFUND, "order_id": "D-100004", "amount_minor": 600_000}
    waiting = await world.confirmed(await world.ticket(), "issue_refund", huge)
    supervisor = await world.person()
    await world.vote(supervisor, waiting.action)
    with pytest.raises(AlreadyDecided):
        await world.vote(supervisor, waiting.action)


async def test_an_approval_answers_what_became_of_it(world: World, clock: StandingClock) -> None:
    caller, supervisor = await world.ticket(), await world.person()
    waiting = await world.confirmed(caller, "issue_refund", LARGE, "o-1")
    row = await world.approval_of(waiting.action)
    with pytest.raises(DigestMismatch):
        await world.approvals.decide(supervisor, ApprovalId(row.id), "approve", "", "0" * 64)
    with pytest.raises(NotFound):
        await world.approvals.decide(supervisor, ApprovalId("apr_none"), "approve", "", row.digest)
    await world.vote(supervisor, waiting.action)
    with pytest.raises(AlreadyDecided):
        await world.vote(await world.person(), waiting.action)
    late = await world.confirmed(
        await world.ticket(), "issue_refund", {**REFUND, "order_id": "D-100004", "amount_minor": 60_000}
    )
    clock.advance(hours=73)
    with pytest.raises(ApprovalExpired):
        await world.vote(await world.person(), late.action)


async def test_a_refused_action_takes_its_approval_with_it(world: World) -> None:
    caller = await world.ticket()
    waiting = await world.confirmed(caller, "issue_refund", LARGE, "o-1")
    admin = await world.person(Role.ADMIN)
    await world.switches.throw(caller.tenant, "tool", "issue_refund", True, "incident", admin.id)
    assert waiting.action is not None
    assert (await world.runner.resume(caller, waiting.action.id)).code == "killed"
    with pytest.raises(ApprovalSuperseded):
        await world.vote(await world.person(), waiting.action)


async def test_an_approval_is_used_once(world: World) -> None:
    caller = await world.ticket()
    waiting = await world.confirmed(caller, "issue_refund", LARGE)
    await world.vote(await world.person(), waiting.action)
    assert waiting.action is not None
    for _ in range(3):
        assert (await world.runner.resume(caller, waiting.action.id)).ok
    assert len(await world.books()) == 1
    assert (await world.approval_of(waiting.action)).state == "used"
