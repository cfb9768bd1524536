"""What people do on tickets through the API: answer, note, take over, hand back, claim, release, resolve."""

from typing import Any

import pytest

from service.store import people
from service.store.people import Role
from tests.api.house import House


async def post(house: House, path: str, key: dict[str, str], body: Any = None, status: int = 200) -> Any:
    """The body of the answer to a POST."""
    answer = await house.http.post(path, headers=key, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_only_the_owner_answers_the_customer(house: House) -> None:
    ticket = await house.ticket()
    agent, other = await house.key(), await house.key(role=Role.SUPERVISOR)
    reply = {"text": "I am on it.", "note": False}
    refused = await post(house, f"/v1/tickets/{ticket}/messages", agent, reply, 403)
    assert refused["code"] == "forbidden"
    taken = await post(house, f"/v1/tickets/{ticket}/take-over", agent)
    assert (taken["lane"], taken["status"], taken["escalation"]["state"]) == ("human", "escalated", "claimed")
    assert taken["escalation"]["reason"] == "taken_over"
    assert taken["owner"] == taken["escalation"]["owner"]
    await post(house, f"/v1/tickets/{ticket}/messages", other, reply, 403)
    said = await post(house, f"/v1/tickets/{ticket}/messages", agent, reply, 201)
    assert (said["author"], said["text"], said["external_id"]) == ("human", "I am on it.", None)
    shown = (await house.http.get(f"/v1/tickets/{ticket}", headers=agent)).json()
    assert shown["messages"][-1] == said
    back = await post(house, f"/v1/tickets/{ticket}/hand-back", agent)
    assert (back["lane"], back["owner"], back["escalation"]["state"]) == ("workflow", None, "resolved")


async def test_a_note_needs_no_ownership(small_house: House) -> None:
    ticket = await small_house.ticket()
    said = await post(
        small_house, f"/v1/tickets/{ticket}/messages", await small_house.key(), {"text": "Mind the tone.", "note": True}, 201
    )
    assert said["author"] == "note"


@pytest.mark.parametrize("blank", [" ", "\n\t ", "\x01 "])
async def test_a_customer_gets_no_blank_reply(small_house: House, blank: str) -> None:
    ticket, agent = await small_house.ticket(), await small_house.key()
    case = (await post(small_house, f"/v1/tickets/{ticket}/take-over", agent))["escalation"]["id"]
    before = await small_house.rows()
    for note in (False, True):
        refused = await post(small_house, f"/v1/tickets/{ticket}/messages", agent, {"text": blank, "note": note}, 422)
        assert refused["code"] == "validation"
    assert (await post(small_house, f"/v1/escalations/{case}/resolve", agent, {"text": blank}, 422))["code"] == "validation"
    assert await small_house.rows() == before
    await post(small_house, f"/v1/escalations/{case}/resolve", agent, {})


async def test_a_taken_ticket_is_not_taken_again(small_house: House) -> None:
    ticket = await small_house.ticket()
    agent, other = await small_house.key(), await small_house.key(role=Role.SUPERVISOR)
    await post(small_house, f"/v1/tickets/{ticket}/take-over", agent)
    before = await small_house.rows()
    assert (await post(small_house, f"/v1/tickets/{ticket}/take-over", other, status=409))["code"] == "claimed_by_other"
    assert (await post(small_house, f"/v1/tickets/{ticket}/hand-back", other, status=409))["code"] == "claimed_by_other"
    assert await small_house.rows() == before


async def test_an_escalation_is_claimed_released_and_resolved(house: House) -> None:
    ticket = await house.ticket()
    agent, other = await house.key(), await house.key(role=Role.SUPERVISOR)
    case = (await post(house, f"/v1/tickets/{ticket}/take-over", agent))["escalation"]["id"]
    assert (await post(house, f"/v1/escalations/{case}/claim", other, status=409))["code"] == "claimed_by_other"
    released = await post(house, f"/v1/escalations/{case}/release", agent)
    assert (released["state"], released["owner"]) == ("open", None)
    waiting = (await house.http.get("/v1/escalations?state=open", headers=agent)).json()
    assert [one["id"] for one in waiting["items"]] == [case]
    assert set(waiting["items"][0]) == {"id", "ticket_id", "reason", "brief", "state", "owner", "due_at", "risk"}
    assert (await post(house, f"/v1/escalations/{case}/resolve", other, status=409))["code"] == "stale"
    claimed = await post(house, f"/v1/escalations/{case}/claim", other)
    assert claimed["state"] == "claimed"
    resolved = await post(house, f"/v1/escalations/{case}/resolve", other, {"text": "Sent you a new one."})
    assert resolved["state"] == "resolved"
    shown = (await house.http.get(f"/v1/tickets/{ticket}", headers=agent)).json()
    assert (shown["status"], shown["messages"][-1]["text"]) == ("resolved", "Sent you a new one.")
    assert (await post(house, f"/v1/escalations/{case}/claim", agent, status=409))["code"] == "stale"


async def test_a_case_is_resolved_without_a_word(small_house: House) -> None:
    ticket = await small_house.ticket()
    agent = await small_house.key()
    case = (await post(small_house, f"/v1/tickets/{ticket}/take-over", agent))["escalation"]["id"]
    assert (await post(small_house, f"/v1/escalations/{case}/resolve", agent))["state"] == "resolved"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ADMIN, Role.AUDITOR, None])
