"""Somebody stops working tickets: what they had claimed is everybody's again, and they claim nothing more."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from service.errors import Forbidden
from service.store import people
from service.store.access_schema import people as people_table
from service.store.people import Person, Role
from service.store.schema import escalations, journal, tickets
from tests.console.world import World

LEAVES: dict[str, tuple[str, dict[str, str]]] = {
    "locked out": ("active", {"active": "false"}),
    "made a viewer": ("role", {"role": "viewer"}),
    "made an admin": ("role", {"role": "admin"}),
}


async def claimed(world: World, person: Person, name: str) -> str:
    """A ticket that this person has claimed."""
    ticket = await world.message(name)
    await world.services.desk.claim(person, await world.case(ticket))
    return ticket


async def owners(world: World) -> dict[str, tuple[str | None, str, str | None]]:
    """Each ticket's owner, with the state and the owner of its case."""
    cases = {row.ticket_id: row for row in await world.rows(escalations)}
    return {row.id: (row.owner, cases[row.id].state, cases[row.id].owner) for row in await world.rows(tickets)}


@pytest.mark.parametrize(("form", "fields"), LEAVES.values(), ids=LEAVES.keys())
async def test_what_somebody_had_claimed_is_back_in_the_queue_when_they_stop_working(
    each_world: World, form: str, fields: dict[str, str]
) -> None:
    bob, eve = await each_world.person(Role.AGENT, "bob"), await each_world.person(Role.AGENT, "eve")
    his = {await claimed(each_world, bob, f"T-{number}") for number in range(2)}
    hers = await claimed(each_world, eve, "T-eve")
    boss = await each_world.browser(Role.ADMIN, "boss")
    assert (await boss.post(f"/console/people/{bob.id}/{form}", **fields)).status_code == 303
    assert await owners(each_world) == dict.fromkeys(his, (None, "open", None)) | {hers: (eve.id, "claimed", eve.id)}
    (admin,) = await each_world.rows(people_table, people_table.c.email == "boss@example.com")
    told = await each_world.rows(journal, journal.c.kind == "escalation.released", journal.c.actor == f"person:{admin.id}")
    assert {entry.stream for entry in told} == his
    for ticket in his:
        await each_world.services.desk.take_over(eve, ticket)


async def test_an_agent_who_becomes_a_supervisor_keeps_their_tickets(world: World) -> None:
    bob = await world.person(Role.AGENT, "bob")
    ticket = await claimed(world, bob, "T-1")
    boss = await world.browser(Role.ADMIN, "boss")
    await boss.post(f"/console/people/{bob.id}/role", role="supervisor")
    assert await owners(world) == {ticket: (bob.id, "claimed", bob.id)}


TAKES: dict[str, Callable[[World, Person, str, str], Awaitable[object]]] = {
    "claims": lambda world, person, _, case: world.services.desk.claim(person, case),
    "takes over": lambda world, person, ticket, _: world.services.desk.take_over(person, ticket),
}


@pytest.mark.parametrize("takes", TAKES.values(), ids=TAKES.keys())
async def test_who_was_locked_out_after_their_request_came_in_gets_no_ticket(
    world: World, takes: Callable[[World, Person, str, str], Awaitable[object]]
) -> None:
    bob = await world.person(Role.AGENT, "bob")
    ticket = await world.message()
    case = await world.case(ticket)
    async with world.services.db.begin() as conn:
        await people.set_active(conn, bob, False, "system", world.clock())
    with pytest.raises(Forbidden):
        await takes(world, bob, ticket, case)
    assert await owners(world) == {ticket: (None, "open", None)}


async def test_claims_that_race_with_a_lock_out_leave_nothing_claimed(each_world: World) -> None:
    bob = await each_world.person(Role.AGENT, "bob")
    cases = [await each_world.case(await each_world.message(f"T-{number}")) for number in range(6)]

    async def locked_out() -> None:
        async with each_world.services.db.begin() as conn:
            await people.set_active(conn, bob, False, "system", each_world.clock())

    claims = [each_world.services.desk.claim(bob, case) for case in cases]
    done = await asyncio.gather(*claims[:3], locked_out(), *claims[3:], return_exceptions=True)
    assert {type(answer) for answer in done} <= {type(None), Forbidden}
    assert set((await owners(each_world)).values()) == {(None, "open", None)}
