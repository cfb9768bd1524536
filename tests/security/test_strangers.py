"""Every other customer's order, item, payment method, parcel and address, tried against every tool through every door.

The calls are made from the catalogue, so that a new tool is tried without being named here. On PostgreSQL the service works
with the role that owns nothing: its row policies hold too, and each door has to say for itself whose ticket it works on.
"""

import asyncio
import json
import re
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client
from sqlalchemy import select

from service import accounts
from service.app import create_app
from service.mcp.door import Door, Guest
from service.mcp.server import build_server
from service.store import journal
from service.store.callers import machine_for
from service.store.journal import Written
from service.store.money_schema import actions
from service.store.people import Role
from service.store.sessions import Purpose
from service.store.tenancy import NOBODY, across_tenants, within
from tests.api.house import House, open_house
from tests.conftest import StandingClock
from tests.console.world import HERE, form_token
from tests.rig import prepared_for
from tests.security.calls import NAMES, NOBODYS, likely_calls, named_fields, objects_of
from tests.tools.goods import SHOP
from tools.backends.shop import dump, read_books
from tools.catalogue import CATALOGUE
from tools.ports import Effect, Lane, TenantName, TicketId
from tools.results import plain
from tools.tool import ToolSpec

ME, NOON = "cus_ada", datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
OTHERS = [one["id"] for one in SHOP["customers"] if one["id"] != ME]
Call = Callable[[str, Mapping[str, Any]], Awaitable[Any]]
"""Calls a tool on the customer's ticket through one door; what the door answers, without what differs by chance."""


@asynccontextmanager
async def turn_of(house: House, ticket: str, lane: Lane) -> AsyncIterator[Call]:
    """A flow or the agent, as the runner meets them inside a drain."""
    with within("default"):
        async with house.services.db.reading() as conn:
            caller = replace(await machine_for(conn, "default", ticket, None), lane=lane)
    count = 0

    async def call(tool: str, args: Mapping[str, Any]) -> Any:
        nonlocal count
        count += 1
        with within("default"):
            return plain(await house.services.runner.call(caller, tool, args, f"{lane}:{count}"))

    yield call


@asynccontextmanager
async def api(house: House, ticket: str) -> AsyncIterator[Call]:
    """A person with a key, who attests the customer's yes."""
    key = await house.key(role=Role.SUPERVISOR)

    async def call(tool: str, args: Mapping[str, Any]) -> Any:
        body = {"tool": tool, "args": args, "customer_confirmed": True}
        with within(NOBODY):
            answer = await house.http.post(f"/v1/tickets/{ticket}/actions", headers=key, json=body)
        return answer.status_code, answer.json() | {"request_id": ""}

    yield call


@asynccontextmanager
async def mcp(house: House, ticket: str) -> AsyncIterator[Call]:
    """A machine from outside."""
    door = Door(house.services, TenantName("default"), TicketId(ticket), Guest())
    async with Client(build_server(door)) as client:

        async def call(tool: str, args: Mapping[str, Any]) -> Any:
            with within("default"):
                # The command says so before it serves.
                answer = await client.call_tool(tool, dict(args))
            return answer.is_error, answer.structured_content, [one.model_dump() for one in answer.content]

        yield call


async def once(house: House, ticket: str, call: Call, tool: str, args: Mapping[str, Any]) -> Any:
    """One call that is refused, and leaves one entry on the ticket's journal and nothing else."""
    before = await entries(house, ticket)
    answer = await call(tool, args)
    (new,) = (await entries(house, ticket))[len(before) :]
    refused = (new.kind, (new.data or {}).get("code"))
    assert refused in (("tool.refused", "not_found"), ("tool.refused", "payment_method_not_yours")), (tool, args, answer)
    return answer


async def entries(house: House, ticket: str) -> tuple[Written, ...]:
    """The ticket's journal."""
    with across_tenants():
        async with house.services.db.reading() as conn:
            return await journal.read(conn, ticket)


async def state(house: House) -> tuple[Any, ...]:
    """Everything that a call could change: the shop, and how many rows each of our tables holds."""
    counted = {name: count for name, count in (await house.rows()).items() if not name.startswith("journal")}
    return await dump(house.services.shop_engine, "default"), await read_books(house.services.shop_engine, "default"), counted


def foreign() -> list[str]:
    """The ids of everything that is another customer's, and of these customers."""
    return OTHERS + [each for one in OTHERS for kind in objects_of(one).values() for each in kind]


