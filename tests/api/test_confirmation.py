"""The customer's yes or no, brought by a channel that speaks for them."""

from typing import Any

import pytest
from sqlalchemy import select

from service.store.api_keys import Scope
from service.store.schema import questions as questions_table
from tests.api.house import House, message
from tests.api.test_desk import post
from tests.conftest import StandingClock
from tools.backends.shop import read_books


async def asked(house: House) -> tuple[str, str]:
    """A ticket whose flow wants to cancel an order and has asked the customer; the ids of the ticket and of the action."""
    body = message(text="Please cancel my order D-100002, I ordered it by mistake.")
    body["data"]["ticket"]["subject"] = "Cancel my order"
    ticket = (await house.deliver(body)).json()["ticket_id"]
    await house.services.pipeline.drain(ticket, 1)
    shown = (await house.http.get(f"/v1/tickets/{ticket}", headers=await house.key())).json()
    assert shown["status"] == "waiting_customer", shown
    return ticket, shown["question"]["action_id"]


async def channel(house: House) -> dict[str, str]:
    """The key of a channel, which acts as nobody."""
    return await house.key(Scope.CUSTOMER_CONFIRM, role=None)


@pytest.mark.parametrize(("answer", "state"), [("yes", "confirmed"), ("no", "declined")])
async def test_the_answer_is_kept_with_who_brought_it_and_wakes_the_ticket(house: House, answer: str, state: str) -> None:
    ticket, action = await asked(house)
    shown = (await house.http.get(f"/v1/tickets/{ticket}", headers=await house.key())).json()["question"]
    assert set(shown) == {"id", "action_id", "kind", "text", "asked_at", "expires_at"}
    assert (shown["action_id"], shown["kind"]) == (action, "confirm")
    before = await house.rows()
    taken = await post(house, f"/v1/actions/{action}/confirmation", await channel(house), {"answer": answer}, 202)
    assert taken["id"] == action
    after = await house.rows()
    assert after["events"] == before["events"] + 1
    assert after["workflow_status"] == before["workflow_status"] + 1, "a drain is enqueued with the answer"
    async with house.services.db.reading() as conn:
        row = (await conn.execute(select(questions_table))).one()
    assert row.state == state
    assert row.answered_by.startswith("channel:key_")
    assert row.answered_seq == 2


@pytest.mark.parametrize(("answer", "status", "effects"), [("yes", "succeeded", 1), ("no", "superseded", 0)])
async def test_the_ticket_goes_on_with_the_answer(house: House, answer: str, status: str, effects: int) -> None:
    ticket, action = await asked(house)
    await post(house, f"/v1/actions/{action}/confirmation", await channel(house), {"answer": answer}, 202)
    await house.services.pipeline.drain(ticket, 2)
    shown = (await house.http.get(f"/v1/actions/{action}", headers=await house.key())).json()
    assert shown["status"] == status
    assert len(await read_books(house.services.shop_engine, "default")) == effects


async def test_a_question_is_answered_once(small_house: House) -> None:
    _, action = await asked(small_house)
    key = await channel(small_house)
    await post(small_house, f"/v1/actions/{action}/confirmation", key, {"answer": "no"}, 202)
    before = await small_house.rows()
    assert (await post(small_house, f"/v1/actions/{action}/confirmation", key, {"answer": "yes"}, 409))["code"] == "stale"
    assert await small_house.rows() == before


async def test_a_person_who_took_the_ticket_closed_the_question(small_house: House) -> None:
    ticket, action = await asked(small_house)
    taken = await post(small_house, f"/v1/tickets/{ticket}/take-over", await small_house.key())
    assert (taken["question"], taken["actions"][0]["status"]) == (None, "superseded")
    key = await channel(small_house)
    before = await small_house.rows()
    late = await post(small_house, f"/v1/actions/{action}/confirmation", key, {"answer": "yes"}, 409)
    assert late["code"] == "stale"
    assert await small_house.rows() == before


async def test_a_yes_after_the_question_has_expired_is_none(small_house: House, clock: StandingClock) -> None:
    _, action = await asked(small_house)
    key = await channel(small_house)
    clock.advance(hours=49)
    assert (await post(small_house, f"/v1/actions/{action}/confirmation", key, {"answer": "yes"}, 409))["code"] == "stale"


@pytest.mark.parametrize("body", [{}, {"answer": "maybe"}, {"answer": "Yes"}, {"answer": True}, {"answer": "yes", "x": 1}])
async def test_an_answer_that_is_neither_yes_nor_no_is_refused(small_house: House, body: dict[str, Any]) -> None:
    _, action = await asked(small_house)
    before = await small_house.rows()
    key = await channel(small_house)
    refused = await post(small_house, f"/v1/actions/{action}/confirmation", key, body, 422)
    assert refused["code"] == "validation"
    after = await small_house.rows()
    assert after["events"] == before["events"]


async def test_another_tenants_action_cannot_be_confirmed(small_house: House) -> None:
    _, action = await asked(small_house)
    theirs = await small_house.key(Scope.CUSTOMER_CONFIRM, role=None, tenant="acme")
    assert (await post(small_house, f"/v1/actions/{action}/confirmation", theirs, {"answer": "yes"}, 404))[
        "code"
    ] == "not_found"
