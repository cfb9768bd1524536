"""Pages in Chromium that stay true and open to everybody: live changes, lost connections, hostile text, accessibility."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from service.store import people
from service.store.people import Role
from tests.browser.conftest import NARROW, WIDE, Visitor
from tests.browser.house import House
from tests.console.world import E_BIKE, ESPRESSO

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
SLOW = 20_000  # milliseconds that a busy machine may take
NASTY = (
    "<script>window.__xss=1</script><img src=x onerror='window.__xss=1'><svg onload='window.__xss=1'> javascript:window.__xss=1"
)


def case(house: House, named: str, text: str = "A human please!") -> tuple[str, str]:
    """A ticket that waits for people; its id and its case's."""
    ticket = house.do(house.world.message(named, text))
    return ticket, house.do(house.world.case(ticket))


def claim_as(house: House, name: str, case_id: str) -> None:
    """A colleague claims a case elsewhere."""

    async def claim() -> None:
        await house.world.services.desk.claim(await house.world.person(Role.AGENT, name), case_id)

    house.do(claim())


def test_a_new_case_appears_in_the_open_queue(visit: Visitor, house: House) -> None:
    seen = visit(Role.AGENT, "bob")
    seen.go("/console")
    expect(seen.page.locator("#live-text")).to_have_text("Live", timeout=SLOW)
    ticket, _ = case(house, "LIVE-1", "LIVE-1 wants a human")
    row = seen.page.locator(f'[data-row][href="/console/tickets/{ticket}"]')
    expect(row).to_be_visible(timeout=SLOW)


def test_a_row_that_has_the_focus_keeps_it_when_others_arrive(visit: Visitor, house: House) -> None:
    case(house, "FOCUS-1", "FOCUS-1 wants a human")
    seen = visit(Role.AGENT, "bob")
    seen.go("/console")
    row = seen.page.locator("[data-row]").last
    row.focus()
    target = row.get_attribute("href")
    expect(seen.page.locator("#live-text")).to_have_text("Live", timeout=SLOW)
    ticket, _ = case(house, "FOCUS-2", "FOCUS-2 wants a human")
    expect(seen.page.locator(f'[data-row][href="/console/tickets/{ticket}"]')).to_be_visible(timeout=SLOW)
    assert seen.page.evaluate("document.activeElement.getAttribute('href')") == target


def test_what_is_being_written_survives_what_arrives(visit: Visitor, house: House) -> None:
    ticket, case_id = case(house, "DRAFT-1")
    claim_as(house, "bob", case_id)
    seen = visit(Role.AGENT, "bob")
    seen.go(f"/console/tickets/{ticket}")
    expect(seen.page.locator("#live-text")).to_have_text("Live", timeout=SLOW)
    field = seen.page.get_by_label("Reply or note")
    field.fill("A careful answer that took ten minutes")
    details = seen.page.locator(".order").first
    expect(details).to_be_visible(timeout=SLOW)
    house.do(house.world.message("DRAFT-1", "One more thing: it was blue."))
    expect(seen.page.locator(".said-customer").last).to_contain_text("it was blue.", timeout=SLOW)
    expect(field).to_have_value("A careful answer that took ten minutes")
    expect(field).to_be_focused()


def test_an_opened_card_stays_open_when_the_page_changes(visit: Visitor, house: House) -> None:
    ticket, _ = case(house, "OPEN-1")
    house.do(house.world.wanted(ticket, ESPRESSO | {"amount_minor": 1_000, "order_id": "D-100002"}))
    seen = visit(Role.AGENT, "bob")
    seen.go(f"/console/tickets/{ticket}")
    expect(seen.page.locator("#live-text")).to_have_text("Live", timeout=SLOW)
    card = seen.page.locator(".called details.call").first
    card.locator("summary").first.click()
    expect(card).to_have_attribute("open", "")
    house.do(house.world.message("OPEN-1", "Are you still there?"))
    expect(seen.page.locator(".said-customer").last).to_contain_text("Are you still there?", timeout=SLOW)
    expect(card).to_have_attribute("open", "")


def test_a_colleagues_claim_takes_the_button_away(visit: Visitor, house: House) -> None:
    ticket, case_id = case(house, "CLAIM-1")
    seen = visit(Role.AGENT, "bob")
    seen.go(f"/console/tickets/{ticket}")
    expect(seen.page.get_by_role("button", name="Claim")).to_be_visible()
    expect(seen.page.locator("#live-text")).to_have_text("Live", timeout=SLOW)
    claim_as(house, "eve", case_id)
    expect(seen.page.get_by_role("button", name="Claim")).to_have_count(0, timeout=SLOW)
    expect(seen.page.get_by_text("eve has this ticket and answers the customer.")).to_be_visible()


