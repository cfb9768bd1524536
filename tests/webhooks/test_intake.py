"""A message that was accepted is on one ticket once, however often and under whatever name it comes again."""

import asyncio
import json

from sqlalchemy import insert, select

from service.store.schema import messages, tickets
from tests.api.house import House, message, signed
from tests.conftest import StandingClock


async def texts(house: House, ticket_id: str) -> list[str]:
    """What the ticket's messages say, in order."""
    async with house.services.db.reading() as conn:
        query = select(messages.c.text).where(messages.c.ticket_id == ticket_id).order_by(messages.c.position)
        return list((await conn.execute(query)).scalars())


async def test_a_new_message_is_accepted(house: House) -> None:
    answer = await house.deliver(message())
    body = answer.json()
    assert answer.status_code == 202
    assert body == {"ticket_id": body["ticket_id"], "message_id": body["message_id"], "duplicate": False}
    assert await texts(house, body["ticket_id"]) == ["Where is D-1?"]
    assert (await house.rows())["workflow_status"] == 1, "the ticket's drain is enqueued in the same transaction"


async def test_a_replayed_webhook_makes_no_second_ticket(house: House) -> None:
    first = await house.deliver(message())
    before = await house.rows()
    for _ in range(20):
        again = await house.deliver(message())
        assert again.status_code == 200
        assert again.json() == first.json() | {"duplicate": True}
    assert await house.rows() == before


async def test_fifty_replays_at_once_make_one_ticket(house: House) -> None:
    answers = await asyncio.gather(*(house.deliver(message()) for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [202]
    assert len({(answer.json()["ticket_id"], answer.json()["message_id"]) for answer in answers}) == 1
    rows = await house.rows()
    assert (rows["tickets"], rows["messages"], rows["events"], rows["deliveries"], rows["workflow_status"]) == (1, 1, 1, 1, 1)


async def test_a_replay_is_known_after_thirty_days(small_house: House, clock: StandingClock) -> None:
    first = await small_house.deliver(message())
    clock.advance(days=30)
    again = await small_house.deliver(message())
    assert (again.status_code, again.json()["ticket_id"]) == (200, first.json()["ticket_id"])


async def test_the_same_message_under_a_new_delivery_id_is_known(house: House) -> None:
    first = await house.deliver(message())
    again = await house.deliver(message(), webhook_id="msg_2")
    assert again.status_code == 200
    assert again.json() == first.json() | {"duplicate": True}
    assert await texts(house, first.json()["ticket_id"]) == ["Where is D-1?"]


async def test_a_delivery_id_with_another_body_is_refused(house: House) -> None:
    await house.deliver(message())
    before = await house.rows()
    answer = await house.deliver(message(text="Refund me."))
    assert (answer.status_code, answer.json()["code"]) == (409, "webhook_id_conflict")
    assert await house.rows() == before


async def test_follow_ups_land_on_one_ticket_in_order(house: House) -> None:
    said = [f"message {n}" for n in range(5)]
    answers = [await house.deliver(message(message_id=f"m-{n}", text=text), webhook_id=f"w-{n}") for n, text in enumerate(said)]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["ticket_id"] for answer in answers}) == 1
    assert await texts(house, answers[0].json()["ticket_id"]) == said


async def test_an_id_that_only_looks_the_same_is_another_ticket(house: House) -> None:
    twins = ["T-1", "t-1", "T-1 ", "Т-1", "T‑1", "T-1\u200b", "T-１"]
    answers = [await house.deliver(message(ticket), webhook_id=f"w-{n}") for n, ticket in enumerate(twins)]
    assert [answer.status_code for answer in answers] == [202] * len(twins)
    assert len({answer.json()["ticket_id"] for answer in answers}) == len(twins)


async def test_two_tenants_with_the_same_ids_have_two_tickets(house: House) -> None:
    ours = await house.deliver(message(), "default", "msg_1")
    theirs = await house.deliver(message(), "acme", "msg_1")
    assert (ours.status_code, theirs.status_code) == (202, 202)
    assert ours.json()["ticket_id"] != theirs.json()["ticket_id"]
    assert ours.json()["message_id"] != theirs.json()["message_id"]


async def test_an_older_secret_still_opens_while_it_is_listed(small_house: House) -> None:
    raw = json.dumps(message()).encode()
    headers = signed(raw, "older", "msg_1", small_house.services.clock())
    answer = await small_house.http.post("/v1/webhooks/default/standard", content=raw, headers=headers)
    assert answer.status_code == 202


async def test_text_that_no_database_can_store_arrives_without_it(house: House) -> None:
    answer = await house.deliver(message(text="be\0fore\x0b"))
    assert answer.status_code == 202
    assert await texts(house, answer.json()["ticket_id"]) == ["before"]


async def test_a_person_owns_the_ticket_and_the_message_is_still_taken(small_house: House) -> None:
    first = (await small_house.deliver(message())).json()["ticket_id"]
    key = await small_house.key()
    assert (await small_house.http.post(f"/v1/tickets/{first}/take-over", headers=key)).status_code == 200
    again = await small_house.deliver(message(message_id="m-2", text="Hello?"), webhook_id="msg_2")
    assert (again.status_code, again.json()["ticket_id"]) == (202, first)
    assert (await texts(small_house, first))[-1] == "Hello?"


async def test_our_own_message_that_the_help_desk_echoes_is_dropped(small_house: House) -> None:
    ticket = (await small_house.deliver(message())).json()["ticket_id"]
    ours = "msg_ours"
    async with small_house.services.db.begin() as conn:
        row = (await conn.execute(select(tickets).where(tickets.c.id == ticket))).one()
        await conn.execute(
            insert(messages).values(
                id=ours,
                ticket_id=ticket,
                external_id=ours,
                author="bot",
                text="It is on its way.",
                sent_at=row.created_at,
                position=9_000,
                created_at=row.created_at,
            )
        )
    before = await small_house.rows()
    echo = await small_house.deliver(message(message_id=ours, text="It is on its way."), webhook_id="echo_1")
    assert (echo.status_code, echo.json()["message_id"]) == (200, ours)
    after = await small_house.rows()
    assert (after["messages"], after["events"]) == (before["messages"], before["events"])
