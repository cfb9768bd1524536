"""The queue and the list: what stands where, what a new thing moves, and what a search finds."""

import re

import pytest

from service.console.queue_routes import Show
from service.store import queue
from service.store.money_schema import approvals
from service.store.people import Role
from service.store.schema import escalations
from service.store.ticket_list import PAGE
from tests.console.world import E_BIKE, ESPRESSO, Browser, World


async def waiting(world: World, risk: str, minutes: int, name: str) -> str:
    """A case of this risk that is due in so many minutes; its ticket's id."""
    ticket = await world.message(name, f"Ticket {name}")
    case = await world.case(ticket)
    due = world.clock().replace(minute=0)
    await world.change(
        escalations, escalations.c.id == case, risk=risk, due_at=due.replace(hour=12 + minutes // 60, minute=minutes % 60)
    )
    return ticket


async def order(browser: Browser, path: str = "/console?show=all") -> list[str]:
    """The tickets of the queue, in the order of the page."""
    text = (await browser.get(path)).text
    return re.findall(r'data-row href="/console/tickets/(\w+)', text)


async def test_what_is_riskier_stands_first_and_within_a_band_what_is_due_first(each_world: World) -> None:
    low = await waiting(each_world, "low", 5, "T-1")
    late = await waiting(each_world, "high", 90, "T-2")
    soon = await waiting(each_world, "high", 10, "T-3")
    middle = await waiting(each_world, "medium", 1, "T-4")
    assert await order(await each_world.browser(Role.AGENT)) == [soon, late, middle, low]


async def test_a_new_thing_moves_nothing_else(world: World) -> None:
    for place in range(4):
        await waiting(world, ("high", "low")[place % 2], 20 * place, f"T-{place}")
    browser = await world.browser(Role.AGENT)
    before = await order(browser)
    new = await waiting(world, "high", 1, "T-new")
    assert [ticket for ticket in await order(browser) if ticket != new] == before


async def test_large_approvals_stand_among_the_risky_things(world: World) -> None:
    small, large = await world.message("T-1"), await world.message("T-2", external_id="cus_2")
    await world.wanted(small, ESPRESSO)
    await world.wanted(large, E_BIKE, "cus_2")
    browser = await world.browser(Role.SUPERVISOR)
    assert await order(browser, "/console?show=approvals") == [large, small]
    page = (await browser.get("/console?show=approvals")).text
    assert "$5,490.00" in page
    assert "0 of 2 votes" in page


async def test_a_risky_case_is_shown_however_much_waits_that_is_due_sooner(
    each_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MOST", 2)
    first, *_ = [await waiting(each_world, "low", minutes, f"T-{minutes}") for minutes in (1, 2, 3)]
    risky = await waiting(each_world, "high", 90, "T-risky")
    browser = await each_world.browser(Role.AGENT)
    assert await order(browser) == [risky, first]
    assert "The first 2 of 4 that wait" in (await browser.get("/console?show=all")).text
    beside = (await browser.get(f"/console/tickets/{first}")).text
    assert '<span class="quiet">2 of 4</span>' in beside


async def test_a_large_approval_is_shown_however_many_smaller_ones_were_asked_before(
    each_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MOST", 1)
    small, large = await each_world.message("T-1"), await each_world.message("T-2", external_id="cus_2")
    await each_world.wanted(small, ESPRESSO)
    each_world.clock.advance(minutes=1)
    await each_world.wanted(large, E_BIKE, "cus_2")
    assert await order(await each_world.browser(Role.SUPERVISOR), "/console?show=approvals") == [large]


async def test_a_queue_that_is_shown_whole_says_nothing_of_a_rest(world: World) -> None:
    await waiting(world, "low", 1, "T-1")
    assert "that wait, riskiest" not in (await (await world.browser(Role.AGENT)).get("/console?show=all")).text


async def test_each_part_of_the_queue_shows_its_own(world: World) -> None:
    open_one, mine = await waiting(world, "low", 10, "T-1"), await waiting(world, "low", 20, "T-2")
    theirs = await waiting(world, "low", 30, "T-3")
    asked = await world.message("T-4")
    await world.wanted(asked, ESPRESSO)
    cases = {row.ticket_id: row.id for row in await world.rows(escalations)}
    await world.services.desk.claim(await world.person(Role.AGENT, "bob"), cases[mine])
    await world.services.desk.claim(await world.person(Role.AGENT, "eve"), cases[theirs])
    browser = await world.browser(Role.AGENT, "bob")
    shown = {show: set(await order(browser, f"/console?show={show}")) for show in Show}
    assert shown[Show.OPEN] == {open_one, asked}
    assert shown[Show.MINE] == {mine}
    assert shown[Show.CLAIMED] == {mine, theirs}
    assert shown[Show.APPROVALS] == {asked}
    assert shown[Show.ALL] == {open_one, mine, theirs, asked}


async def test_the_menu_counts_what_waits(world: World) -> None:
    await waiting(world, "low", 10, "T-1")
    ticket = await world.message("T-2")
    await world.wanted(ticket, ESPRESSO)
    page = (await (await world.browser(Role.AGENT)).get("/console")).text
    assert ", waiting: </span>2</span>" in page


async def test_a_decided_approval_leaves_the_queue(world: World) -> None:
    ticket = await world.message()
    await world.wanted(ticket, ESPRESSO)
    browser = await world.browser(Role.SUPERVISOR)
    assert await order(browser) == [ticket]
    await world.change(approvals, state="denied")
    assert await order(browser) == []


async def test_the_fingerprint_changes_with_the_queue_and_not_without(each_world: World) -> None:
    async def mark() -> object:
        async with each_world.services.db.reading() as conn:
            return await queue.fingerprint(conn, "default")

    await waiting(each_world, "low", 10, "T-1")
    first = await mark()
    assert await mark() == first
    await waiting(each_world, "low", 20, "T-2")
    assert await mark() != first


async def test_a_ticket_is_found_by_the_beginning_of_its_id(each_world: World) -> None:
    wanted = await each_world.message("SHOP-17")
    await each_world.message("SHOP-2")
    await each_world.message("100%_off")
    browser = await each_world.browser(Role.VIEWER)
    assert await order(browser, "/console/tickets?q=SHOP-1") == [wanted]
    assert await order(browser, f"/console/tickets?q={wanted}") == [wanted]
    assert len(await order(browser, "/console/tickets?q=SHOP")) == 2
    assert len(await order(browser, "/console/tickets?q=100%25_")) == 1
    assert await order(browser, "/console/tickets?q=%25") == []


async def test_tickets_are_filtered_by_status_and_lane(world: World) -> None:
    plain, taken = await world.message("T-1"), await world.message("T-2")
    await world.case(taken)
    browser = await world.browser(Role.VIEWER)
    assert await order(browser, "/console/tickets?status=escalated&lane=human") == [taken]
    assert await order(browser, "/console/tickets?status=new&lane=") == [plain]
    assert (await browser.get("/console/tickets?status=nonsense")).status_code == 422


async def test_a_long_list_is_read_page_by_page(world: World) -> None:
    tickets = []
    for number in range(PAGE + 3):
        world.clock.advance(seconds=number % 2)
        tickets.append(await world.message(f"T-{number}"))
    browser = await world.browser(Role.VIEWER)
    first = (await browser.get("/console/tickets")).text
    older = re.search(r'<a class="button" href="([^"]*before=[^"]*)"', first)
    assert older is not None
    both = await order(browser, "/console/tickets") + await order(browser, older[1].replace("&amp;", "&"))
    assert sorted(both) == sorted(tickets)


@pytest.mark.parametrize(
    "page", ["rubbish", "2026-01-01T00:00:00~x", "0001-01-01T00:00:00%2B14:00~x", "9999-12-31T23:59:59-14:00~x"]
)
async def test_a_page_that_somebody_made_up_is_refused_and_no_failure_of_ours(world: World, page: str) -> None:
    browser = await world.browser(Role.VIEWER)
    assert (await browser.get(f"/console/tickets?before={page}")).status_code == 422
