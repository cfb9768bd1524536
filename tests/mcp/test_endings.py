"""However people decide on what a machine from outside proposed, the customer is told plainly and the ticket goes on."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from service.store.callers import machine_for
from service.store.people import Role
from tests.conftest import StandingClock
from tests.journeys.looking import newest_reply
from tests.rig import Rig, rig
from tools.ports import TenantName

REFUND = {"order_id": "D-100004", "amount_minor": 74_900, "currency": "USD", "reason": "damaged"}


@pytest.fixture
async def service(sqlite_url: str, clock: StandingClock) -> AsyncIterator[Rig]:
    """The service on SQLite."""
    async with rig(sqlite_url, clock) as opened:
        yield opened


async def proposed(service: Rig) -> dict[str, Any]:
    """A ticket on which a machine wants a large refund that the customer has said yes to."""
    ticket = await service.say("Where is my order D-100001?")
    async with service.services.db.reading() as conn:
        machine = await machine_for(conn, "default", ticket["id"], None)
    await service.services.runner.call(machine, "issue_refund", REFUND, "mcp:1")
    await service.work()
    service.clock.advance(minutes=1)
    waiting = await service.say("yes please")
    assert waiting["status"] == "waiting_approval"
    service.clock.advance(minutes=1)
    return waiting


async def goes_on(service: Rig) -> None:
    """The next question on the ticket is answered like any other."""
    service.clock.advance(minutes=1)
    after = await service.say("Ok. Where is my order D-100001?")
    assert (after["status"], after["flow"]) == ("resolved", "order_status")
    assert await service.books() == []


async def test_a_denial(service: Rig) -> None:
    waiting = await proposed(service)
    await service.approve(await service.person("ann"), waiting["approvals"][0], "deny")
    await service.work()
    told = await newest_reply(service, waiting)
    assert "A colleague has looked at it and could not approve it, so nothing has been changed." in told
    await goes_on(service)


async def test_an_end_of_time(service: Rig) -> None:
    waiting = await proposed(service)
    service.clock.advance(hours=73)
    assert await service.services.approvals.expire() == 1
    await service.work()
    assert "Nobody decided on it in time, so nothing has been changed." in await newest_reply(service, waiting)
    await goes_on(service)


async def test_a_change_of_mind(service: Rig) -> None:
    waiting = await proposed(service)
    after = await service.say("Forget it, I do not want the refund any more.")
    assert [one["status"] for one in after["actions"]] == ["superseded"]
    assert [one["state"] for one in after["approvals"]] == ["superseded"]
    assert "I have left everything as it is" in await newest_reply(service, waiting)
    await goes_on(service)


async def test_a_switch_that_was_thrown_while_people_decided(service: Rig) -> None:
    waiting, admin = await proposed(service), await service.person("ida", Role.ADMIN)
    await service.services.switches.throw(TenantName("default"), "effect", "MONEY", True, "Two banks answer.", admin.id)
    await service.approve(await service.person("ann"), waiting["approvals"][0])
    await service.work()
    after = await service.ticket(waiting["id"])
    assert [(one["status"], one["code"]) for one in after["actions"]] == [("refused", "killed")]
    assert (after["status"], after["escalation"]["reason"]) == ("escalated", "killed")
    assert await service.books() == []
