"""A tool that is only being watched: people see on the ticket what the machine would have done, and do it by hand, or not."""

import re

from sqlalchemy import select

from service.store.callers import bot_for
from service.store.money_schema import actions
from service.store.people import Role
from tests.console.world import Browser, World
from tools.ports import Lane, TenantName, ToolResult

SMALL = {"order_id": "D-100004", "amount_minor": 1_900, "currency": "USD", "reason": "damaged"}


async def watch(world: World) -> None:
    """Refunds are put under watch."""
    admin = await world.browser(Role.ADMIN)
    was = {"tool": "issue_refund", "level": "observe", "was": "approve_over_cap", "reason": "We watch first."}
    assert (await admin.post("/console/policy/autonomy", **was)).status_code == 303


async def machine_wants(world: World, ticket: str, args: dict[str, object] = SMALL) -> ToolResult:
    """A machine wants a refund on the ticket."""
    async with world.services.db.reading() as conn:
        caller = await bot_for(conn, TenantName("default"), ticket, Lane.AGENT)
    count = len(await world.rows(actions))
    return await world.services.runner.call(caller, "issue_refund", args, f"o-{count}")


def card(page: str) -> str:
    """What the page says of a watched wish, empty for none."""
    found = re.search(r'<section class="ballot" id="watched-.*?</section>', page, re.DOTALL)
    return found[0] if found else ""


async def by_hand(browser: Browser, result: ToolResult, **fields: str) -> int:
    """Somebody presses the button."""
    assert result.action is not None
    return (await browser.post(f"/console/actions/{result.action.id}/by-hand", **fields)).status_code


async def test_people_see_what_it_would_have_done_and_one_of_them_does_it_once(world: World) -> None:
    await watch(world)
    ticket = await world.message()
    wanted = await machine_wants(world, ticket)
    agent = await world.browser(Role.AGENT, "amy")
    shown = card((await agent.get(f"/console/tickets/{ticket}")).text)
    assert "The machine would: refund of $19.00 on" in shown
    assert "Not done" in shown
    assert "Do it as you: $19.00" in shown
    pressed = [await by_hand(agent, wanted, confirmed="true", key="one-page") for _ in range(3)]
    assert pressed == [303, 303, 303]
    (done,) = await world.rows(actions, actions.c.status == "succeeded")
    amy = await world.person(Role.AGENT, "amy")
    assert (done.requester, done.confirmed_by, done.args) == (f"person:{amy.id}", f"person:{amy.id}", SMALL)
    assert card((await agent.get(f"/console/tickets/{ticket}")).text) == ""


async def test_what_a_colleague_did_otherwise_is_not_done_again_from_an_old_page(world: World) -> None:
    await watch(world)
    ticket = await world.message()
    wanted = await machine_wants(world, ticket)
    amy, bob = await world.browser(Role.AGENT, "amy"), await world.browser(Role.AGENT, "bob")
    half = {"order_id": "D-100004", "amount_minor": "9.50", "reason": "damaged", "confirmed": "yes", "key": "amy"}
    assert (await amy.post(f"/console/tickets/{ticket}/act/issue_refund", **half)).status_code == 303
    assert await by_hand(bob, wanted, confirmed="true", key="old page") == 409
    done = await world.rows(actions, actions.c.status == "succeeded")
    assert [row.amount_minor for row in done] == [950]


async def test_without_the_customers_yes_nothing_is_done(world: World) -> None:
    await watch(world)
    wanted = await machine_wants(world, await world.message())
    assert await by_hand(await world.browser(Role.AGENT), wanted) == 422
    assert [row.status for row in await world.rows(actions)] == ["refused"]


async def test_a_viewer_sees_the_wish_and_no_button(world: World) -> None:
    await watch(world)
    ticket = await world.message()
    wanted = await machine_wants(world, ticket)
    viewer = await world.browser(Role.VIEWER)
    shown = card((await viewer.get(f"/console/tickets/{ticket}")).text)
    assert ("The machine would" in shown, "<form" in shown) == (True, False)
    assert await by_hand(viewer, wanted, confirmed="true") == 403


async def test_what_a_person_does_by_hand_still_meets_the_caps(world: World) -> None:
    await watch(world)
    ticket = await world.message()
    wanted = await machine_wants(world, ticket, {**SMALL, "amount_minor": 74_900})
    assert await by_hand(await world.browser(Role.AGENT), wanted, confirmed="true") == 303
    rows = await world.rows(actions, actions.c.lane == "human")
    assert [(row.status, row.rule) for row in rows] == [("proposed", "refund.per_call_cap")]


async def test_by_hand_a_switch_says_no_as_at_every_door(world: World) -> None:
    await watch(world)
    wanted, ann = await machine_wants(world, await world.message()), await world.browser(Role.SUPERVISOR, "ann")
    await ann.post("/console/switches", scope="effect", name="MONEY", on="on", reason="Two banks answer.")
    assert await by_hand(ann, wanted, confirmed="true") == 403
    assert await world.rows(actions, actions.c.status == "succeeded") == []


async def test_only_a_watched_wish_can_be_done_this_way(world: World) -> None:
    ticket = await world.message()
    asked = await machine_wants(world, ticket)
    assert asked.needs_confirmation
    assert await by_hand(await world.browser(Role.AGENT), asked, confirmed="true") == 409
    async with world.services.db.reading() as conn:
        assert set((await conn.execute(select(actions.c.status))).scalars()) == {"proposed"}
