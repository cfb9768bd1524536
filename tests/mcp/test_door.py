"""A machine from outside works one ticket over MCP: it reads, it proposes, and the customer and people decide as always."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from mcp import Client, MCPError, StdioServerParameters, types

from service.errors import Forbidden
from service.mcp.door import Door, Guest
from service.mcp.server import TICKET, build_server
from service.store import api_keys, journal, people
from service.store.api_keys import parse_scopes
from service.store.people import Person, Role
from tests.cli.conftest import SCRIPT
from tests.conftest import StandingClock
from tests.journeys.honesty import books_agree
from tests.journeys.looking import kinds
from tests.rig import SECRET, Rig, rig
from tools.limits import READS
from tools.ports import TenantName, TicketId

PENDING, THEIRS = "D-100003", "D-100008"
CANCEL = {"order_id": PENDING, "reason": "ordered_by_mistake"}


@pytest.fixture
def clock() -> StandingClock:
    """The time of the machine, as the command's own process sees it."""
    return StandingClock(datetime.now(UTC))


@asynccontextmanager
async def over_stdio(url: str, *words: str, **environment: str) -> AsyncIterator[Client]:
    """A stock client that has started `deskrail mcp` as a process of its own."""
    told = {
        "DESKRAIL_DATABASE_URL": url,
        "DESKRAIL_WEBHOOK_SECRET": SECRET,
        "DESKRAIL_MODEL_PROVIDER": "scripted",
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
    }
    started = StdioServerParameters(command=SCRIPT, args=["mcp", *words], env=told | environment)
    async with Client(started, read_timeout_seconds=60) as client:
        yield client


@asynccontextmanager
async def in_process(service: Rig, ticket: str, guest: Guest | None = None) -> AsyncIterator[Client]:
    """The same server without a process around it."""
    door = Door(service.services, TenantName("default"), TicketId(ticket), guest or Guest())
    await door.opened()
    async with Client(build_server(door)) as client:
        yield client


async def new_ticket(service: Rig, name: str = "T-1", text: str = "Where is my order D-100001?") -> str:
    """A ticket of the first customer, answered and at rest."""
    return (await service.say(text, ticket=name))["id"]


def told(result: types.CallToolResult) -> tuple[bool, str | None]:
    """Whether a call is an error, and its code."""
    return result.is_error, result.structured_content["code"]


async def key(service: Rig, scopes: str, person: Person | None = None) -> tuple[str, str]:
    """A new key's id and token."""
    async with service.services.db.begin() as conn:
        holder = person.id if person else None
        made = await api_keys.create(conn, TenantName("default"), "bot", parse_scopes(scopes), holder, service.clock())
    return made.id, made.token


async def entries(service: Rig, ticket: str, kind: str) -> list[Any]:
    """The ticket's journal entries of a kind."""
    async with service.services.db.reading() as conn:
        return [entry for entry in await journal.read(conn, ticket) if entry.kind == kind]


async def test_a_machine_proposes_over_stdio_and_only_the_customers_yes_cancels_the_order(
    database_url: str, clock: StandingClock
) -> None:
    async with rig(database_url, clock) as service:
        ticket = await new_ticket(service)
        async with over_stdio(database_url, "--ticket", "T-1") as client:
            names = {tool.name for tool in (await client.list_tools()).tools}
            assert {"find_orders", "cancel_order", "escalate"} <= names
            found = await client.call_tool("find_orders", {})
            assert PENDING in json.dumps(found.structured_content)
            proposed = await client.call_tool("cancel_order", CANCEL)
            assert told(proposed) == (False, "confirmation_required")
            assert await service.books() == []
            again = await client.call_tool("cancel_order", CANCEL)
            assert again.structured_content["action_id"] == proposed.structured_content["action_id"]
            for tool, args, code in (
                ("cancel_order", CANCEL | {"order_id": THEIRS}, "not_found"),
                ("cancel_order", CANCEL | {"customer_confirmed": True}, "validation"),
                ("find_orders", {"tenant": "acme"}, "validation"),
                ("drop_tables", {}, "not_granted"),
            ):
                assert told(await client.call_tool(tool, args)) == (True, code), tool
            clock.advance(minutes=1)
            await service.work()
            asked = await service.ticket(ticket)
            assert (asked["status"], asked["question"]["kind"]) == ("waiting_customer", "confirm")
            assert PENDING in asked["messages"][-1]["text"]
            clock.advance(minutes=1)
            await service.say("Yes please")
            shown = json.loads((await client.read_resource(TICKET)).contents[0].text)  # type: ignore[union-attr]
            (action,) = shown["actions"]
            assert (action["id"], action["status"]) == (proposed.structured_content["action_id"], "succeeded")
            assert [one["author"] for one in shown["messages"]][-1] == "bot"
        assert [entry.order_id for entry in await service.books()] == [PENDING]
        assert len(await entries(service, ticket, "tool.refused")) == 4
        (looked,) = [entry for entry in await entries(service, ticket, "tool.called") if entry.turn is None]
        assert (looked.actor, looked.data["tool"]) == ("operator", "find_orders")
        await books_agree(service)
        await service.verify_journals()


