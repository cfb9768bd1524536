"""What every page holds: headers that keep foreign code out, text that stays text, and errors that people can read."""

import pytest

from service.console.filters import fact, microusd, seconds, shown
from service.console.security import POLICY
from service.store.money_schema import approvals
from service.store.people import Role
from service.store.schema import escalations, tickets
from tests.conftest import StandingClock
from tests.console.world import ESPRESSO, World, open_world
from tools.backends.shop import Fault, Faulty, dump

NASTY = "<script>window.__xss=1</script><img src=x onerror=window.__xss=1>"
PAGES = ["/console", "/console?show=all", "/console/tickets", "/console/switches", "/console/people", "/console/audit", "/ops"]


@pytest.mark.parametrize("path", [*PAGES, "/console/login", "/console/nothing", "/console/tickets/tkt_nothing"])
async def test_every_page_keeps_foreign_code_out(world: World, path: str) -> None:
    answer = await (await world.browser(Role.ADMIN)).get(path)
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "<style" not in answer.text
    assert ' style="' not in answer.text
    assert "<script>" not in answer.text
    assert "http://" not in answer.text.replace("http://www.w3.org/2000/svg", "")


async def test_static_files_are_kept_for_ever_under_their_contents_name(world: World) -> None:
    page = (await world.stranger().get("/console/login")).text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = await world.stranger().get(address)
    assert answer.status_code == 200
    assert "?v=" in address
    assert "immutable" in answer.headers["cache-control"]
    assert (await world.stranger().get("/console/static/../pages.py")).status_code == 404


async def test_what_customers_write_is_shown_and_never_run(world: World) -> None:
    ticket = await world.message("T-<b>1", NASTY, name=NASTY)
    await world.case(ticket)
    await world.change(tickets, tickets.c.id == ticket, subject=NASTY)
    browser = await world.browser(Role.AGENT)
    for path in ("/console", "/console/tickets", f"/console/tickets/{ticket}"):
        text = (await browser.get(path)).text
        assert "&lt;script&gt;window.__xss=1" in text
        assert "<script>window" not in text
        assert "<img src=x" not in text


async def test_what_a_search_looks_for_is_shown_and_never_run(world: World) -> None:
    text = (await (await world.browser(Role.AGENT)).get("/console/tickets?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")).text
    assert "<script>alert" not in text


async def test_the_names_of_unverified_senders_bind_no_account(world: World) -> None:
    ticket = await world.message(verified=False)
    browser = await world.browser(Role.AGENT)
    panel = (await browser.get(f"/console/tickets/{ticket}/shop")).text
    assert "Nobody vouches for this sender" in panel
    assert "D-100004" not in panel
    assert "Sender not verified" in (await browser.get(f"/console/tickets/{ticket}")).text


async def test_the_panel_shows_the_customers_orders_the_one_in_question_first(world: World) -> None:
    ticket = await world.message(text="Where is D-100004?")
    panel = (await (await world.browser(Role.VIEWER)).get(f"/console/tickets/{ticket}/shop")).text
    assert "ada@example.com" in panel
    assert panel.index("D-100004") < panel.index("D-100001")
    assert "$749.00" in panel


async def test_a_shop_that_is_away_leaves_the_ticket_readable(world: World, clock: StandingClock) -> None:
    ticket = await world.message()
    shop = Faulty(world.services.commerce_for("default"))
    shop.script("get_customer", Fault("unreachable"))
    url = world.services.settings.database_url
    async with open_world(url, clock, commerce_for=lambda tenant: shop) as without_shop:
        browser = await without_shop.browser(Role.AGENT)
        assert (await browser.get(f"/console/tickets/{ticket}")).status_code == 200
        assert "cannot be reached right now" in (await browser.get(f"/console/tickets/{ticket}/shop")).text
        assert "D-100004" in (await browser.get(f"/console/tickets/{ticket}/shop")).text


async def test_a_database_that_is_away_is_told_as_such(world: World) -> None:
    browser = await world.browser(Role.AGENT)
    async with world.services.db.begin() as conn:
        await conn.exec_driver_sql("alter table escalations rename to somewhere_else")
    answer = await browser.get("/console")
    assert answer.status_code == 503
    assert "The database cannot be reached right now" in answer.text
    assert "escalations" not in answer.text


async def test_what_may_have_been_done_is_not_said_to_be_undone(world: World) -> None:
    ticket = await world.message()
    browser = await world.browser(Role.AGENT)
    async with world.services.db.begin() as conn:
        await conn.exec_driver_sql("alter table messages rename to somewhere_else")
    answer = await browser.post(f"/console/tickets/{ticket}/messages", kind="note", text="Called the customer.")
    assert answer.status_code == 503
    assert "It is not known whether this was done; look before you try again." in answer.text


async def test_a_summary_that_lies_changes_no_fact_and_stands_below_them(world: World) -> None:
    ticket = await world.message()
    await world.wanted(ticket, ESPRESSO)
    case = await world.case(ticket)
    (asked,) = await world.rows(approvals)
    lie = "Paid: $9,999.00. Approved by phone by the owner. Amount: $1.00"
    await world.change(escalations, escalations.c.id == case, brief={"why": "x", "summary": lie})
    text = (await (await world.browser(Role.SUPERVISOR)).get(f"/console/tickets/{ticket}")).text
    card = text[text.index(f'id="{asked.id}"') :].split("</section>")[0]
    facts, told = card.split('class="by-model"')
    for fact_shown in ("$749.00", "D-100004", "refund.per_call_cap", asked.digest, " ending "):
        assert fact_shown in facts
    assert lie not in facts
    assert lie in told.replace("&#39;", "'")
    assert "not checked" in told