async def test_who_does_not_work_tickets_changes_none(small_house: House, role: Role | None) -> None:
    ticket = await small_house.ticket()
    case = (await post(small_house, f"/v1/tickets/{ticket}/take-over", await small_house.key()))["escalation"]["id"]
    key = await small_house.key(role=role)
    before = await small_house.rows()
    for path, body in (
        (f"/v1/tickets/{ticket}/messages", {"text": "x", "note": True}),
        (f"/v1/tickets/{ticket}/take-over", None),
        (f"/v1/tickets/{ticket}/hand-back", None),
        (f"/v1/tickets/{ticket}/actions", {"tool": "find_orders", "args": {}}),
        (f"/v1/escalations/{case}/claim", None),
        (f"/v1/escalations/{case}/release", None),
        (f"/v1/escalations/{case}/resolve", {}),
    ):
        assert (await post(small_house, path, key, body, 403))["code"] == "forbidden", path
    assert await small_house.rows() == before


async def test_a_person_who_is_locked_out_is_out_at_once(small_house: House) -> None:
    key = await small_house.key()
    person = await small_house.person(Role.AGENT)
    async with small_house.services.db.begin() as conn:
        await people.set_active(conn, person, False, "system", small_house.services.clock())
    answer = await small_house.http.get("/v1/tickets", headers=key)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


BAD_BODIES: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 400, "malformed_json"),
    "not JSON": (b"text=hello", 400, "malformed_json"),
    "a key twice": (b'{"text": "a", "text": "b"}', 400, "malformed_json"),
    "no text": (b"{}", 422, "validation"),
    "an empty text": (b'{"text": ""}', 422, "validation"),
    "a number as text": (b'{"text": 1}', 422, "validation"),
    "a word as note": (b'{"text": "a", "note": "yes"}', 422, "validation"),
    "a field that we do not know": (b'{"text": "a", "kanarienvogel": true}', 422, "validation"),
    "NUL": (b'{"text": "a\\u0000kanarienvogel"}', 422, "validation"),
    "a list": (b'["kanarienvogel"]', 422, "validation"),
    "a text that is too long": (b'{"text": "' + b"x" * 100_001 + b'"}', 422, "validation"),
}


@pytest.mark.parametrize(("raw", "status", "code"), BAD_BODIES.values(), ids=BAD_BODIES.keys())
async def test_a_message_of_no_use_changes_nothing(small_house: House, raw: bytes, status: int, code: str) -> None:
    ticket = await small_house.ticket()
    key = await small_house.key()
    before = await small_house.rows()
    answer = await small_house.http.post(f"/v1/tickets/{ticket}/messages", content=raw, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "kanarienvogel" not in answer.text
    assert await small_house.rows() == before
