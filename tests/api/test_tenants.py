"""Two merchants with the same tickets, messages and orders never see each other; what is another's is simply not there."""

from typing import Any

import pytest

from service.store.people import Role
from tests.api.house import House, message
from tests.api.test_actions import refund, refunds
from tests.api.test_desk import post
from tests.api.test_matrix import EXPECTED

TENANTS = ("default", "acme")


async def busy(house: House, tenant: str) -> dict[str, str]:
    """A tenant with a ticket, a message, an action that waits for votes and an escalation, all with the same outer ids."""
    ticket = (await house.deliver(message("T-1"), tenant, "msg_1")).json()["ticket_id"]
    key = await house.key(role=Role.SUPERVISOR, tenant=tenant)
    act = f"/v1/tickets/{ticket}/actions"
    action = (await post(house, act, key, refund(order_id="D-100003", amount_minor=60_000), 202))["id"]
    case = (await post(house, f"/v1/tickets/{ticket}/take-over", key))["escalation"]["id"]
    approval = (await house.http.get("/v1/approvals", headers=key)).json()["items"][0]["id"]
    return {"ticket": ticket, "action": action, "escalation": case, "approval": approval}


async def test_each_list_holds_ones_own(house: House) -> None:
    things = {tenant: await busy(house, tenant) for tenant in TENANTS}
    for tenant in TENANTS:
        key = await house.key(role=Role.SUPERVISOR, tenant=tenant)
        for path, name in (("tickets", "ticket"), ("approvals", "approval"), ("escalations", "escalation")):
            for query in ("", "?limit=200", "?external_id=T-1" if path == "tickets" else "?state="):
                if query == "?state=":
                    continue
                items = (await house.http.get(f"/v1/{path}{query}", headers=key)).json()["items"]
                assert [item["id"] for item in items] == [things[tenant][name]]
        mine = (await house.http.get("/v1/tickets/ext:T-1", headers=key)).json()
        assert (mine["id"], mine["tenant"]) == (things[tenant]["ticket"], tenant)


async def test_anothers_thing_and_no_thing_are_the_same(house: House) -> None:
    theirs = await busy(house, "acme")
    nothing = {name: f"{value[:4]}{'0' * 26}" for name, value in theirs.items()}
    key = await house.key(role=Role.SUPERVISOR)
    before = await house.rows()
    digest = {"decision": "approve", "digest": "x"}
    requests: list[tuple[str, str, Any]] = [
        ("GET", "/v1/tickets/{ticket}", None),
        ("GET", "/v1/tickets/{ticket}/journal", None),
        ("GET", "/v1/tickets/{ticket}/events", None),
        ("POST", "/v1/tickets/{ticket}/messages", {"text": "x", "note": True}),
        ("POST", "/v1/tickets/{ticket}/take-over", None),
        ("POST", "/v1/tickets/{ticket}/hand-back", None),
        ("POST", "/v1/tickets/{ticket}/actions", refund()),
        ("GET", "/v1/actions/{action}", None),
        ("POST", "/v1/actions/{action}/confirmation", {"answer": "yes"}),
        ("POST", "/v1/actions/{action}/settlement", {"outcome": "not_happened", "reason": "x"}),
        ("POST", "/v1/approvals/{approval}/decision", digest),
        ("POST", "/v1/escalations/{escalation}/claim", None),
        ("POST", "/v1/escalations/{escalation}/release", None),
        ("POST", "/v1/escalations/{escalation}/resolve", {}),
        ("PUT", "/v1/switches/tenant/acme", {"on": True}),
    ]
    own = {("PUT", "/v1/switches/{scope}/{name}"), ("PUT", "/v1/autonomy/{tool}")}  # They name what every tenant has.
    named = {route for route in EXPECTED if "{" in route[1]} - own
    assert {(method, path) for method, path, _ in requests if "{" in path} == named, "a route that names a thing is tried here"
    for method, path, body in requests:
        answers = []
        for ids in (theirs, nothing):
            answer = await house.http.request(method, path.format(**ids), headers=key, json=body)
            answers.append((answer.status_code, answer.json() | {"request_id": ""}))
        assert answers[0] == answers[1], path
        assert answers[0][0] == 404, path
    assert await house.rows() == before


async def test_a_cursor_of_another_tenant_opens_nothing(house: House) -> None:
    for n in range(3):
        await house.ticket(f"T-{n}", "acme")
    theirs = await house.key(tenant="acme")
    cursor = (await house.http.get("/v1/tickets?limit=1", headers=theirs)).json()["next_cursor"]
    mine = await house.http.get(f"/v1/tickets?cursor={cursor}", headers=await house.key())
    assert mine.json() == {"items": [], "next_cursor": None}


async def test_a_switch_of_one_tenant_stops_nobody_elses_work(small_house: House) -> None:
    boss = await small_house.key(role=Role.SUPERVISOR, tenant="acme")
    await small_house.http.put("/v1/switches/tool/issue_refund", headers=boss, json={"on": True, "reason": "x"})
    ours = await small_house.ticket("T-1")
    theirs = await small_house.ticket("T-1", "acme")
    await post(small_house, f"/v1/tickets/{ours}/actions", await small_house.key(), refund())
    await post(small_house, f"/v1/tickets/{theirs}/actions", boss, refund(), 403)
    assert (await refunds(small_house), await refunds(small_house, "acme")) == ([1_000], [])


@pytest.mark.parametrize("tenant", TENANTS)
async def test_a_persons_key_belongs_to_their_tenant(small_house: House, tenant: str) -> None:
    key = await small_house.key(tenant=tenant)
    ticket = await small_house.ticket("T-1", tenant)
    taken = await post(small_house, f"/v1/tickets/{ticket}/take-over", key)
    person = await small_house.person(Role.AGENT, tenant)
    assert taken["owner"] == person.id
