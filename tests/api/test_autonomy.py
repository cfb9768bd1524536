"""Levels of autonomy over the API: who may change one, and what everybody sees of it."""

import pytest

from service.store.api_keys import Scope
from service.store.people import Role
from tests.api.house import House

ROUTE = "/v1/autonomy/issue_refund"
WATCH = {"level": "observe", "reason": "We watch first."}


async def test_an_admin_lowers_a_level_and_every_door_shows_it(small_house: House) -> None:
    admin = await small_house.key(role=Role.ADMIN)
    answer = await small_house.http.put(ROUTE, headers=admin, json=WATCH)
    assert answer.status_code == 200
    changed = answer.json()
    assert (changed["level"], changed["default"], changed["reason"]) == ("observe", "approve_over_cap", "We watch first.")
    assert changed["alone_up_to"] == [{"amount_minor": 0, "currency": "USD"}]
    assert (changed["proposed"], changed["record"]["streak"]) == (None, 0)
    listed = (await small_house.http.get("/v1/autonomy", headers=admin)).json()["items"]
    assert {one["tool"]: one["level"] for one in listed}["issue_refund"] == "observe"
    tools = (await small_house.http.get("/v1/tools", headers=admin)).json()["items"]
    assert {one["name"]: one["autonomy"] for one in tools} | {"issue_refund": "observe", "find_orders": None} == {
        one["name"]: one["autonomy"] for one in tools
    }


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.AGENT, None])
async def test_who_is_no_admin_is_refused_and_changes_nothing(small_house: House, role: Role | None) -> None:
    key = await small_house.key(role=role)
    before = await small_house.rows()
    answer = await small_house.http.put(ROUTE, headers=key, json=WATCH)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert await small_house.rows() == before


@pytest.mark.parametrize(
    ("tool", "body", "status", "code"),
    [
        ("issue_refund", {"level": "yolo", "reason": "x"}, 422, "validation"),
        ("issue_refund", {"level": "auto"}, 422, "validation"),
        ("issue_refund", {"level": "auto", "reason": " "}, 422, "validation"),
        ("issue_refund", {"level": "auto", "reason": "x", "was": "observe"}, 409, "stale"),
        ("find_orders", WATCH, 404, "not_found"),
        ("no_such_tool", WATCH, 404, "not_found"),
    ],
)
async def test_a_change_that_cannot_be_meant_is_refused(
    small_house: House, tool: str, body: dict[str, str], status: int, code: str
) -> None:
    answer = await small_house.http.put(f"/v1/autonomy/{tool}", headers=await small_house.key(role=Role.ADMIN), json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await small_house.rows())["autonomy"] == 0


async def test_a_watched_tool_refuses_a_machine_and_still_obeys_a_person(small_house: House) -> None:
    await small_house.http.put(ROUTE, headers=await small_house.key(role=Role.ADMIN), json=WATCH)
    ticket = await small_house.ticket()
    args = {"order_id": "D-100001", "amount_minor": 1_999, "currency": "USD", "reason": "damaged"}
    call = {"tool": "issue_refund", "args": args, "customer_confirmed": True}
    answer = await small_house.http.post(f"/v1/tickets/{ticket}/actions", headers=await small_house.key(), json=call)
    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")


async def test_every_rule_is_listed_with_its_number_in_the_order_of_decision(small_house: House) -> None:
    key = await small_house.key(Scope.TICKETS_READ)
    tools = {one["name"]: one for one in (await small_house.http.get("/v1/tools", headers=key)).json()["items"]}
    refund = tools["issue_refund"]
    assert [rule["order"] for rule in refund["rules"]] == sorted(rule["order"] for rule in refund["rules"])
    assert {rule["name"]: rule["number"] for rule in refund["rules"]}["return.window"] == "30 days"
    assert (refund["flows"], refund["limits"]) == (["return_refund"], {"customer_day": 20, "tenant_day": None})
    assert refund["verification"] == "channel"
    assert tools["find_orders"]["limits"] is None
