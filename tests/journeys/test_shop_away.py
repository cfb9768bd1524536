"""What people have approved while the shop is away: it is carried out once the shop is back, and the words stay true."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import delete, update

from service.store import cases
from service.store.callers import machine_for
from service.store.schema import escalations
from service.store.tenancy import across_tenants
from service.sweeps import Sweeps
from tests.conftest import StandingClock
from tests.journeys.doubt import Doubt, doubt
from tests.journeys.looking import kinds, newest_reply, statuses
from tests.journeys.test_waiting import sweeps, wants_749_back
from tests.rig import Rig

REFUND = {"order_id": "D-100004", "amount_minor": 74_900, "currency": "USD", "reason": "damaged"}
CANNOT_BE_REACHED = "The system that holds your orders cannot be reached at the moment."


async def machine_wants_749_back(service: Rig) -> dict[str, Any]:
    """The same refund, wanted by a machine from outside, so that no flow speaks for it."""
    ticket = await service.say("Where is my order D-100001?")
    async with service.services.db.reading() as conn:
        machine = await machine_for(conn, "default", ticket["id"], None)
    await service.services.runner.call(machine, "issue_refund", REFUND, "mcp:1")
    await service.work()
    service.clock.advance(minutes=1)
    return await service.say("yes please")


WANTED = pytest.mark.parametrize("wanted", [wants_749_back, machine_wants_749_back], ids=["flow", "machine"])


@asynccontextmanager
async def approved_in_vain(url: str, clock: StandingClock, wanted: Any) -> AsyncIterator[tuple[Doubt, dict[str, Any]]]:
    """A refund whose votes came in while the shop could not be read."""
    async with doubt(url, clock) as shop:
        ticket = await wanted(shop.service)
        shop.goes_away()
        await shop.service.approve(await shop.service.person("sue"), ticket["approvals"][0])
        await shop.service.work()
        yield shop, await shop.service.ticket(ticket["id"])


async def swept(sweep: Sweeps, service: Rig) -> int:
    """One round of the sweep that carries on, and of the work that it makes."""
    with across_tenants():
        woken = await sweep.carry_on()
    await service.work()
    return woken


@WANTED
async def test_an_approved_refund_is_paid_once_the_shop_is_back(database_url: str, clock: StandingClock, wanted: Any) -> None:
    async with approved_in_vain(database_url, clock, wanted) as (shop, ticket):
        service, sweep = shop.service, sweeps(shop.service)
        assert (statuses(ticket), ticket["approvals"][0]["state"]) == (["proposed"], "approved")
        assert (ticket["status"], ticket["escalation"]["reason"]) == ("escalated", "backend_unavailable")
        assert CANNOT_BE_REACHED in await newest_reply(service, ticket)
        said, told = await service.said(ticket["id"]), await kinds(service, ticket)
        assert await swept(sweep, service) == 0, "the shop was only just away"
        for _ in range(3):
            clock.advance(minutes=2)
            assert await swept(sweep, service) == 1
        assert (await service.said(ticket["id"]), await kinds(service, ticket)) == (said, told)
        shop.comes_back()
        clock.advance(minutes=2)
        assert await swept(sweep, service) == 1
        ticket = await service.ticket(ticket["id"])
        (entry,) = await service.books()
        assert (entry.amount_minor, statuses(ticket), ticket["approvals"][0]["state"]) == (74_900, ["succeeded"], "used")
        assert entry.receipt.reference in await newest_reply(service, ticket)
        clock.advance(minutes=2)
        assert await swept(sweep, service) == 0


async def test_a_ticket_that_was_poison_once_is_paid_too_once_the_shop_is_back(sqlite_url: str, clock: StandingClock) -> None:
    async with approved_in_vain(sqlite_url, clock, wants_749_back) as (shop, ticket):
        service, sweep = shop.service, sweeps(shop.service)
        case = {"id": "esc_once", "tenant": "default", "ticket_id": ticket["id"], "reason": "poison", "brief": {}}
        when = dict.fromkeys(("created_at", "due_at"), clock())

        async def stands(state: str) -> None:
            async with service.services.db.begin() as conn:
                await conn.execute(update(escalations).values(state="resolved"))
                await conn.execute(delete(escalations).where(escalations.c.id == case["id"]))
                await cases.add(conn, **case, **when, state=state, risk="high")

        shop.comes_back()
        clock.advance(minutes=2)
        await stands("open")
        assert await swept(sweep, service) == 0, "a person looks after what broke it"
        await stands("resolved")
        assert await swept(sweep, service) == 1
        assert [entry.amount_minor for entry in await service.books()] == [74_900]


@WANTED
async def test_an_approval_that_runs_out_while_the_shop_is_away_is_not_blamed_on_people(
    database_url: str, clock: StandingClock, wanted: Any
) -> None:
    async with approved_in_vain(database_url, clock, wanted) as (shop, ticket):
        service = shop.service
        clock.advance(hours=73)
        assert await service.services.approvals.expire() == 1
        await service.work()
        ticket = await service.ticket(ticket["id"])
        (action,) = ticket["actions"]
        assert (action["status"], action["code"]) == ("expired", "backend_unavailable")
        assert (ticket["status"], ticket["lane"]) == ("escalated", "human")
        said = await service.said(ticket["id"])
        assert not [text for text in said if "in time" in text]
        assert [CANNOT_BE_REACHED in text for text in said].count(True) == 1
        assert await service.books() == []


async def test_votes_that_are_in_already_are_not_called_missing(sqlite_url: str, clock: StandingClock) -> None:
    async with approved_in_vain(sqlite_url, clock, machine_wants_749_back) as (shop, ticket):
        assert "I need a colleague's approval first" not in await newest_reply(shop.service, ticket)


async def test_a_machines_wish_is_put_to_the_customer_while_the_shop_is_away(sqlite_url: str, clock: StandingClock) -> None:
    async with doubt(sqlite_url, clock) as shop:
        service = shop.service
        ticket = await service.say("Where is my order D-100001?")
        async with service.services.db.reading() as conn:
            machine = await machine_for(conn, "default", ticket["id"], None)
        await service.services.runner.call(machine, "issue_refund", REFUND, "mcp:1")
        shop.goes_away()
        await service.work()
        ticket = await service.ticket(ticket["id"])
        assert (statuses(ticket), ticket["question"]["kind"]) == (["proposed"], "confirm")
        clock.advance(minutes=1)
        ticket = await service.say("yes please")
        assert (ticket["status"], ticket["question"], statuses(ticket)) == ("escalated", None, ["superseded"])
        assert CANNOT_BE_REACHED in await newest_reply(service, ticket)
