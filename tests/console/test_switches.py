"""Kill switches in people's hands: a reason, a banner for everybody, and what could no longer be stopped."""

from pathlib import Path

from service.store.money_schema import actions, switches
from service.store.people import Role
from tests.conftest import StandingClock
from tests.console.test_roles import EXPECTED
from tests.console.world import ESPRESSO, World, open_world


async def test_a_thrown_switch_is_on_everybodys_page_with_its_reason(world: World) -> None:
    supervisor = await world.browser(Role.SUPERVISOR, "ann")
    answer = await supervisor.post("/console/switches", scope="tool", name="issue_refund", on="on", reason="Books are off <b>")
    assert answer.status_code == 303
    viewer = await world.browser(Role.VIEWER)
    for path in ("/console", "/console/tickets", "/ops", "/console/switches"):
        page = (await viewer.get(path)).text
        assert "Tool issue refund is switched off." in page
        assert "Books are off &lt;b&gt;" in page
    assert "ann" in (await viewer.get("/console/switches")).text
    await supervisor.post("/console/switches", scope="tool", name="issue_refund", on="off")
    assert "is switched off." not in (await viewer.get("/console")).text


async def test_a_switch_needs_a_reason_to_be_thrown(world: World) -> None:
    answer = await (await world.browser(Role.ADMIN)).post("/console/switches", scope="lane", name="agent", on="on", reason=" ")
    assert answer.status_code == 422
    assert "Say why" in answer.text
    assert not any(row.on for row in await world.rows(switches))


async def test_the_page_lists_what_a_switch_can_no_longer_stop(world: World) -> None:
    ticket = await world.message()
    await world.wanted(ticket, ESPRESSO)
    browser = await world.browser(Role.SUPERVISOR)
    assert "Under way now" not in (await browser.get("/console/switches")).text
    await world.change(actions, status="sent")
    await browser.post("/console/switches", scope="tenant", name="default", on="on", reason="Something is wrong.")
    page = (await browser.get("/console/switches")).text
    assert "Everything is switched off." in page
    assert f'href="/console/tickets/{ticket}"' in page.split("Under way now")[1]
    other = await world.browser(Role.SUPERVISOR, "outsider", tenant="acme")
    assert ticket not in (await other.get("/console/switches")).text


async def test_a_thrown_switch_keeps_the_list_of_what_it_met_and_what_became_of_it(world: World) -> None:
    ticket = await world.message()
    await world.wanted(ticket, ESPRESSO)
    await world.change(actions, status="sent")
    browser = await world.browser(Role.SUPERVISOR)
    await browser.post("/console/switches", scope="effect", name="MONEY", on="on", reason="Something is wrong.")
    await world.change(actions, status="succeeded")
    page = (await browser.get("/console/switches")).text
    assert "Everything that moves money is switched off." in page
    met = page.split("Under way when it was thrown:")[1].split("</ul>")[0]
    assert "Refund: sent, no answer yet →" in met
    assert ">Done<" in met
    assert f'href="/console/tickets/{ticket}#' in met
    assert "Under way now" not in page
    await browser.post("/console/switches", scope="effect", name="MONEY", on="off", reason="It was a slow bank.")
    assert "when it was thrown" not in (await browser.get("/console/switches")).text


async def test_who_threw_and_lifted_a_switch_when_and_why_stands_in_the_audit(world: World) -> None:
    ann = await world.browser(Role.SUPERVISOR, "ann")
    await ann.post("/console/switches", scope="lane", name="agent", on="on", reason="It talks nonsense.")
    world.clock.advance(minutes=5)
    await ann.post("/console/switches", scope="lane", name="agent", on="off", reason="The model is mended.")
    page = (await (await world.browser(Role.AUDITOR)).get("/console/audit")).text
    for told in ("Switch: thrown", "It talks nonsense.", "The model is mended.", ">ann<", "lane", "agent"):
        assert told in page


async def test_the_banner_is_on_every_page_while_a_switch_is_thrown(world: World) -> None:
    ticket = await world.message()
    await world.wanted(ticket, ESPRESSO)
    admin = await world.browser(Role.ADMIN)
    await admin.post("/console/switches", scope="tool", name="issue_refund", on="on", reason="Books are off.")
    pages = [path for method, path in EXPECTED if method == "GET" and Role.ADMIN in EXPECTED[method, path]]
    named = {"/console/tickets/{ticket_id}": f"/console/tickets/{ticket}"}
    parts = {"/console/tickets/{ticket_id}/shop", "/console/approvals/{approval_id}", "/console/live"}
    for path in set(pages) - parts:
        assert "Books are off." in (await admin.get(named.get(path, path))).text, path


async def test_a_mode_that_leaves_something_out_is_told_on_every_page(
    world_url: str, clock: StandingClock, tmp_path: Path
) -> None:
    (tmp_path / "deskrail.toml").write_text('[tenants.default]\nmode = "read_only"\n', "utf-8")
    async with open_world(world_url, clock, DESKRAIL_CONFIG=str(tmp_path / "deskrail.toml")) as world:
        browser = await world.browser(Role.VIEWER)
        for path in ("/console", "/ops"):
            assert "Read only: flows and the agent look things up and change nothing." in (await browser.get(path)).text


async def test_an_intent_can_be_switched_off(world: World) -> None:
    browser = await world.browser(Role.SUPERVISOR)
    await browser.post("/console/switches", scope="intent", name="cancel_order", on="on", reason="The shop asked.")
    page = (await browser.get("/console/switches")).text
    assert 'id="switch-intent-cancel_order"' in page


async def test_a_switch_that_does_not_exist_is_refused(world: World) -> None:
    browser = await world.browser(Role.SUPERVISOR)
    answer = await browser.post("/console/switches", scope="tool", name="no_such_tool", on="on", reason="A slip.")
    assert answer.status_code == 404
    other = await browser.post("/console/switches", scope="tenant", name="acme", on="on", reason="A slip.")
    assert other.status_code == 404
    assert await world.rows(switches) == []