@asynccontextmanager
async def console(house: House, ticket: str) -> AsyncIterator[Call]:
    """A person with a browser, whose forms hold whatever they like."""
    person = await house.person(Role.SUPERVISOR)
    link = accounts.link_path(await accounts.make_link(house.services.db, house.services.clock, person, Purpose.LOGIN))
    transport = httpx.ASGITransport(create_app(house.services), client=("127.0.0.1", 40_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as browser:
        await browser.get(link)
        token = form_token((await browser.get("/console")).text)

        async def call(tool: str, args: Mapping[str, Any]) -> Any:
            form = {"form_token": token, "key": secrets.token_hex(8), "confirmed": "yes", **typed(args)}
            with within(NOBODY):
                answer = await browser.post(f"/console/tickets/{ticket}/act/{tool}", data=form, headers=HERE)
            told = re.search(r'role="alert">(.*?)</p>', answer.text.split('id="act-title"')[-1], re.DOTALL)
            return answer.status_code, told and told[1]

        yield call


def typed(args: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments as the console's form sends them."""
    form: dict[str, Any] = {}
    for name, value in args.items():
        if isinstance(value, dict):
            form |= {f"{name}.{part}": text for part, text in value.items()}
        else:
            form[name] = f"{value / 100:.2f}" if name == "amount_minor" else value
    return form


def by_form(spec: ToolSpec) -> bool:
    """What people do in the console by a form; lines to be swapped are chosen from the order's own, and no id is sent."""
    return spec.effect is not Effect.READ and "new_item_ids" not in spec.args_model.model_fields


def anything(spec: ToolSpec) -> bool:
    """Every tool."""
    return True


DOORS: dict[str, tuple[Callable[[House, str], Any], Callable[[ToolSpec], bool]]] = {
    "flow": (lambda house, ticket: turn_of(house, ticket, Lane.WORKFLOW), anything),
    "agent": (lambda house, ticket: turn_of(house, ticket, Lane.AGENT), anything),
    "api": (api, anything),
    "mcp": (mcp, anything),
    "console": (console, by_form),
}
"""Each door, and the tools that it has."""


def test_the_kind_of_every_id_that_a_tool_takes_is_known() -> None:
    taken = {field.name for spec in CATALOGUE.values() for field in named_fields(spec)}
    assert taken == set(NAMES), "say in NAMES what the id in a new argument names"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def guarded_house(request: pytest.FixtureRequest, clock: StandingClock) -> AsyncIterator[House]:
    """The service on SQLite, and on PostgreSQL with the role that works and owns nothing."""
    url = request.getfixturevalue("small_url" if request.param == "sqlite" else "postgres_url")
    if request.param == "postgres":
        url = await prepared_for(url, request.getfixturevalue("app_role"), clock)
    async with open_house(url, clock) as opened:
        yield opened


@pytest.mark.parametrize("door", DOORS)
async def test_whatever_is_another_customers_answers_like_what_nobody_has(
    guarded_house: House, door: str, good_calls: Mapping[str, dict[str, Any]]
) -> None:
    house = guarded_house
    ticket = await house.ticket()
    through, has = DOORS[door]
    async with through(house, ticket) as call:
        before = await state(house)
        for tool, good in good_calls.items():
            if not has(CATALOGUE[tool]):
                continue
            for field in named_fields(CATALOGUE[tool]):
                unknown = await once(house, ticket, call, tool, good | {field.name: field.filled(NOBODYS[NAMES[field.name]])})
                for theirs in foreign():
                    answer = await once(house, ticket, call, tool, good | {field.name: field.filled(theirs)})
                    assert answer == unknown, (tool, field.name, theirs)
        assert await state(house) == before


async def test_an_address_says_nothing_of_who_lives_there(small_house: House, good_calls: Mapping[str, dict[str, Any]]) -> None:
    """A neighbour's address is a place like another to send things to: it is taken exactly as one that nobody has."""
    known = next(one["address"] for one in SHOP["customers"] if one["id"] == OTHERS[0])
    nowhere = known | {"line1": "404 Nowhere Lane"}
    with_address = [tool for tool, good in good_calls.items() if "address" in good]
    assert with_address
    ticket = await small_house.ticket()
    async with turn_of(small_house, ticket, Lane.WORKFLOW) as call:
        for tool in with_address:
            theirs, nobodys = [await call(tool, good_calls[tool] | {"address": one}) for one in (known, nowhere)]
            for answer in (theirs, nobodys):
                answer.pop("action_id")
            assert theirs == nobodys
    assert await read_books(small_house.services.shop_engine, "default") == ()


async def test_no_answer_to_a_customers_own_calls_names_another_customer(
    small_house: House, clock: StandingClock, good_calls: Mapping[str, dict[str, Any]]
) -> None:
    ticket = await small_house.ticket()
    async with AsyncExitStack() as stack:
        for through, _ in DOORS.values():
            call = await stack.enter_async_context(through(small_house, ticket))
            for tool, good in good_calls.items():
                clock.advance(hours=2)
                said = json.dumps(await call(tool, good), default=str)
                assert [one for one in foreign() if one in said] == [], tool
    async with small_house.services.db.reading() as conn:
        assert set((await conn.execute(select(actions.c.customer))).scalars()) == {ME}


@pytest.fixture(scope="session")
def good_calls(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, dict[str, Any]]:
    """For each tool a call with the customer's own objects that is not refused, so that what spoils it is the stranger's."""
    folder = tmp_path_factory.mktemp("good") / "databases"
    shutil.copytree(furnished, folder)
    with ThreadPoolExecutor(1) as elsewhere:
        # A test's own event loop may be running here already.
        return elsewhere.submit(lambda: asyncio.run(find_good_calls(f"sqlite:///{folder / 'deskrail.db'}"))).result()


async def find_good_calls(url: str) -> dict[str, dict[str, Any]]:
    """Try each tool's likely calls until one is accepted, hours apart so that no limit of time speaks."""
    clock, good = StandingClock(NOON), {}
    async with open_house(url, clock) as house, turn_of(house, await house.ticket(), Lane.WORKFLOW) as call:
        for spec in CATALOGUE.values():
            for args in likely_calls(spec, ME):
                clock.advance(hours=2)
                answer = await call(spec.name, args)
                if answer["ok"] or answer["code"] == "confirmation_required":
                    good[spec.name] = args
                    break
            assert spec.name in good or not named_fields(spec), (
                f"no call of {spec.name} with the customer's own objects is allowed"
            )
    return good
