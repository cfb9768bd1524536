"""What somebody is writing on a ticket, in Chromium: it stays theirs, for whom it was meant, and is sent once."""

import re

import pytest
from playwright.sync_api import Page, expect

from service.store.people import Role
from service.store.schema import messages
from tests.browser.conftest import Visitor
from tests.browser.house import House
from tests.browser.test_truth import SLOW, case, claim_as

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def at_work(visit: Visitor, house: House, ticket: str, *expected: str) -> Page:
    """Bob has the ticket's page open, and it is live; the browser may complain of what is `expected`."""
    seen = visit(Role.AGENT, "bob")
    seen.expected.update(expected)
    seen.go(f"/console/tickets/{ticket}")
    expect(seen.page.locator("#live-text")).to_have_text("Live", timeout=SLOW)
    return seen.page


def replies(house: House, ticket: str) -> list[str]:
    """What people wrote to the customer."""
    rows = house.do(house.world.rows(messages, messages.c.ticket_id == ticket, messages.c.author == "human"))
    return [row.text for row in rows]


@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_a_note_does_not_become_a_reply_when_its_writer_claims_the_ticket(visit: Visitor, house: House, where: str) -> None:
    ticket, case_id = case(house, f"NOTE-{where}")
    page = at_work(visit, house, ticket)
    page.get_by_label("Internal note").last.fill("He has done this before, ask Eve.")
    if where == "here":
        page.get_by_role("button", name="Claim").click()
    else:
        claim_as(house, "bob", case_id)
    expect(page.get_by_role("button", name="Resolve")).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("radio", name="Internal note")).to_be_checked()
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".said-note")).to_contain_text("He has done this before, ask Eve.")
    assert replies(house, ticket) == []


def test_the_choice_made_with_a_key_holds_over_a_change(visit: Visitor, house: House) -> None:
    ticket, case_id = case(house, "CHOICE-1")
    claim_as(house, "bob", case_id)
    page = at_work(visit, house, ticket)
    page.get_by_label("Reply or note").fill("He has done this before.")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    house.do(house.world.message("CHOICE-1", "Hello?"))
    expect(page.locator(".said-customer").last).to_contain_text("Hello?", timeout=SLOW)
    expect(page.get_by_role("radio", name="Internal note")).to_be_checked()


def test_a_refused_answer_is_still_there_after_the_next_change(visit: Visitor, house: House) -> None:
    ticket, case_id = case(house, "KEPT-1")
    claim_as(house, "bob", case_id)
    page = at_work(visit, house, ticket)
    page.evaluate("document.querySelector('#composer [name=seen]').value = 0")
    field = page.get_by_label("Reply or note")
    field.fill("A careful answer that took ten minutes")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert").filter(has_text="A new message came in")).to_be_visible()
    page.locator("#ticket-title").click()
    house.do(house.world.message("KEPT-1", "And it was blue."))
    expect(page.locator(".said-customer").last).to_contain_text("it was blue.", timeout=SLOW)
    expect(field).to_have_value("A careful answer that took ten minutes")


def test_an_answer_whose_confirmation_got_lost_is_sent_once_although_the_page_has_changed(visit: Visitor, house: House) -> None:
    ticket, case_id = case(house, "ONCE-1")
    claim_as(house, "bob", case_id)
    page = at_work(visit, house, ticket, "htmx:error")
    field = page.get_by_label("Reply or note")
    page.route(re.compile("/messages$"), lambda route: (route.fetch(max_redirects=0), route.abort()), times=1)
    field.fill("We send a new one today.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".said-human")).to_contain_text("We send a new one today.", timeout=SLOW)
    expect(page.get_by_role("alert").filter(has_text="It is not known whether this was done")).to_be_visible()
    expect(field).to_have_value("We send a new one today.")
    page.get_by_role("button", name="Send").click()
    expect(field).to_have_value("")
    assert replies(house, ticket) == ["We send a new one today."]
    field.fill("We send a new one today.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".said-human")).to_have_count(2)
    assert len(replies(house, ticket)) == 2, "The same words written anew are a new answer."


@pytest.mark.parametrize(("key", "button"), [("e", "Resolve"), ("b", "Hand back")])
def test_one_key_does_not_leave_an_unsent_answer_behind(visit: Visitor, house: House, key: str, button: str) -> None:
    ticket, case_id = case(house, f"LEAVE-{key}")
    claim_as(house, "bob", case_id)
    page = at_work(visit, house, ticket)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.get_by_label("Reply or note").fill("A careful answer that took ten minutes")
    page.keyboard.press("Escape")
    page.keyboard.press(key)
    expect(page.get_by_role("button", name=button)).to_be_focused()
    assert sent == []
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=button)).to_have_count(0)


@pytest.mark.parametrize("noticed", ["when it is sent", "by itself"])
def test_an_answer_outlives_the_session_of_its_writer_and_is_sent_in_the_next(
    visit: Visitor, house: House, noticed: str
) -> None:
    ticket, case_id = case(house, f"ENDED-{noticed}")
    claim_as(house, "bob", case_id)
    page = at_work(visit, house, ticket, "htmx:sse:error")
    field = page.get_by_label("Reply or note")
    field.fill("A careful answer that took ten minutes")
    page.context.clear_cookies()
    if noticed == "by itself":
        page.evaluate("document.getElementById('stream')._htmx.sse.reader.cancel()")
    else:
        page.get_by_role("button", name="Send").click()
    told = page.get_by_role("alert").filter(has_text="Your session has ended. What you have written is still here")
    expect(told).to_be_visible(timeout=SLOW)
    expect(field).to_have_value("A careful answer that took ten minutes")
    with page.context.expect_page() as opened:
        told.get_by_role("link", name="Sign in").click()
    expect(opened.value.get_by_role("heading", name="Sign in")).to_be_visible()
    opened.value.goto(house.link(Role.AGENT, "bob"))
    page.evaluate("document.getElementById('stream')._htmx.sse.reader?.cancel()")
    expect(told).to_have_count(0, timeout=SLOW)
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".said-human")).to_contain_text("A careful answer that took ten minutes")
    assert replies(house, ticket) == ["A careful answer that took ten minutes"]