def test_a_lost_connection_is_shown_and_what_was_missed_is_fetched(visit: Visitor, house: House) -> None:
    seen = visit(Role.AGENT, "bob")
    seen.go("/console")
    expect(seen.page.locator("#live-text")).to_have_text("Live", timeout=SLOW)
    seen.expected.add("htmx:sse:error")
    seen.page.route("**/console/live*", lambda route: route.abort())
    seen.page.evaluate("document.getElementById('stream')._htmx.sse.reader.cancel()")
    expect(seen.page.locator("#live-text")).to_have_text("Connection lost, trying again", timeout=SLOW)
    ticket, _ = case(house, "LOST-1", "LOST-1 wants a human")
    seen.page.unroute("**/console/live*")
    expect(seen.page.locator("#live-text")).to_have_text("Live", timeout=SLOW)
    expect(seen.page.locator(f'[data-row][href="/console/tickets/{ticket}"]')).to_be_visible(timeout=SLOW)


def test_whoever_is_locked_out_is_led_to_the_door(visit: Visitor, house: House) -> None:
    ticket, _ = case(house, "OUT-1")
    seen = visit(Role.AGENT, "mallory")
    seen.expected.add("htmx:sse:error")
    seen.go(f"/console/tickets/{ticket}")
    mallory = house.do(house.world.person(Role.AGENT, "mallory"))

    async def lock_out() -> None:
        async with house.world.services.db.begin() as conn:
            await people.set_active(conn, mallory, False, "system", house.world.clock())

    expect(seen.page.locator("#live-text")).to_have_text("Live", timeout=SLOW)
    house.do(lock_out())
    house.do(house.world.message("OUT-1", "Hello?"))
    expect(seen.page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=SLOW)


def test_hostile_text_is_read_and_never_run(visit: Visitor, house: House) -> None:
    ticket = house.do(house.world.message("XSS-1", NASTY, name=NASTY))
    house.do(house.world.case(ticket))
    seen = visit(Role.ADMIN, "ida")
    for path in (
        "/console?show=all",
        "/console/tickets",
        f"/console/tickets/{ticket}",
        "/ops",
        "/console/audit",
        "/console/people",
    ):
        seen.go(path)
        expect(seen.page.get_by_role("heading", level=1).first).to_be_visible()
        assert seen.page.evaluate("window.__xss") is None, path
    seen.go(f"/console/tickets/{ticket}")
    expect(seen.page.locator(".said-customer .text")).to_contain_text("<script>window.__xss=1</script>")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_no_barrier(visit: Visitor, house: House, scheme: str, size: tuple[int, int]) -> None:
    name = f"AXE-{scheme}-{size[0]}"
    ticket, case_id = case(house, name, "Hello,\n\nwhere is D-100007?\n\u202eA.")
    house.do(house.world.wanted(ticket, ESPRESSO | {"amount_minor": 100, "order_id": "D-100002"}))
    house.do(house.world.wanted(ticket, E_BIKE | {"amount_minor": 60_000}, "cus_2"))
    claim_as(house, "ann-reads", case_id)
    stranger = visit(size=size, scheme=scheme, bypass=True)
    stranger.go("/console/login")
    assert barriers(stranger.page) == []
    supervisor = visit(Role.SUPERVISOR, "ann", size=size, scheme=scheme, bypass=True)
    for path in (
        "/console?show=all",
        "/console?show=mine",
        "/console/approvals",
        "/console/tickets",
        f"/console/tickets/{ticket}",
        f"/console/tickets/{ticket}/act",
        f"/console/tickets/{ticket}/act/return_items?order=D-100004",
        f"/console/tickets/{ticket}/act/change_order_address?order=D-100003",
        "/console/switches",
        "/console/policy",
        "/ops",
    ):
        supervisor.go(path)
        assert barriers(supervisor.page) == [], path
    supervisor.go(f"/console/tickets/{ticket}")
    supervisor.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert barriers(supervisor.page) == []
    supervisor.page.keyboard.press("?")
    assert barriers(supervisor.page) == []
    admin = visit(Role.ADMIN, "ida", size=size, scheme=scheme, bypass=True)
    for path in ("/console/people", "/console/policy", "/console/audit", "/console/tickets/tkt_nothing"):
        admin.go(path)
        assert barriers(admin.page) == [], path


def barriers(page: Page) -> list[str]:
    """What axe-core finds on the page as it stands, against WCAG 2.2 A and AA and its own good practice."""
    shop = page.locator("#shop")
    if shop.count():
        expect(shop).not_to_contain_text("Asking the shop", timeout=SLOW)
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}" for one in found["violations"] for node in one["nodes"][:3]
    ]
