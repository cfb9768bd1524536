"""A person calls tools through the API: what happens, what waits, what is refused, and that it happens once."""

from typing import Any

import pytest
from sqlalchemy import select

from service.api.examples import ACTION
from service.store.people import Role
from service.store.schema import tickets
from tests.api.house import House, message
from tests.api.test_desk import post
from tools.backends.shop import Fault, read_books

REFUND = {"order_id": "D-100001", "amount_minor": 1_000, "currency": "USD", "reason": "damaged"}


def refund(confirmed: bool = True, **changed: Any) -> dict[str, Any]:
    """A body for `…/actions`: a small refund, with some arguments changed."""
    return {"tool": "issue_refund", "args": REFUND | changed, "customer_confirmed": confirmed}


async def refunds(house: House, tenant: str = "default") -> list[int]:
    """The refunds in the shop's own books, in cents."""
    books = await read_books(house.services.shop_engine, tenant)
    return [entry.amount_minor for entry in books if entry.kind == "refund"]


async def journal_of(house: House, ticket: str) -> list[dict[str, Any]]:
    """The ticket's journal."""
    return (await house.http.get(f"/v1/tickets/{ticket}/journal", headers=await house.key())).json()["items"]


async def work(house: House, ticket: str) -> None:
    """Run the ticket's drains until it is at rest."""
    waiting = True
    while waiting:
        async with house.services.db.reading() as conn:
            row = (await conn.execute(select(tickets.c.wake, tickets.c.pending).where(tickets.c.id == ticket))).one()
        waiting = row.pending > 0
        if waiting:
            await house.services.pipeline.drain(ticket, row.wake)


