"""Kill switches in people's hands: a reason, a banner for everybody, and what could no longer be stopped."""

from service.store.money_schema import actions, switches
from service.store.people import Role
from tests.console.world import ESPRESSO, World


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
