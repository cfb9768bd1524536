"""A ticket as the API shows it: the contract's keys, lists in parts, the journal, and the journal as a stream."""

import base64
import json
from typing import Any

import pytest

from service.api.examples import TICKET
from tests.api.house import House, message
from tests.conftest import StandingClock

CONTRACT_KEYS = {
    "id", "external_id", "tenant", "status", "lane", "flow", "state", "intent", "confidence", "route_reason", "language",
    "version", "customer", "messages", "question", "actions", "approvals", "escalation", "budget", "cost_microusd",
    "created_at", "updated_at", "due_at",
}  # fmt: skip


async def get(house: House, path: str, key: dict[str, str] | None = None, status: int = 200) -> Any:
    """The body of a GET."""
    answer = await house.http.get(path, headers=key or await house.key())
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_new_ticket_is_shown_with_every_key_of_the_contract(house: House) -> None:
    ticket_id = await house.ticket("T-1001")
    ticket = await get(house, f"/v1/tickets/{ticket_id}")
    assert set(ticket) >= CONTRACT_KEYS
    assert set(ticket) == set(TICKET), "the reference shows what is really there"
    assert ticket["customer"] == {"id": ticket["customer"]["id"], "external_id": "cus_ada", "verification": "channel"}
    assert ticket["status"] == "new"
    assert ticket["budget"]["granted"]["steps"] == 12
    assert [set(one) for one in ticket["messages"]] == [{"id", "external_id", "author", "text", "sent_at"}]
    assert ticket["messages"][0]["sent_at"] == "2026-11-20T09:59:58Z"
    assert ticket["created_at"] == "2026-11-20T12:00:00Z"
    for empty in ("question", "escalation"):
        assert ticket[empty] is None
    for empty in ("actions", "approvals"):
        assert ticket[empty] == []


async def test_an_unverified_sender_is_nobodys_account(small_house: House) -> None:
    answer = await small_house.deliver(message(verified=False))
    ticket = await get(small_house, f"/v1/tickets/{answer.json()['ticket_id']}")
    assert ticket["customer"]["external_id"] is None
    assert ticket["customer"]["verification"] == "none"


async def test_a_ticket_is_found_by_the_help_desks_own_id(house: House) -> None:
    ticket_id = await house.ticket("T-1001/é ü")
    assert (await get(house, "/v1/tickets?external_id=T-1001%2F%C3%A9%20%C3%BC"))["items"][0]["id"] == ticket_id
    plain = await house.ticket("T-1002")
    assert (await get(house, "/v1/tickets/ext:T-1002"))["id"] == plain
    await get(house, "/v1/tickets/ext:T-100", status=404)
    await get(house, "/v1/tickets/T-1002", status=404)


async def test_a_list_is_read_in_parts_and_nothing_is_missed_or_shown_twice(house: House, clock: StandingClock) -> None:
    made = [await house.ticket(f"T-{n}") for n in range(5)]
    key = await house.key()
    seen: list[str] = []
    cursor = ""
    while True:
        page = await get(house, f"/v1/tickets?limit=2{cursor}", key)
        seen += [ticket["id"] for ticket in page["items"]]
        if page["next_cursor"] is None:
            break
        if len(seen) == 2:
            clock.advance(seconds=1)
            await house.ticket("T-new")
        cursor = f"&cursor={page['next_cursor']}"
    assert sorted(seen) == sorted(made), "all were made in the same instant, and the one that came later is not among them"


async def test_a_list_can_be_narrowed(small_house: House) -> None:
    await small_house.ticket("T-1")
    assert len((await get(small_house, "/v1/tickets?status=new&lane=workflow"))["items"]) == 1
    assert (await get(small_house, "/v1/tickets?status=closed"))["items"] == []
    assert (await get(small_house, "/v1/tickets?lane=human"))["items"] == []
    assert (await get(small_house, "/v1/tickets?external_id=T-2"))["items"] == []


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=x", "limit=-1", "cursor=x", "cursor=e30", "cursor=WzEsMl0", "status=lost", "lane=left",
     "external_id=%00", "cursor=" + "a" * 501],
)  # fmt: skip
async def test_a_list_that_makes_no_sense_is_refused(small_house: House, query: str) -> None:
    assert (await get(small_house, f"/v1/tickets?{query}", status=422))["code"] == "validation"