async def act(house: House, ticket: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
    """Call a tool as an agent."""
    return await post(house, f"/v1/tickets/{ticket}/actions", await house.key(), body, status)


async def test_a_person_refunds_and_the_shop_has_it_in_its_books(house: House) -> None:
    ticket = await house.ticket()
    done = await act(house, ticket, refund())
    assert (done["status"], done["decision"], done["code"]) == ("succeeded", "allow", None)
    assert done["amount"] == {"amount_minor": 1_000, "currency": "USD"}
    assert done["receipt"]
    assert await refunds(house) == [1_000]
    shown = (await house.http.get(f"/v1/actions/{done['id']}", headers=await house.key())).json()
    assert set(shown) == set(ACTION)
    assert shown == {name: value for name, value in done.items() if name != "data"}
    whole = (await house.http.get(f"/v1/tickets/{ticket}", headers=await house.key())).json()
    assert whole["actions"] == [shown]


async def test_a_read_answers_at_once_and_leaves_no_action(small_house: House) -> None:
    ticket = await small_house.ticket()
    found = await act(small_house, ticket, {"tool": "get_order", "args": {"order_id": "D-100001"}})
    assert (found["id"], found["effect"], found["status"]) == (None, "READ", "succeeded")
    assert "D-100001" in str(found["data"])
    assert (await small_house.rows())["actions"] == 0


async def test_who_looked_at_a_customers_order_stands_in_the_journal(small_house: House) -> None:
    ticket, key = await small_house.ticket(), await small_house.key() | {"Idempotency-Key": "look"}
    body = {"tool": "get_order", "args": {"order_id": "D-100001"}}
    for _ in range(2):
        await post(small_house, f"/v1/tickets/{ticket}/actions", key, body)
    looked = [entry for entry in await journal_of(small_house, ticket) if entry["kind"] == "tool.called"]
    assert [(one["actor"], one["data"]) for one in looked] == [
        (f"person:{(await small_house.person(Role.AGENT)).id}", {**body, "ok": True})
    ]


async def test_a_call_that_the_shop_could_not_answer_is_no_look(small_house: House) -> None:
    ticket = await small_house.ticket()
    small_house.shops["default"].script("get_order", Fault("unreachable"))
    await act(small_house, ticket, {"tool": "get_order", "args": {"order_id": "D-100001"}}, 503)
    assert "tool.called" not in {entry["kind"] for entry in await journal_of(small_house, ticket)}


async def test_a_person_who_asks_for_a_colleague_gets_a_case_opened(small_house: House) -> None:
    ticket = await small_house.ticket()
    wanted = {"reason": "out_of_scope", "summary": "She asks for a discount for her club."}
    await act(small_house, ticket, {"tool": "escalate", "args": wanted})
    await work(small_house, ticket)
    shown = (await small_house.http.get(f"/v1/tickets/{ticket}", headers=await small_house.key())).json()
    assert (shown["status"], shown["escalation"]["reason"]) == ("escalated", "out_of_scope")
    assert shown["escalation"]["brief"]["summary"] == wanted["summary"]


async def test_a_large_refund_waits_for_votes(house: House) -> None:
    ticket = await house.ticket()
    waiting = await act(house, ticket, refund(order_id="D-100003", amount_minor=60_000), 202)
    assert (waiting["status"], waiting["decision"], waiting["rule"]) == ("proposed", "needs_approval", "refund.per_call_cap")
    assert await refunds(house) == []
    key = await house.key()
    listed = (await house.http.get("/v1/approvals?state=pending", headers=key)).json()["items"]
    assert [one["action"]["id"] for one in listed] == [waiting["id"]]
    assert (await house.http.get(f"/v1/tickets/{ticket}", headers=key)).json()["approvals"] == listed


async def test_an_answer_that_got_lost_is_not_called_a_success(small_house: House) -> None:
    ticket = await small_house.ticket()
    small_house.shops["default"].script("refund", *[Fault("lost_request")] * 5)
    doubtful = await act(small_house, ticket, refund(), 202)
    assert doubtful["status"] in ("sent", "unknown")
    assert doubtful["receipt"] is None


async def test_a_shop_that_is_away_is_worth_another_try(small_house: House) -> None:
    ticket = await small_house.ticket()
    small_house.shops["default"].script("get_order", Fault("unreachable"))
    key = await small_house.key() | {"Idempotency-Key": "try"}
    path = f"/v1/tickets/{ticket}/actions"
    away = await small_house.http.post(path, headers=key, json=refund())
    assert (away.status_code, away.json()["code"]) == (503, "unavailable")
    assert int(away.headers["retry-after"]) > 0
    again = await small_house.http.post(path, headers=key, json=refund())
    assert (again.status_code, again.json()["status"]) == (200, "succeeded")
    assert await refunds(small_house) == [1_000]


REFUSED: dict[str, tuple[dict[str, Any], int, str, str | None]] = {
    "no yes of the customer": (refund(confirmed=False), 409, "confirmation_required", "money.confirmation"),
    "more than was paid": (refund(amount_minor=5_001), 409, "over_refund", "refund.conservation"),
    "another currency": (refund(currency="EUR"), 422, "currency_mismatch", "refund.currency"),
    "a negative amount": (refund(amount_minor=-1), 422, "validation", None),
    "an amount with a fraction": (refund(amount_minor=10.5), 422, "validation", None),
    "an amount as text": (refund(amount_minor="1000"), 422, "validation", None),
    "an argument that the tool does not take": (refund(idempotency_key="mine"), 422, "validation", None),
    "another tenant by argument": (refund(tenant="acme"), 422, "validation", None),
    "no arguments": ({"tool": "issue_refund", "args": {}, "customer_confirmed": True}, 422, "validation", None),
    "an order that nobody has": (refund(order_id="D-999999"), 404, "not_found", None),
    "an order of another customer": (refund(order_id="D-200001"), 404, "not_found", None),
    "a tool that nobody has": ({"tool": "drop_tables", "args": {}}, 403, "not_granted", "tool.granted"),
    "an order in another state": (
        {"tool": "cancel_order", "args": {"order_id": "D-100001", "reason": "no_longer_needed"}, "customer_confirmed": True},
        409,
        "bad_state",
        "cancel.before_dispatch",
    ),
}


@pytest.mark.parametrize(("body", "status", "code", "rule"), REFUSED.values(), ids=REFUSED.keys())
async def test_what_is_refused_moves_nothing(
    small_house: House, body: dict[str, Any], status: int, code: str, rule: str | None
) -> None:
    ticket = await small_house.ticket()
    before = await small_house.rows()
    refused = await act(small_house, ticket, body, status)
    assert (refused["code"], refused.get("rule")) == (code, rule)
    assert await refunds(small_house) == []
    after = await small_house.rows()
    assert after["ledger"] == before["ledger"]
    assert after["journal"] > before["journal"], "a refusal leaves one entry"


async def test_anothers_order_is_told_like_one_that_is_not_there(small_house: House) -> None:
    ticket = await small_house.ticket()
    theirs = await act(small_house, ticket, refund(order_id="D-200001"), 404)
    nobodys = await act(small_house, ticket, refund(order_id="D-999999"), 404)
    assert theirs | {"request_id": ""} == nobodys | {"request_id": ""}


async def test_an_unverified_customer_has_no_account_to_act_on(small_house: House) -> None:
    ticket = (await small_house.deliver(message(verified=False))).json()["ticket_id"]
    refused = await act(small_house, ticket, refund(), 403)
    assert refused["code"] == "verification_required"


async def test_a_thrown_switch_stops_people_too(house: House) -> None:
    ticket = await house.ticket()
    boss = await house.key(role=Role.SUPERVISOR)
    change = {"on": True, "reason": "Audit."}
    thrown = await house.http.put("/v1/switches/tool/issue_refund", headers=boss, json=change)
    assert thrown.status_code == 200
    assert thrown.json() | {"at": None, "by": None} == change | {
        "scope": "tool", "name": "issue_refund", "by": None, "at": None, "in_flight": []
    }  # fmt: skip
    refused = await act(house, ticket, refund(), 403)
    assert (refused["code"], refused["rule"]) == ("killed", "switch.killed")
    await house.http.put("/v1/switches/tool/issue_refund", headers=boss, json={"on": False, "reason": ""})
    assert (await act(house, ticket, refund()))["status"] == "succeeded"


async def test_a_thrown_switch_lists_what_it_could_not_stop(small_house: House) -> None:
    ticket = await small_house.ticket()
    small_house.shops["default"].script("refund", *[Fault("lost_request")] * 5)
    doubtful = await act(small_house, ticket, refund(), 202)
    boss = await small_house.key(role=Role.SUPERVISOR)
    thrown = (await small_house.http.put("/v1/switches/lane/human", headers=boss, json={"on": True, "reason": "x"})).json()
    assert [one["id"] for one in thrown["in_flight"]] == [doubtful["id"]]
    listed = (await small_house.http.get("/v1/switches", headers=boss)).json()["items"]
    (on,) = [one for one in listed if one["on"]]
    assert (on["name"], on["reason"], on["by"] is not None, on["at"] is not None) == ("human", "x", True, True)
    assert [(one["id"], one["status"], one["status_now"]) for one in on["in_flight"]] == [
        (doubtful["id"], "unknown", "unknown"),
    ]
    lifted = await small_house.http.put("/v1/switches/lane/human", headers=boss, json={"on": False, "reason": "over"})
    assert lifted.json()["on"] is False
    listed = (await small_house.http.get("/v1/switches", headers=boss)).json()["items"]
    assert all(not one["on"] and one["in_flight"] == [] for one in listed)


async def test_a_switch_that_is_not_there_cannot_be_thrown(small_house: House) -> None:
    boss = await small_house.key(role=Role.SUPERVISOR)
    for path, status in (("tool/nothing", 404), ("tenant/acme", 404), ("planet/earth", 422), ("intent/a%20b", 404)):
        answer = await small_house.http.put(f"/v1/switches/{path}", headers=boss, json={"on": True})
        assert answer.status_code == status, path


async def test_the_catalogue_names_every_tool_with_its_rules(small_house: House) -> None:
    listed = (await small_house.http.get("/v1/tools", headers=await small_house.key())).json()["items"]
    tools = {tool["name"]: tool for tool in listed}
    assert {
        "find_orders",
        "cancel_order",
        "issue_refund",
        "return_items",
        "change_order_address",
        "add_note",
        "escalate",
    } <= set(tools)
    assert tools["issue_refund"]["effect"] == "MONEY"
    assert "refund.per_call_cap" in {rule["name"] for rule in tools["issue_refund"]["rules"]}
    assert tools["issue_refund"]["input_schema"]["additionalProperties"] is False
