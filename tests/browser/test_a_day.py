"""A supervisor's day in Chromium: sign in, claim, answer, approve, hand back, all by hand or by key."""

import re

import pytest
from playwright.sync_api import Browser, Route, expect

from service.store.people import Role
from tests.browser.conftest import NARROW, Visitor
from tests.browser.house import PASSWORD, House
from tests.console.world import E_BIKE, ESPRESSO
from tools.backends.shop import read_books

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SLOW = 20_000  # milliseconds that a busy machine may take


def write(house: House, named: str, text: str, customer: str = "cus_1") -> str:
    """A customer writes; the ticket's id."""
    return house.do(house.world.message(named, text, external_id=customer, name="Marcus Okafor"))


def remark(house: House, ticket: str, text: str) -> None:
    """A colleague leaves a note elsewhere."""

    async def note() -> None:
        await house.world.services.desk.write(await house.world.person(Role.AGENT, "bob"), ticket, text, note=True)

    house.do(note())


def effects(house: House, order: str) -> list[str]:
    """What the shop's own books say was done to an order."""
    books = house.do(read_books(house.world.services.shop_engine, "default"))
    return [entry.kind for entry in books if entry.order_id == order]


def test_signing_in_with_a_password_leads_to_the_page_that_was_wanted(visit: Visitor, house: House) -> None:
    email = house.member(Role.SUPERVISOR, "paula")
    seen = visit()
    seen.go("/console/tickets")
    seen.page.get_by_label("E-mail address").fill(email)
    seen.page.get_by_label("Password").fill("not this one")
    seen.page.get_by_role("button", name="Sign in").click()
    expect(seen.page.get_by_role("alert")).to_have_text("The e-mail address or the password is wrong.")
    seen.page.get_by_label("Password").fill(PASSWORD)
    seen.page.get_by_role("button", name="Sign in").click()
    expect(seen.page).to_have_url(house.address + "/console/tickets")
    seen.page.get_by_role("button", name="Sign out").click()
    expect(seen.page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_case_is_claimed_answered_and_handed_back(visit: Visitor, house: House) -> None:
    ticket = write(house, "DAY-1", "This is the third time I write. I want to talk to a real person now!")
    seen = visit(Role.SUPERVISOR)
    seen.go(f"/console/tickets/{ticket}")
    expect(seen.page.get_by_text("Given to people: asked for a person")).to_be_visible(timeout=SLOW)
    expect(seen.page.get_by_label("Reply", exact=True)).to_have_count(0)
    seen.page.get_by_role("button", name="Claim").click()
    expect(seen.page.get_by_text("ann claimed the ticket")).to_be_visible()
    seen.page.get_by_label("Reply or note").fill("Hello Marcus, this is Ann. What happened?")
    seen.page.get_by_role("button", name="Send").click()
    answer = seen.page.locator(".said-human")
    expect(answer).to_contain_text("Hello Marcus, this is Ann. What happened?")
    expect(seen.page.get_by_label("Reply or note")).to_have_value("")
    seen.page.get_by_role("radio", name="Internal note").check()
    seen.page.get_by_label("Reply or note").fill("He is right, we lost it.")
    seen.page.get_by_role("button", name="Send").click()
    expect(seen.page.locator(".said-note")).to_contain_text("He is right, we lost it.")
    seen.page.get_by_role("button", name="Hand back").click()
    expect(seen.page.get_by_text("ann handed the ticket back to the rails")).to_be_visible()
    expect(seen.page.get_by_role("button", name="Take over")).to_be_visible()


def test_a_note_can_still_be_left_after_the_case_is_closed_and_the_newest_is_always_in_sight(
    visit: Visitor, house: House
) -> None:
    ticket = write(house, "DAY-5", "I want to talk to a real person now! " + "This is a long story. " * 200)
    seen = visit(Role.SUPERVISOR)
    seen.go(f"/console/tickets/{ticket}")
    seen.page.get_by_role("button", name="Claim").click(timeout=SLOW)
    seen.page.get_by_label("Reply or note").fill("Hello Marcus, it is sorted.")
    seen.page.get_by_role("button", name="Send").click()
    expect(seen.page.locator(".said-human")).to_be_in_viewport()
    seen.page.get_by_role("button", name="Resolve").click()
    expect(seen.page.get_by_role("radio", name="Internal note")).to_be_checked()
    seen.page.get_by_label("Internal note").last.fill("He called again, all is well.")
    seen.page.get_by_role("button", name="Send").click()
    expect(seen.page.locator(".said-note")).to_be_in_viewport()
    expect(seen.page.locator("#line")).to_contain_text("closed the case")
    remark(house, ticket, "Seen by a colleague.")
    expect(seen.page.locator(".said-note").last).to_be_in_viewport(timeout=SLOW)


def test_an_approved_refund_reaches_the_customer_on_the_open_page_and_the_books_once(visit: Visitor, house: House) -> None:
    ticket = write(house, "DAY-2", "Please cancel order D-100008, I ordered it by mistake.", "cus_2")
    seen = visit(Role.SUPERVISOR)
    seen.go(f"/console/tickets/{ticket}")
    expect(seen.page.locator(".said-bot").first).to_contain_text("D-100008", timeout=SLOW)
    write(house, "DAY-2", "Yes, please.", "cus_2")
    approve = seen.page.get_by_role("button", name=re.compile("Approve"))
    expect(approve).to_be_visible(timeout=SLOW)
    assert effects(house, "D-100008") == []
    seen.page.keyboard.press("Escape")
    seen.page.keyboard.press("a")
    expect(approve).to_be_focused()
    seen.page.keyboard.press("Enter")
    expect(approve).to_have_count(0)
    expect(seen.page.locator(".said-bot").last).to_contain_text(re.compile("cancelled", re.IGNORECASE), timeout=SLOW)
    expect(seen.page.locator("#ticket .chips")).to_contain_text("Resolved")
    assert len(effects(house, "D-100008")) == 1


def test_a_denial_asks_for_its_reason(visit: Visitor, house: House) -> None:
    ticket = write(house, "DAY-3", "Where is D-100007?", "cus_2")
    house.do(
        house.world.wanted(
            ticket, {"order_id": "D-100007", "amount_minor": 60_000, "currency": "USD", "reason": "late"}, "cus_2"
        )
    )
    seen = visit(Role.SUPERVISOR)
    seen.go(f"/console/tickets/{ticket}")
    card = seen.page.locator(".ballot")
    told = seen.page.get_by_role("alert").filter(has_text="Say why you deny it")
    card.get_by_role("button", name="Deny").click()
    expect(told).to_be_visible()
    expect(seen.page.locator("#live-text")).to_have_text("Live", timeout=SLOW)
    remark(house, ticket, "I have the photos.")
    expect(seen.page.locator(".said-note")).to_contain_text("I have the photos.", timeout=SLOW)
    expect(told).to_be_visible()
    seen.page.locator("body").press("d")
    card.get_by_label("Reason").fill("It arrived yesterday.")
    card.get_by_role("button", name="Deny").click()
    expect(card).to_have_count(0)
    expect(told).to_have_count(0)
    expect(seen.page.get_by_text("ann denied it: “It arrived yesterday.”")).to_be_visible()
    seen.go("/console/approvals?show=denied")
    expect(seen.page.locator(".asked").first).to_contain_text("ann: deny, “It arrived yesterday.”")


def test_enter_in_the_password_field_approves_nothing(visit: Visitor, house: House) -> None:
    ticket = write(house, "DAY-6", "Where is D-100007?", "cus_2")
    house.do(house.world.wanted(ticket, E_BIKE, "cus_2"))
    seen = visit(Role.SUPERVISOR, "sue")
    house.world.clock.advance(minutes=11)
    seen.go(f"/console/tickets/{ticket}")
    sent: list[str] = []
    seen.page.on("request", lambda request: sent.append(request.post_data or "") if request.method == "POST" else None)
    card = seen.page.locator(".ballot")
    card.get_by_label("Reason").fill("This is fraud.")
    card.get_by_label("Your password again").fill("whatever")
    card.get_by_label("Your password again").press("Enter")
    card.get_by_role("button", name="Deny").click()
    expect(card).to_have_count(0)
    assert [vote.split("decision=")[-1] for vote in sent] == ["deny"]


def test_control_and_enter_in_a_votes_reason_votes_nothing(visit: Visitor, house: House) -> None:
    ticket = write(house, "DAY-8", "Where is D-100007?", "cus_2")
    house.do(house.world.wanted(ticket, E_BIKE | {"amount_minor": 62_000}, "cus_2"))
    seen = visit(Role.SUPERVISOR)
    seen.go(f"/console/tickets/{ticket}")
    sent: list[str] = []
    seen.page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    card = seen.page.locator(".ballot")
    card.get_by_label("Reason").fill("It arrived yesterday.")
    card.get_by_label("Reason").press("Control+Enter")
    expect(card.get_by_role("button", name="Approve")).to_be_focused()
    card.get_by_role("button", name="Deny").click()
    expect(card).to_have_count(0)
    assert len(sent) == 1


def test_while_a_vote_is_on_its_way_neither_button_takes_another(visit: Visitor, house: House) -> None:
    ticket = write(house, "DAY-7", "Where is D-100004?", "cus_1")
    house.do(house.world.wanted(ticket, ESPRESSO))
    seen = visit(Role.SUPERVISOR)
    seen.go(f"/console/tickets/{ticket}")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    seen.page.route("**/decision", hold)
    card = seen.page.locator(".ballot")
    card.get_by_label("Reason").fill("It arrived yesterday.")
    card.locator("[value=deny]").click()
    expect(card.locator("[value=deny]")).to_be_disabled()
    expect(card.locator("[value=approve]")).to_be_disabled()
    held[0].continue_()
    expect(card).to_have_count(0)


def test_a_refund_by_hand_is_typed_as_people_write_money(visit: Visitor, house: House) -> None:
    ticket = write(house, "DAY-4", "A human please!", "cus_1")
    seen = visit(Role.AGENT, "bob")
    seen.go(f"/console/tickets/{ticket}")
    seen.page.get_by_role("link", name="Act for the customer").click()
    seen.page.get_by_role("link", name=re.compile(r"^Refund\s*: D-100004")).click()
    seen.page.get_by_label("Amount").fill("12.50")
    seen.page.get_by_label("Reason").select_option("damaged")
    seen.page.get_by_label("The customer has said yes to exactly this.").check()
    seen.page.get_by_role("button", name="Refund").click()
    expect(seen.page).to_have_url(re.compile(rf"/console/tickets/{ticket}#act_"))
    expect(seen.page.locator(".called .call-name").last).to_have_text(re.compile(r"Refund\s+\$12.50\s+D-100004"))
    expect(seen.page.locator(".called .call-state").last).to_contain_text("Done")
    assert effects(house, "D-100004") == ["refund"]


def test_the_day_can_be_done_without_a_mouse(visit: Visitor, house: House) -> None:
    for name in ("KEY-1", "KEY-2"):
        ticket = write(house, name, f"{name}: is anybody there? A human please!")
        house.do(house.world.case(ticket))
    seen = visit(Role.AGENT, "bob")
    seen.go("/console")
    rows = seen.page.locator("[data-row]")
    expect(rows.nth(1)).to_be_visible()
    seen.page.keyboard.press("j")
    expect(rows.nth(0)).to_be_focused()
    seen.page.keyboard.press("j")
    expect(rows.nth(1)).to_be_focused()
    seen.page.keyboard.press("k")
    expect(rows.nth(0)).to_be_focused()
    seen.page.keyboard.press("Enter")
    expect(seen.page.get_by_role("button", name="Claim")).to_be_visible()
    seen.page.keyboard.press("c")
    expect(seen.page.get_by_text("bob claimed the ticket")).to_be_visible()
    seen.page.keyboard.press("r")
    expect(seen.page.get_by_label("Reply or note")).to_be_focused()
    seen.page.keyboard.type("canned jokes be gone: c r n a d t b e")
    expect(seen.page.get_by_label("Reply or note")).to_have_value("canned jokes be gone: c r n a d t b e")
    seen.page.keyboard.press("Control+Enter")
    expect(seen.page.locator(".said-human")).to_contain_text("canned jokes")
    seen.page.keyboard.press("Escape")
    seen.page.keyboard.press("n")
    expect(seen.page.locator("#kind-note")).to_be_checked()
    seen.page.keyboard.press("Escape")
    seen.page.keyboard.press("e")
    expect(seen.page.locator("#ticket .chips")).to_contain_text("Resolved")
    seen.page.keyboard.press("/")
    expect(seen.page.locator("#find")).to_be_focused()
    seen.page.keyboard.press("Escape")
    seen.page.keyboard.press("g")
    seen.page.keyboard.press("o")
    expect(seen.page.get_by_role("heading", name="Operations")).to_be_visible()


def test_single_keys_can_be_switched_off(visit: Visitor, house: House) -> None:
    ticket = write(house, "KEY-3", "A human please!")
    house.do(house.world.case(ticket))
    seen = visit(Role.AGENT, "bob")
    seen.go(f"/console/tickets/{ticket}")
    seen.page.keyboard.press("?")
    seen.page.get_by_label("Single-key shortcuts are on").uncheck()
    seen.page.keyboard.press("Escape")
    seen.page.keyboard.press("c")
    seen.page.reload()
    seen.page.keyboard.press("c")
    expect(seen.page.get_by_role("button", name="Claim")).to_be_visible()
    expect(seen.page.get_by_text("bob claimed")).to_have_count(0)


def test_the_console_works_on_a_phone(visit: Visitor, house: House) -> None:
    ticket = write(house, "PHONE-1", "A human please!")
    house.do(house.world.case(ticket))
    house.do(house.world.wanted(ticket, E_BIKE | {"amount_minor": 61_000}, "cus_2"))
    seen = visit(Role.SUPERVISOR, size=NARROW)
    seen.go("/console/switches")
    row = seen.page.locator("#switch-tool-issue_refund")
    row.get_by_placeholder("Reason").fill("A drill. Two refunds on Friday went to the wrong place.")
    row.get_by_role("button", name="Switch off").click()
    expect(seen.page.get_by_text("Tool issue refund is switched off.")).to_be_visible()
    name = row.locator(".switch-name").bounding_box()
    assert name is not None
    assert name["width"] > 100
    pages = ("/console", "/console/approvals", "/console/tickets", f"/console/tickets/{ticket}", "/console/switches", "/ops")
    for path in pages:
        seen.go(path)
        expect(seen.page.get_by_text("A drill.").first).to_be_visible()
        too_wide = seen.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert too_wide <= 0, path
    seen.go("/console/switches")
    row.get_by_role("button", name="Switch on again").click()
    expect(seen.page.get_by_text("A drill.")).to_have_count(0)
    seen.go(f"/console/tickets/{ticket}")
    seen.page.get_by_role("button", name="Claim").click()
    expect(seen.page.get_by_text("ann claimed the ticket")).to_be_visible()


def test_the_console_works_without_script(chromium: Browser, house: House) -> None:
    ticket = write(house, "PLAIN-1", "A human please!")
    house.do(house.world.case(ticket))
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(house.link(Role.AGENT, "bob"))
    page.goto(f"{house.address}/console/tickets/{ticket}")
    page.get_by_role("button", name="Claim").click()
    page.get_by_label("Reply or note").fill("Sent by a form alone.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".said-human")).to_contain_text("Sent by a form alone.")
    context.close()