async def test_whoever_gets_a_case_sees_what_was_done_on_it_and_its_receipt(world: World) -> None:
    ticket = await world.message()
    done = await world.wanted(ticket, {**ESPRESSO, "amount_minor": 1_900})
    await world.case(ticket)
    answer = await (await world.browser(Role.AGENT)).get(f"/console/tickets/{ticket}")
    assert answer.status_code == 200
    panel = answer.text[answer.text.index('id="brief-title"') :].split("</section>")[0]
    assert done.action is not None
    assert done.action.receipt is not None
    assert all(part in panel for part in ("Done", "$19.00", done.action.receipt.reference))


async def test_what_the_router_left_for_a_person_is_not_called_the_agents(world: World) -> None:
    ticket = await world.message()
    case = await world.case(ticket)
    brief = {"why": "The sender is not known.", "summary": "The route asked for a person."}
    await world.change(escalations, escalations.c.id == case, brief=brief)
    text = (await (await world.browser(Role.AGENT)).get(f"/console/tickets/{ticket}")).text
    panel = text[text.index('id="brief-title"') :].split("</section>")[0]
    assert "Left with the case, not checked" in panel
    assert "the agent" not in panel


async def test_beside_a_ticket_stand_the_things_of_its_own_customer_alone(world: World) -> None:
    ticket = await world.message()
    browser = await world.browser(Role.SUPERVISOR)
    pages = [(await browser.get(f"/console/tickets/{ticket}{part}")).text for part in ("", "/shop")]
    shop = await dump(world.services.shop_engine, "default")
    others = [one for one in shop["customers"] if one["id"] != "cus_1"]
    orders = [one for one in shop["orders"] if one["customer_id"] != "cus_1"]
    foreign = [one["email"] for one in others] + [one["address"]["line1"] for one in others] + [one["id"] for one in orders]
    foreign += [parcel["tracking_id"] for one in orders for parcel in one["shipments"]]
    assert "D-100004" in pages[1]
    assert [one for one in foreign if one in pages[0] + pages[1]] == []


async def test_money_back_on_other_tickets_stands_on_the_approvers_card(world: World) -> None:
    first = await world.message("T-1")
    small = ESPRESSO | {"order_id": "D-100002", "amount_minor": 4_000}
    assert (await world.wanted(first, small)).ok
    second = await world.message("T-2")
    await world.wanted(second, ESPRESSO)
    text = (await (await world.browser(Role.SUPERVISOR)).get(f"/console/tickets/{second}")).text
    assert "Money back to this customer, last 30 days" in text
    assert "$40.00" in text.split("last 30 days")[1][:60]


async def test_a_page_that_is_not_there_says_so_in_words(world: World) -> None:
    answer = await (await world.browser(Role.AGENT)).get("/console/tickets/tkt_nothing")
    assert answer.status_code == 404
    assert "There is no such thing here." in answer.text
    assert answer.headers["content-type"].startswith("text/html")


async def test_a_script_whose_session_ended_is_sent_to_sign_in(world: World) -> None:
    answer = await world.stranger().get("/console", **{"hx-request": "true"})
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/console/login"


async def test_an_error_meets_a_script_on_its_message_line(world: World) -> None:
    answer = await (await world.browser(Role.AGENT)).get("/console/people", **{"hx-request": "true"})
    assert answer.status_code == 403
    assert answer.headers["hx-retarget"] == "#problem"
    assert 'id="problem-text"' in answer.text


def test_characters_that_hide_are_made_visible() -> None:
    assert str(shown("a\u202eb")) == 'a<span class="hidden-char">U+202E</span>b'
    assert "U+200B" in shown("pay\u200bpal")
    assert "U+E0041" in shown("\U000e0041")
    assert str(shown("two\nlines & <b>")) == "two\nlines &amp; &lt;b&gt;"
    assert str(shown("👩‍💻 Zoë — ok")) == "👩‍💻 Zoë — ok"


def test_values_read_as_people_write_them() -> None:
    assert fact({"amount_minor": 74_900, "currency": "USD"}) == "$749.00"
    assert fact({"amount_minor": 5, "currency": "KWD"}) == "KWD0.005"
    assert fact("ordered_by_mistake") == "ordered by mistake"
    assert fact("D_1") == "D_1"
    assert fact([{"name": "Desk", "options": {"size": "120 cm"}}, {"name": "Mug", "options": {}}]) == "Desk (120 cm); Mug"
    portland = {"line1": "1 Main St", "city": "Portland", "region": "ME", "postal_code": "04101", "country": "US"}
    assert fact(portland) == "1 Main St, 04101, Portland, ME, US"
    assert [seconds(value) for value in (None, 0.34, 4.24, 90, 720, 12_600)] == [
        "–",
        "340 ms",
        "4.2 s",
        "1.5 min",
        "12 min",
        "3.5 h",
    ]
    assert [microusd(value) for value in (0, 37, 24_310, 1_250_000)] == ["$0.00", "$0.000037", "$0.024", "$1.25"]


async def test_the_bare_address_leads_to_the_console(world: World) -> None:
    answer = await world.stranger().get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")
