"""Pages that stay true: a change reaches an open page, nothing else does, and a closed door closes the stream."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from service.console.live import Pulse, Topic, version
from service.site import build_site
from service.store import people
from service.store.money_schema import approvals
from service.store.people import Role
from tests.console.world import ESPRESSO, World
from tools.ports import TenantName

LONG = 20  # seconds until a test that waits in vain gives up

QUEUE = Topic(TenantName("default"), "queue")


@pytest.fixture
async def pulse(world: World) -> AsyncIterator[Pulse]:
    """A pulse that looks as often as it can."""
    quick = Pulse(world.services.db, period=0.01)
    yield quick
    await quick.stop()


async def test_a_page_that_is_up_to_date_hears_nothing_until_something_changes(world: World, pulse: Pulse) -> None:
    seen = await version(world.services.db, QUEUE)
    async with asyncio.timeout(LONG), aclosing(pulse.changes(QUEUE, seen)) as changes:
        heard = asyncio.create_task(anext(changes))
        ticket = await world.message()
        await world.case(ticket)
        assert await heard != seen


async def test_a_page_that_missed_something_hears_it_at_once(world: World, pulse: Pulse) -> None:
    old = await version(world.services.db, QUEUE)
    ticket = await world.message()
    await world.case(ticket)
    async with asyncio.timeout(LONG), aclosing(pulse.changes(QUEUE, old)) as changes:
        assert await anext(changes) == await version(world.services.db, QUEUE)


@pytest.mark.parametrize("what", ["message", "note", "approval", "vote", "switch"])
async def test_whatever_happens_on_a_ticket_changes_its_version(each_world: World, what: str) -> None:
    world, db = each_world, each_world.services.db
    ticket = await world.message()
    topic = Topic(TenantName("default"), "ticket", ticket)
    result = await world.wanted(ticket, ESPRESSO) if what == "vote" else None
    before = await version(db, topic)
    assert await version(db, topic) == before
    world.clock.advance(seconds=1)
    ann = await world.person(Role.SUPERVISOR, "ann")
    match what:
        case "message":
            await world.message(text="One more thing")
        case "note":
            await world.services.desk.write(ann, ticket, "A note", note=True)
        case "approval":
            await world.wanted(ticket, ESPRESSO)
        case "vote":
            assert result is not None
            assert result.action is not None
            asked = result.action.approval_id
            assert asked is not None
            (row,) = await world.rows(approvals)
            await world.services.approvals.decide(ann, asked, "approve", "", row.digest)
        case "switch":
            await world.services.switches.throw(TenantName("default"), "lane", "agent", True, "A test.", ann.id)
    assert await version(db, topic) != before


async def test_another_tenants_ticket_has_one_version_for_ever(world: World) -> None:
    ticket = await world.message()
    outside = Topic(TenantName("acme"), "ticket", ticket)
    before = await version(world.services.db, outside)
    await world.message(text="More")
    assert await version(world.services.db, outside) == before


async def test_streams_of_one_topic_share_one_look_and_the_last_to_leave_ends_it(world: World, pulse: Pulse) -> None:
    async with asyncio.timeout(LONG):
        first, second = pulse.changes(QUEUE, ""), pulse.changes(QUEUE, "")
        assert await anext(first) == await anext(second)
        await first.aclose()
        await second.aclose()
        looking = pulse._looking
        assert looking is not None
        await looking
    assert pulse._watched == {}


async def read_stream(world: World, path: str, cookies: dict[str, str], events: int) -> list[str]:
    """The first events of a stream, read from the site itself: an in-process client would wait for its end."""
    site = build_site(world.services)
    site.state.pulse = Pulse(world.services.db, period=0.01)
    sent: asyncio.Queue[dict[str, object]] = asyncio.Queue()
    gone = asyncio.Event()

    async def receive() -> dict[str, object]:
        await gone.wait()
        return {"type": "http.disconnect"}

    route, _, query = path.partition("?")
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": route,
        "raw_path": route.encode(),
        "query_string": query.encode(),
        "headers": [(b"host", b"desk.test"), (b"cookie", cookie.encode())],
        "client": ("127.0.0.1", 40_000),
        "server": ("desk.test", 80),
    }
    task = asyncio.create_task(site(scope, receive, sent.put))  # type: ignore[arg-type]
    chunks: list[str] = []
    async with asyncio.timeout(LONG):
        while sum(chunk.count("event: ") for chunk in chunks) < events:
            message = await sent.get()
            chunks.append(bytes(message.get("body", b"")).decode())  # type: ignore[arg-type]
            if message["type"] == "http.response.body" and not message.get("more_body"):
                break
    gone.set()
    await task
    await site.state.pulse.stop()
    return [chunk for chunk in chunks if chunk]


async def test_the_stream_names_the_version_so_that_a_lost_connection_goes_on(world: World) -> None:
    browser = await world.browser(Role.AGENT)
    now = await version(world.services.db, QUEUE)
    (event,) = await read_stream(world, "/console/live?kind=queue&seen=old", dict(browser.http.cookies), 1)
    assert set(event.split("\n")) >= {"event: changed", f"data: {now}", f"id: {now}"}


async def test_a_stream_ends_when_its_person_is_locked_out(world: World) -> None:
    browser = await world.browser(Role.AGENT, "bob")
    cookies = dict(browser.http.cookies)
    reading = asyncio.create_task(read_stream(world, "/console/live?kind=queue&seen=", cookies, 2))
    bob = await world.person(Role.AGENT, "bob")
    async with world.services.db.begin() as conn:
        await people.set_active(conn, bob, False, "system", world.clock())
    ticket = await world.message()
    await world.case(ticket)
    assert len([chunk for chunk in await reading if "event: " in chunk]) <= 1