@pytest.mark.parametrize(
    "place",
    [
        ["0001-01-01T00:00:00+14:00", "tkt_1"],
        ["9999-12-31T23:59:59-14:00", "tkt_1"],
        ["2026-11-20T10:00:00+00:00", "\ud800"],
        ["2026-11-20T10:00:00+00:00", "\0"],
        ["2026-11-20T10:00:00", "tkt_1"],
        ["2026-11-20T10:00:00+00:00", 1],
    ],
    ids=["before the calendar", "after the calendar", "half a surrogate pair", "NUL", "no offset", "a number"],
)
async def test_a_cursor_that_somebody_made_up_is_refused_and_no_failure_of_ours(house: House, place: list[object]) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(place).encode()).decode()
    for path in ("/v1/tickets", "/v1/approvals", "/v1/escalations"):
        assert (await get(house, f"{path}?cursor={cursor}", status=422))["code"] == "validation", path


async def test_the_journal_is_read_in_parts(house: House) -> None:
    ticket_id = await house.ticket()
    key = await house.key()
    for n in range(3):
        note = {"text": f"note {n}", "note": True}
        assert (await house.http.post(f"/v1/tickets/{ticket_id}/messages", json=note, headers=key)).status_code == 201
    first = await get(house, f"/v1/tickets/{ticket_id}/journal?limit=2", key)
    rest = await get(house, f"/v1/tickets/{ticket_id}/journal?cursor={first['next_cursor']}", key)
    entries = first["items"] + rest["items"]
    assert [entry["seq"] for entry in entries] == [1, 2, 3]
    assert rest["next_cursor"] is None
    assert {frozenset(entry) for entry in entries} == {frozenset({"seq", "at", "kind", "actor", "turn", "data", "hash"})}
    assert entries[0]["actor"].startswith("person:")


async def events(house: House, ticket_id: str, count: int, headers: dict[str, str]) -> list[dict[str, Any]]:
    """The first events of a stream, which never ends by itself."""
    found: list[dict[str, Any]] = []
    async with house.http.stream("GET", f"/v1/tickets/{ticket_id}/events", headers=headers) as stream:
        assert stream.status_code == 200
        assert stream.headers["content-type"].startswith("text/event-stream")
        event: dict[str, Any] = {}
        async for line in stream.aiter_lines():
            name, _, value = line.partition(": ")
            if name in ("id", "event", "data"):
                event[name] = json.loads(value) if name == "data" else value
            elif not line and event:
                found.append(event)
                event = {}
            if len(found) == count:
                break
    return found


async def test_the_journal_streams_and_goes_on_where_it_was_left(wire: House) -> None:
    ticket_id = await wire.ticket()
    key = await wire.key()
    path = f"/v1/tickets/{ticket_id}/messages"
    for n in range(2):
        await wire.http.post(path, json={"text": f"note {n}", "note": True}, headers=key)
    first = await events(wire, ticket_id, 2, key)
    assert [event["id"] for event in first] == ["1", "2"]
    await wire.http.post(path, json={"text": "note 2", "note": True}, headers=key)
    later = await events(wire, ticket_id, 1, key | {"Last-Event-ID": first[-1]["id"]})
    assert [event["id"] for event in later] == ["3"]
    assert later[0]["data"]["data"]["text"] == "note 2"
    assert later[0]["event"] == later[0]["data"]["kind"]
    journal = await get(wire, f"/v1/tickets/{ticket_id}/journal", key)
    assert [event["data"] for event in first + later] == journal["items"]


async def test_a_stream_of_nothing_is_not_found(small_house: House) -> None:
    await get(small_house, "/v1/tickets/tkt_nothing/events", status=404)
    ticket_id = await small_house.ticket()
    key = await small_house.key() | {"Last-Event-ID": "-1"}
    await get(small_house, f"/v1/tickets/{ticket_id}/events", key, status=422)