async def test_a_key_brings_its_tenant_and_its_person_and_nothing_else_does(sqlite_url: str, clock: StandingClock) -> None:
    async with rig(sqlite_url, clock) as service:
        ticket = await new_ticket(service)
        ann = await service.person("ann")
        name, token = await key(service, "tools:call", ann)
        async with over_stdio(sqlite_url, "--ticket", ticket, DESKRAIL_MCP_KEY=token) as client:
            big = {"order_id": "D-100004", "amount_minor": 74_900, "currency": "USD", "reason": "damaged"}
            assert told(await client.call_tool("issue_refund", big)) == (False, "confirmation_required")
            with pytest.raises(MCPError, match="tickets:read"):
                await client.read_resource(TICKET)
        (opened,) = await entries(service, ticket, "door.opened")
        assert opened.actor == f"key:{name}"
        await service.work()
        clock.advance(minutes=1)
        waiting = await service.say("yes please")
        assert (waiting["status"], waiting["approvals"][0]["state"]) == ("waiting_approval", "pending")
        with pytest.raises(Forbidden, match="your own request"):
            await service.approve(ann, waiting["approvals"][0])
        await service.approve(await service.person("eve"), waiting["approvals"][0])
        await service.work()
        assert [entry.order_id for entry in await service.books()] == ["D-100004"]


async def test_a_key_that_was_revoked_and_a_person_who_was_locked_out_act_no_more(
    sqlite_url: str, clock: StandingClock
) -> None:
    async with rig(sqlite_url, clock) as service:
        ticket, bob = await new_ticket(service), await service.person("bob", Role.AGENT)
        name, token = await key(service, "tools:call")
        async with (
            in_process(service, ticket, Guest(token=token)) as by_key,
            in_process(service, ticket, Guest(person=bob.id)) as by_person,
        ):
            assert not (await by_key.call_tool("find_orders", {})).is_error
            assert not (await by_person.call_tool("find_orders", {})).is_error
            async with service.services.db.begin() as conn:
                await api_keys.revoke(conn, TenantName("default"), name, "system", clock())
                await people.set_active(conn, bob, False, "system", clock())
            for client in (by_key, by_person):
                assert told(await client.call_tool("find_orders", {})) == (True, "forbidden")
                with pytest.raises(MCPError):
                    await client.list_tools()


async def test_a_machine_on_a_ticket_that_is_not_there_is_told_so(sqlite_url: str, clock: StandingClock) -> None:
    async with rig(sqlite_url, clock) as service:
        door = Door(service.services, TenantName("default"), TicketId("tkt_nobodys"), Guest())
        async with Client(build_server(door)) as client:
            assert told(await client.call_tool("find_orders", {})) == (True, "not_found")


async def test_the_agents_switch_stops_machines_from_outside_too(sqlite_url: str, clock: StandingClock) -> None:
    async with rig(sqlite_url, clock) as service:
        ticket, ann = await new_ticket(service), await service.person("ann")
        await service.services.switches.throw(TenantName("default"), "lane", "agent", True, "It misbehaves.", ann.id)
        async with in_process(service, ticket, Guest(person=ann.id)) as client:
            assert told(await client.call_tool("cancel_order", CANCEL)) == (True, "killed")
            assert told(await client.call_tool("find_orders", {})) == (True, "killed")


async def test_a_machine_does_not_ask_the_customer_past_the_people_who_have_the_ticket(
    sqlite_url: str, clock: StandingClock
) -> None:
    async with rig(sqlite_url, clock) as service:
        ticket, ann = await new_ticket(service), await service.person("ann")
        async with in_process(service, ticket) as client:
            assert told(await client.call_tool("cancel_order", CANCEL)) == (False, "confirmation_required")
            await service.services.desk.take_over(ann, ticket)
            await service.work()
            (first,) = (await service.ticket(ticket))["actions"]
            assert first["status"] == "superseded"
            assert told(await client.call_tool("cancel_order", CANCEL)) == (True, "confirmation_required")
            assert {tool.name for tool in (await client.list_tools()).tools} == READS
            assert not (await client.call_tool("find_orders", {})).is_error
        after = await service.ticket(ticket)
        assert (after["question"], [one["author"] for one in after["messages"]]) == (None, ["customer", "bot"])


async def test_a_machine_that_asks_for_a_person_gets_one(sqlite_url: str, clock: StandingClock) -> None:
    async with rig(sqlite_url, clock) as service:
        ticket = await new_ticket(service)
        async with in_process(service, ticket) as client:
            wanted = {"reason": "out_of_scope", "summary": "He asks for a discount for his club."}
            assert not (await client.call_tool("escalate", wanted)).is_error
        await service.work()
        after = await service.ticket(ticket)
        assert (after["status"], after["escalation"]["reason"]) == ("escalated", "out_of_scope")
        assert after["escalation"]["brief"]["summary"] == wanted["summary"]


async def test_what_the_customer_asked_for_meanwhile_is_not_answered_with_the_machines_proposal(
    sqlite_url: str, clock: StandingClock
) -> None:
    async with rig(sqlite_url, clock) as service:
        ticket = await new_ticket(service)
        async with in_process(service, ticket) as client:
            await client.call_tool("cancel_order", CANCEL)
        clock.advance(minutes=1)
        after = await service.say("Please change the delivery address of D-100003 to 12 Harbour Street, Boston, MA 02110, US")
        assert {one["tool"]: one["status"] for one in after["actions"]} == {
            "cancel_order": "superseded",
            "change_order_address": "proposed",
        }
        assert "Harbour" in after["messages"][-1]["text"]
        assert "action.superseded" in await kinds(service, after)
