"""Explaining a call writes nothing, and says what then happens; on both databases."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from service.store.autonomy import Autonomy
from service.store.people import Role
from service.store.schema import metadata
from tests.conftest import StandingClock
from tests.tools.goods import NEW_ADDRESS
from tests.tools.world import World, build_world
from tools.autonomy import Level
from tools.errors import ToolError
from tools.ports import Caller, Lane, Verification
from tools.rules import RULES

REFUND = {"order_id": "D-100001", "amount_minor": 1_999, "currency": "USD", "reason": "damaged"}
SHIPPED = {"order_id": "D-100001", "reason": "no_longer_needed"}


@pytest.fixture
async def world(database_url: str, tmp_path: Path, clock: StandingClock) -> AsyncIterator[World]:
    """A world on each database in turn."""
    shop_url = database_url if database_url.startswith("postgresql") else f"sqlite:///{tmp_path / 'shop.db'}"
    async with build_world(database_url, shop_url, clock) as built:
        yield built


async def everything(world: World) -> Mapping[str, list[Any]]:
    """Every row of every table of ours, and the shop's own books."""
    async with world.database.reading() as conn:
        rows = {table.name: sorted(map(repr, await conn.execute(select(table)))) for table in metadata.sorted_tables}
    return rows | {"the shop's books": list(await world.books())}


async def _plain(world: World, caller: Caller) -> Caller:
    return caller


async def _stranger(world: World, caller: Caller) -> Caller:
    return replace(caller, verification=Verification.NONE)


async def _unknown_flow(world: World, caller: Caller) -> Caller:
    return replace(caller, flow="order_status")


async def _watched(world: World, caller: Caller) -> Caller:
    admin = await world.person(Role.ADMIN)
    await Autonomy(world.database, world.clock).change(admin, world.policy, "issue_refund", Level.OBSERVE, "We watch first.")
    return caller


async def _switched_off(world: World, caller: Caller) -> Caller:
    await world.switches.throw(caller.tenant, "tool", "issue_refund", True, "incident", (await world.person(Role.ADMIN)).id)
    return caller


async def _by_a_person(world: World, caller: Caller) -> Caller:
    return world.as_person(caller, await world.person(Role.AGENT))


@pytest.mark.parametrize(
    ("tool", "args", "prepare"),
    [
        ("issue_refund", REFUND, _plain),
        ("issue_refund", REFUND, _watched),
        ("issue_refund", REFUND, _switched_off),
        ("issue_refund", REFUND, _stranger),
        ("issue_refund", REFUND, _unknown_flow),
        ("issue_refund", REFUND, _by_a_person),
        ("issue_refund", {**REFUND, "amount_minor": 5_001}, _plain),
        ("issue_refund", {**REFUND, "currency": "EUR"}, _plain),
        ("issue_refund", {**REFUND, "order_id": "D-200001"}, _plain),
        ("cancel_order", SHIPPED, _plain),
        ("change_customer_address", {"address": NEW_ADDRESS}, _plain),
        ("add_note", {"text": "Called twice."}, _plain),
        ("find_orders", {}, _plain),
        ("find_orders", {}, _stranger),
    ],
)
async def test_what_is_explained_is_what_then_happens_and_nothing_is_written(
    world: World, tool: str, args: dict[str, Any], prepare: Any
) -> None:
    caller = await prepare(world, await world.ticket())
    before = await everything(world)
    told = await world.runner.explain(caller, tool, args)
    assert await everything(world) == before
    result = await world.runner.call(caller, tool, args, "o-1")
    if result.ok:
        assert told.verdict.decision == "allow"
    else:
        assert (told.verdict.code, told.verdict.rule) == (result.code, result.rule)
    if result.action is not None:
        assert (told.verdict.decision, dict(told.facts)) == (result.action.decision, result.action.facts)
        assert told.policy_version == result.action.policy_version


async def test_the_votes_after_the_customers_yes_are_told_beforehand(world: World) -> None:
    large = {**REFUND, "order_id": "D-100003", "amount_minor": 90_000}
    caller = await world.ticket()
    told = await world.runner.explain(caller, "issue_refund", large)
    assert told.verdict.decision == "needs_confirmation"
    assert told.after_yes is not None
    assert (told.after_yes.rule, told.after_yes.votes) == ("refund.per_call_cap", 1)
    says = {one.rule.name: one.says for one in told.rulings}
    assert [one.rule.name for one in told.rulings] == [rule.name for rule in RULES]
    assert says["money.confirmation"] == "asks the customer"
    assert says["refund.per_call_cap"] == says["refund.window_cap"] == "asks for 1 vote"
    assert says["refund.conservation"] == "passes"
    assert [one.rule.name for one in told.rulings if one.decides] == ["money.confirmation"]
    asked = await world.confirmed(caller, "issue_refund", large)
    assert (asked.needs_approval, asked.rule) == (True, told.after_yes.rule)


async def test_a_wish_that_is_live_already_is_told_as_the_action_it_would_meet(world: World) -> None:
    caller = await world.ticket()
    live = await world.runner.call(caller, "issue_refund", REFUND, "o-1")
    told = await world.runner.explain(caller, "issue_refund", REFUND)
    assert told.meets == live.action
    assert (await world.runner.explain(caller, "issue_refund", {**REFUND, "amount_minor": 5})).meets is None


async def test_every_rule_that_refuses_is_listed_and_the_first_decides(world: World) -> None:
    await _switched_off(world, await world.ticket())
    await _watched(world, await world.ticket())
    told = await world.runner.explain(await world.ticket(lane=Lane.AGENT), "issue_refund", REFUND)
    assert (told.verdict.rule, [one.rule.name for one in told.rulings if one.decides]) == ("switch.killed", ["switch.killed"])


async def test_what_is_no_call_at_all_cannot_be_explained(world: World) -> None:
    for tool, args in (("refund_everybody", {}), ("issue_refund", {"order_id": "D-100001"}), ("issue_refund", {"a": 1})):
        with pytest.raises(ToolError):
            await world.runner.explain(await world.ticket(), tool, args)
