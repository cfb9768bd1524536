"""A POST with an Idempotency-Key is done once, whatever happens to its answer."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from service.store import idempotency
from service.store.access_schema import idempotency as table
from service.store.erasure import ERASED, erase
from service.store.idempotency import KEPT, LEASE, Held, fingerprint
from service.store.tenancy import within
from tests.api.house import House
from tests.api.test_actions import refund, refunds
from tests.conftest import StandingClock
from tools.backends.shop import Fault
from tools.ports import TenantName

NOTE = {"text": "Mind the tone.", "note": True}


async def write(house: House, ticket: str, key: dict[str, str], once: str, body: dict[str, Any] | None = None) -> Any:
    """Post a note under an Idempotency-Key."""
    path = f"/v1/tickets/{ticket}/messages"
    return await house.http.post(path, headers=key | {"Idempotency-Key": once}, json=body or NOTE)


async def notes(house: House, ticket: str, key: dict[str, str]) -> int:
    """How many notes the ticket has."""
    shown = (await house.http.get(f"/v1/tickets/{ticket}", headers=key)).json()
    return sum(message["author"] == "note" for message in shown["messages"])


async def test_the_same_request_gets_the_first_answer_again(house: House) -> None:
    ticket, key = await house.ticket(), await house.key()
    first = await write(house, ticket, key, "k")
    again = await write(house, ticket, key, "k")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["content-type"] == first.headers["content-type"]
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    assert await notes(house, ticket, key) == 1


async def test_another_body_under_the_same_key_is_a_mistake(small_house: House) -> None:
    ticket, key = await small_house.ticket(), await small_house.key()
    await write(small_house, ticket, key, "k")
    other = await write(small_house, ticket, key, "k", {"text": "Another.", "note": True})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    elsewhere = await small_house.http.post(f"/v1/tickets/{ticket}/take-over", headers=key | {"Idempotency-Key": "k"})
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (422, "idempotency_mismatch")
    assert await notes(small_house, ticket, key) == 1


async def test_what_was_written_about_an_erased_person_is_not_kept_as_an_answer(house: House) -> None:
    ticket, key = await house.ticket(), await house.key()
    other = await house.ticket("T-2", customer="cus_bob")
    about_her = await write(house, ticket, key, "hers", {"text": "Ada is frightfully cross.", "note": True})
    about_him = await write(house, other, key, "his", {"text": "Bob is calm.", "note": True})
    assert "frightfully" in about_her.text
    with within("default"):
        async with house.services.db.begin() as conn:
            await erase(conn, TenantName("default"), "cus_ada", "operator", house.services.clock())
        async with house.services.db.reading() as conn:
            kept = (await conn.execute(select(table.c.body))).scalars().all()
    assert [json.loads(body["text"]) for body in kept] == [about_him.json()]
    again = await write(house, ticket, key, "hers", {"text": "Ada is frightfully cross.", "note": True})
    assert (again.status_code, again.json()["text"], await notes(house, ticket, key)) == (201, ERASED, 1)


async def test_twenty_at_once_are_done_once(house: House) -> None:
    ticket, key = await house.ticket(), await house.key()
    answers = await asyncio.gather(*(write(house, ticket, key, "k") for _ in range(20)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"idempotency_in_progress"}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert await notes(house, ticket, key) == 1


async def test_a_refund_is_paid_once_however_often_it_is_asked_for(house: House) -> None:
    ticket = await house.ticket()
    key = await house.key() | {"Idempotency-Key": "refund-1"}
    path = f"/v1/tickets/{ticket}/actions"
    answers = [await house.http.post(path, headers=key, json=refund()) for _ in range(3)]
    assert {answer.content for answer in answers} == {answers[0].content}
    assert answers[0].json()["status"] == "succeeded"
    assert await refunds(house) == [1_000]


async def test_a_refund_that_a_client_sends_twice_at_once_is_paid_once(house: House) -> None:
    ticket = await house.ticket()
    key = await house.key() | {"Idempotency-Key": "refund-1"}
    path = f"/v1/tickets/{ticket}/actions"
    answers = await asyncio.gather(*(house.http.post(path, headers=key, json=refund()) for _ in range(2)))
    assert {answer.status_code for answer in answers} in ({200}, {200, 409})
    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
    assert await refunds(house) == [1_000]


async def test_a_refusal_is_an_answer_too(small_house: House) -> None:
    ticket, key = await small_house.ticket(), await small_house.key()
    first = await write(small_house, ticket, key, "k", {"text": "Hello", "note": False})
    assert first.status_code == 403
    await small_house.http.post(f"/v1/tickets/{ticket}/take-over", headers=key)
    again = await write(small_house, ticket, key, "k", {"text": "Hello", "note": False})
    assert (again.status_code, again.content) == (403, first.content)


async def test_a_key_belongs_to_its_credential(small_house: House) -> None:
    ticket = await small_house.ticket()
    one, two = await small_house.key(), await small_house.key()
    assert (await write(small_house, ticket, one, "k")).status_code == 201
    other = await write(small_house, ticket, two, "k", {"text": "Another.", "note": True})
    assert other.status_code == 201
    theirs = await small_house.ticket(tenant="acme")
    assert (await write(small_house, theirs, await small_house.key(tenant="acme"), "k")).status_code == 201
    assert await notes(small_house, ticket, one) == 2


async def held_by_a_dead_request(house: House, ticket: str, key: dict[str, str], body: bytes) -> None:
    """Leave what a request leaves that died at work: a key that is held and has no answer."""
    path = f"/v1/tickets/{ticket}/actions"
    probe = await house.http.post(path, headers=key | {"Idempotency-Key": "probe"}, content=b"{}")
    assert probe.status_code == 422
    async with house.services.db.begin() as conn:
        credential = (await conn.execute(select(table.c.credential))).scalar_one()
        held = Held("default", credential, "dead", fingerprint("POST", path, body), house.services.clock())
        assert await idempotency.hold(conn, held) is None


async def test_a_request_that_died_gives_its_key_back_after_a_while(house: House, clock: StandingClock) -> None:
    ticket, key = await house.ticket(), await house.key()
    body = json.dumps(refund()).encode()
    await held_by_a_dead_request(house, ticket, key, body)
    path, once = f"/v1/tickets/{ticket}/actions", key | {"Idempotency-Key": "dead"}
    early = await house.http.post(path, headers=once, content=body)
    assert (early.status_code, early.json()["code"]) == (409, "idempotency_in_progress")
    clock.advance(seconds=LEASE.total_seconds())
    late = await house.http.post(path, headers=once, content=body)
    assert (late.status_code, late.json()["status"]) == (200, "succeeded")
    assert (await house.http.post(path, headers=once, content=body)).content == late.content
    assert await refunds(house) == [1_000]


async def test_a_refund_whose_request_died_after_the_effect_is_not_paid_again(house: House, clock: StandingClock) -> None:
    ticket = await house.ticket()
    key = await house.key() | {"Idempotency-Key": "refund-1"}
    path = f"/v1/tickets/{ticket}/actions"
    first = await house.http.post(path, headers=key, json=refund())
    async with house.services.db.begin() as conn:
        # The answer was never kept: the process died between the effect and the answer.
        await conn.execute(table.update().values(status=None, body=None))
    clock.advance(seconds=LEASE.total_seconds())
    again = await house.http.post(path, headers=key, json=refund())
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert await refunds(house) == [1_000]


async def test_a_reply_whose_request_died_before_its_answer_is_not_written_again(house: House, clock: StandingClock) -> None:
    ticket, key = await house.ticket(), await house.key()
    first = await write(house, ticket, key, "k")
    async with house.services.db.begin() as conn:
        await conn.execute(table.update().values(status=None, body=None))
    clock.advance(seconds=LEASE.total_seconds())
    again = await write(house, ticket, key, "k")
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert await notes(house, ticket, key) == 1


async def test_whoever_lost_the_key_cannot_overwrite_the_answer(house: House, clock: StandingClock) -> None:
    db = house.services.db
    slow = Held("default", "key_1", "k", "sha", clock())
    async with db.begin() as conn:
        assert await idempotency.hold(conn, slow) is None
    clock.advance(seconds=LEASE.total_seconds())
    quick = Held("default", "key_1", "k", "sha", clock())
    async with db.begin() as conn:
        assert await idempotency.hold(conn, quick) is None
        await idempotency.keep(conn, quick, idempotency.Answer(200, "quick", "text/plain"))
        await idempotency.keep(conn, slow, idempotency.Answer(500, "slow", "text/plain"))
        await idempotency.release(conn, slow)
        assert await idempotency.hold(conn, quick) == idempotency.Answer(200, "quick", "text/plain")


async def test_a_failure_of_ours_gives_the_key_back(small_house: House) -> None:
    ticket, key = await small_house.ticket(), await small_house.key()
    path, once = f"/v1/tickets/{ticket}/actions", key | {"Idempotency-Key": "k"}
    small_house.shops["default"].script("get_order", Fault(distort=lambda order: 1 / 0))
    failed = await small_house.http.post(path, headers=once, json=refund())
    assert (failed.status_code, failed.json()["code"]) == (500, "internal")
    assert (await small_house.http.post(path, headers=once, json=refund())).status_code == 200
    assert await refunds(small_house) == [1_000]


@pytest.mark.parametrize("key", ["", " ", "x" * 201, "a b", "schlüssel".encode(), b"\xff"])
async def test_a_key_that_is_no_key_is_refused(small_house: House, key: str | bytes) -> None:
    ticket, headers = await small_house.ticket(), await small_house.key()
    sent: dict[str, Any] = {**headers, "Idempotency-Key": key}
    answer = await small_house.http.post(f"/v1/tickets/{ticket}/messages", headers=sent, json=NOTE)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation")


async def test_old_answers_are_forgotten(house: House, clock: StandingClock) -> None:
    ticket, key = await house.ticket(), await house.key()
    await write(house, ticket, key, "k")
    clock.advance(seconds=(KEPT + timedelta(seconds=1)).total_seconds())
    async with house.services.db.begin() as conn:
        assert await idempotency.forget_old(conn, clock()) == 1
    # What the key made is remembered with the thing itself, so even now it is not made twice.
    assert (await write(house, ticket, key, "k")).status_code == 201
    assert await notes(house, ticket, key) == 1


async def test_a_key_used_again_after_it_was_forgotten_does_not_answer_another_refund_with_the_old_one(
    house: House, clock: StandingClock
) -> None:
    ticket, key = await house.ticket(), await house.key() | {"Idempotency-Key": "weekly"}
    path = f"/v1/tickets/{ticket}/actions"
    first = await house.http.post(path, headers=key, json=refund())
    assert first.status_code == 200
    clock.advance(seconds=(KEPT + timedelta(days=30)).total_seconds())
    async with house.services.db.begin() as conn:
        assert await idempotency.forget_old(conn, clock()) == 1
    second = await house.http.post(path, headers=key, json=refund(amount_minor=700))
    assert (second.status_code, second.json()["amount"]["amount_minor"]) == (200, 700)
    assert await refunds(house) == [1_000, 700]


async def test_a_key_used_again_after_it_was_forgotten_does_not_swallow_another_note(
    house: House, clock: StandingClock
) -> None:
    ticket, key = await house.ticket(), await house.key()
    await write(house, ticket, key, "k")
    clock.advance(seconds=(KEPT + timedelta(seconds=1)).total_seconds())
    async with house.services.db.begin() as conn:
        assert await idempotency.forget_old(conn, clock()) == 1
    said = await write(house, ticket, key, "k", {"text": "Another.", "note": True})
    assert (said.status_code, said.json()["text"]) == (201, "Another.")
    assert await notes(house, ticket, key) == 2
