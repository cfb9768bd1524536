"""Finding out by hand what the shop never said: the card on the ticket, its facts, and who may use it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from service.store import people
from service.store.money_schema import actions
from service.store.people import Role
from service.store.schema import tickets
from tests.conftest import StandingClock
from tests.console.test_approvals import PASSWORD, decide, with_password
from tests.console.test_approvals import asked as asked_for
from tests.console.world import E_BIKE, World, open_world
from tools.backends.shop import Fault, Faulty, Shop

KETTLE = {"order_id": "D-100002", "amount_minor": 8_900, "currency": "USD", "reason": "damaged"}
AWAY = [Fault("unreachable")] * 20


@pytest.fixture
async def doubtful(world_url: str, clock: StandingClock) -> AsyncIterator[World]:
    """A world whose shop loses the next refund and then cannot be asked about it."""
    shops: dict[str, Faulty] = {}
    async with open_world(world_url, clock, lambda tenant: shops[tenant]) as world:
        shop = shops["default"] = Faulty(Shop(world.services.shop_engine, "default", clock))
        shop.script("refund", Fault("lost_request"))
        shop.script("find_effect", *AWAY)
        yield world


async def unknown(world: World, args: dict[str, Any] = KETTLE, customer: str = "cus_1") -> tuple[str, Any]:
    """A ticket with an action that somebody asked for and nobody knows the end of."""
    ticket = await world.message(external_id=customer)
    result = await world.wanted(ticket, args, customer)
    assert result.in_doubt, result
    return ticket, result.action


async def test_the_card_shows_what_was_asked_when_under_which_key_and_what_looks_said(doubtful: World) -> None:
    ticket, action = await unknown(doubtful)
    page = (await (await doubtful.browser(Role.SUPERVISOR, "ann")).get(f"/console/tickets/{ticket}")).text
    card = page.split(f'id="doubt-{action.id}"')[1].split("</section>")[0]
    for told in ("$89.00", "D-100002", action.key, "2026-11-20 12:00:00 UTC", "The shop gave no answer", "asker"):
        assert told in card
    assert card.index("Last look") < card.index("How you found out"), "The facts come first."
    assert "damaged" not in card.split("<details")[0], "The reason is the requester's word and no fact."


async def test_a_supervisor_says_what_happened_and_the_card_goes(doubtful: World) -> None:
    ticket, action = await unknown(doubtful)
    (before,) = await doubtful.rows(tickets, tickets.c.id == ticket)
    ann = await doubtful.browser(Role.SUPERVISOR, "ann")
    path = f"/console/actions/{action.id}/settlement"
    silent = await ann.post(path, outcome="happened", reference="rf_1", reason=" ")
    assert (silent.status_code, "Say how you found out" in silent.text) == (422, True)
    unproved = await ann.post(path, outcome="happened", reason="I saw it.")
    assert (unproved.status_code, "own reference" in unproved.text) == (422, True)
    assert (await ann.post(path, outcome="happened", reference="rf_1", reason="I saw it.")).status_code == 303
    (row,) = await doubtful.rows(actions)
    assert (row.status, row.receipt["reference"]) == ("succeeded", "rf_1")
    (after,) = await doubtful.rows(tickets, tickets.c.id == ticket)
    assert after.pending == before.pending + 1, "The settling must wake the ticket."
    page = (await ann.get(f"/console/tickets/{ticket}")).text
    assert f'id="doubt-{action.id}"' not in page
    assert "ann found out that it happened: “I saw it.”" in page
    late = await ann.post(path, outcome="not_happened", reason="No, it did not.")
    assert (late.status_code, "is not unknown" in late.text) == (409, True)
    audit = (await (await doubtful.browser(Role.ADMIN)).get("/console/audit")).text
    assert "I saw it." in audit


async def test_who_may_not_settle_is_told_who_does(doubtful: World) -> None:
    ticket, action = await unknown(doubtful)
    page = (await (await doubtful.browser(Role.AGENT, "bob")).get(f"/console/tickets/{ticket}")).text
    assert "Supervisors and admins settle this." in page
    assert f'id="happened-{action.id}"' not in page
    asker = await doubtful.person(Role.AGENT, "asker")
    async with doubtful.services.db.begin() as conn:
        await people.change_role(conn, asker, Role.SUPERVISOR, "system", doubtful.clock())
    mine = await doubtful.browser(Role.SUPERVISOR, "asker")
    page = (await mine.get(f"/console/tickets/{ticket}")).text
    assert "You asked for this money yourself, so somebody else settles it." in page
    refused = await mine.post(f"/console/actions/{action.id}/settlement", outcome="not_happened", reason="I looked.")
    assert refused.status_code == 403
    (row,) = await doubtful.rows(actions)
    assert row.status == "unknown"


async def test_what_took_two_votes_takes_the_password_too(doubtful: World) -> None:
    ticket, asked = await asked_for(doubtful, E_BIKE)
    ann, eve = await with_password(doubtful, "ann"), await with_password(doubtful, "eve")
    for voter in (ann, eve):
        assert (await decide(voter, asked, "approve"))[0] == 303
    (row,) = await doubtful.rows(tickets, tickets.c.id == ticket)
    await doubtful.services.pipeline.drain(ticket, row.wake)
    (action,) = await doubtful.rows(actions)
    assert action.status == "unknown"
    doubtful.clock.advance(minutes=11)
    path, said = f"/console/actions/{action.id}/settlement", {"outcome": "not_happened", "reason": "I looked."}
    assert "Your password again" in (await ann.get(f"/console/tickets/{ticket}")).text
    assert (await ann.post(path, **said, password="wrong")).status_code == 401
    assert (await ann.post(path, **said, password=PASSWORD)).status_code == 303
