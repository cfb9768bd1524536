"""What a customer was asked about and people voted on is what happens later, whoever goes on with it."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from service.store.money_schema import actions
from service.store.people import Role
from tests.tools.goods import NEW_ADDRESS, SHOP
from tests.tools.world import World
from tools.backends.shop import load
from tools.digest import wish
from tools.ports import ActionStatus, Caller, Effect, Lane, Proposal

LAMP = {"order_id": "D-100001", "item_ids": ["D-100001-i1"]}
LARGER = {**LAMP, "new_item_ids": ["var_3000"], "payment_method_id": "pm_ada"}
LARGE = {"order_id": "D-100003", "amount_minor": 90_000, "currency": "USD", "reason": "damaged"}


async def approved(world: World, caller: Caller, *, switch: str) -> Any:
    """A wish that waited for votes; while it did, a lane was switched off, and now it has its vote."""
    waiting = await (
        world.runner.call(caller, "issue_refund", LARGE, "r-1", confirmed=True)
        if caller.person
        else world.confirmed(caller, "issue_refund", LARGE)
    )
    assert waiting.needs_approval
    admin = await world.person(Role.ADMIN)
    await world.switches.throw(caller.tenant, "lane", switch, True, "incident", admin.id)
    await world.vote(await world.person(), waiting.action)
    return waiting.action


async def test_a_price_that_rose_since_the_yes_is_not_charged(world: World) -> None:
    caller = await world.ticket()
    asked = await world.runner.call(caller, "exchange_items", LARGER, "o-1")
    assert asked.action is not None
    assert asked.action.facts["difference"] == {"amount_minor": 1_000, "currency": "USD"}
    dearer = deepcopy(SHOP)
    dearer["products"][0]["variants"][1]["price_minor"] = 8_000
    await load(world.shop_engine, "default", dearer)
    await world.says_yes(asked.action)
    result = await world.runner.resume(caller, asked.action.id)
    assert (result.code, result.rule) == ("bad_state", "action.unchanged")
    assert await world.books() == ()


async def test_what_an_older_release_proposed_and_this_one_would_not_take_is_refused(world: World) -> None:
    caller = await world.ticket()
    asked = await world.runner.call(caller, "change_order_address", {"order_id": "D-100002", "address": NEW_ADDRESS}, "o-1")
    await world.says_yes(asked.action)
    assert asked.action is not None
    blank = {"order_id": "D-100002", "address": {**NEW_ADDRESS, "line1": " "}}
    async with world.database.begin() as conn:
        await conn.execute(update(actions).where(actions.c.id == asked.action.id).values(args=blank))
    result = await world.runner.resume(caller, asked.action.id)
    assert (result.refused, result.code) == (True, "validation")
    assert await world.books() == ()


@pytest.mark.parametrize(
    ("tool", "first", "corrected"),
    [
        ("return_items", {**LAMP, "refund_to": "pm_ada"}, {**LAMP, "refund_to": "pm_ada_credit"}),
        ("exchange_items", LARGER, {**LARGER, "new_item_ids": ["var_90000"]}),
        ("exchange_items", LARGER, {**LARGER, "payment_method_id": "pm_ada_2"}),
    ],
)
async def test_who_changes_their_mind_is_asked_about_what_they_want_now(
    world: World, tool: str, first: dict[str, Any], corrected: dict[str, Any]
) -> None:
    caller = await world.ticket()
    before = await world.runner.call(caller, tool, first, "o-1")
    now = await world.runner.call(caller, tool, corrected, "o-2")
    assert now.needs_confirmation
    assert now.action is not None
    assert now.action.args == corrected
    assert before.action is not None
    assert (await world.action(before.action.id)).status == ActionStatus.SUPERSEDED


def test_the_same_swaps_in_another_order_are_the_same_wish() -> None:
    def swapping(old: list[str], new: list[str]) -> str:
        args = {**LARGER, "item_ids": old, "new_item_ids": new}
        return wish(Proposal("o-1", "exchange_items", Effect.MONEY, args, "D-100001"))

    assert swapping(["i1", "i2"], ["a", "b"]) == swapping(["i2", "i1"], ["b", "a"])
    assert swapping(["i1", "i2"], ["a", "b"]) != swapping(["i1", "i2"], ["b", "a"])


async def test_a_persons_refund_goes_on_though_the_lane_that_resumes_it_is_switched_off(world: World) -> None:
    machine = await world.ticket(lane=Lane.AGENT)
    action = await approved(world, world.as_person(machine, await world.person(Role.AGENT)), switch="agent")
    assert (await world.runner.resume(machine, action.id)).ok


async def test_a_wish_of_a_lane_that_is_switched_off_holds_no_money_whoever_resumes_it(world: World) -> None:
    machine = await world.ticket(lane=Lane.AGENT)
    action = await approved(world, machine, switch="agent")
    result = await world.runner.resume(replace(machine, lane=Lane.WORKFLOW), action.id)
    assert (result.code, result.rule) == ("killed", "switch.killed")
    assert "action.reserved" not in await world.journal_kinds(machine)


async def test_an_action_keeps_the_grant_of_the_flow_that_wanted_it(world: World) -> None:
    wanting = replace(await world.ticket(), flow="return_refund")
    asked = await world.runner.call(wanting, "return_items", {**LAMP, "refund_to": "pm_ada"}, "o-1")
    await world.says_yes(asked.action)
    assert asked.action is not None
    assert (await world.runner.resume(replace(wanting, flow="order_status"), asked.action.id)).ok
