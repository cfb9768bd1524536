"""What the help desk hears of us: signed, in order, at least once, and never the bot on a person's ticket."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from service import replies
from service.store import outbox as outgoing
from service.store.erasure import erase
from service.store.people import Role
from service.store.schema import messages, outbox, tickets
from tests.rig import Rig
from tests.service.receiver import HelpDesk, deliver_all, deliverer
from tools.ports import TenantName


async def states(service: Rig) -> list[tuple[str, str]]:
    async with service.services.db.reading() as conn:
        rows = await conn.execute(select(outbox.c.kind, outbox.c.state).order_by(outbox.c.created_at))
        return [(row.kind, row.state) for row in rows]


async def test_replies_escalations_and_resolutions_arrive_signed_and_in_order(service: Rig, desk: HelpDesk) -> None:
    for number in range(6):
        await service.say("Where is my order D-100001?", ticket=f"S-{number}", message=f"m-{number}")
    asked = await service.say("I want to talk to a person", ticket="P-1", message="m-9")
    async with deliverer(service) as sender:
        service.clock.advance(seconds=1)
        assert await deliver_all(sender) == 14
        assert await sender.deliver_due() == 0
    by_ticket: dict[str, list[dict]] = {}
    for body in desk.taken:
        by_ticket.setdefault(body["data"]["ticket"]["external_id"], []).append(body)
    for number in range(6):
        reply, resolved = by_ticket[f"S-{number}"]
        # The reply comes first, however the ids of the two webhooks sort.
        assert (reply["type"], resolved["type"]) == ("ticket.reply", "ticket.resolved")
        assert (reply["data"]["in_reply_to"], reply["data"]["message"]["author"]) == (f"m-{number}", "bot")
        assert "77120791907919" in reply["data"]["message"]["text"]
    told, escalated = by_ticket["P-1"]
    assert (told["type"], escalated["type"]) == ("ticket.reply", "ticket.escalated")
    assert escalated["data"]["escalation"]["reason"] == "customer_asked"
    assert escalated["data"]["ticket"] == {"id": asked["id"], "external_id": "P-1"}
    assert {state for _, state in await states(service)} == {"sent"}


async def test_a_help_desk_that_fails_gets_the_same_webhook_again_before_any_later_one(service: Rig, desk: HelpDesk) -> None:
    desk.answers = [500, 503]
    await service.say("Where is my order D-100001?")
    service.clock.advance(minutes=1)
    await service.say("Where is the refund for order D-100006?")
    async with deliverer(service) as sender:
        service.clock.advance(seconds=1)
        assert await deliver_all(sender) == 1
        service.clock.advance(seconds=4)
        assert await deliver_all(sender) == 0, "the first wait is five seconds at least"
        service.clock.advance(seconds=3)
        assert await deliver_all(sender) == 1
        assert desk.taken == []
        service.clock.advance(minutes=7)
        assert await deliver_all(sender) == 4
    names = [name for name, _ in desk.tries]
    assert names[0] == names[1] == names[2]
    assert desk.tries[0][1] == desk.tries[2][1]
    assert len(set(names)) == 4
    assert desk.types == ["ticket.reply", "ticket.resolved"] * 2
    assert "D-100001" in desk.texts[0]
    assert "D-100006" in desk.texts[1]


async def test_a_webhook_that_was_taken_but_not_noted_is_sent_again_under_its_id(service: Rig, desk: HelpDesk) -> None:
    await service.say("I want to talk to a person")
    service.clock.advance(seconds=1)
    async with deliverer(service) as dying:
        # The process dies between the answer and the note of it: the try stays marked, and its lease runs out.
        await dying.deliver_due()
    async with service.services.db.begin() as conn:
        await conn.execute(outbox.update().where(outbox.c.kind == "ticket.reply").values(state="sending", sent_at=None))
    async with deliverer(service) as sender:
        assert await deliver_all(sender) == 0
        service.clock.advance(seconds=61)
        assert await deliver_all(sender) == 2
    names = [name for name, body in desk.tries if body["type"] == "ticket.reply"]
    assert len(names) == 2
    assert names[0] == names[1]


async def test_an_answer_that_never_ends_holds_up_nobodys_reply(
    service: Rig, desk: HelpDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replies, "TIMEOUT_SECONDS", 0.3)
    await service.say("Where is my order D-100001?")
    service.clock.advance(seconds=1)
    desk.endless = True
    async with deliverer(service) as sender, asyncio.timeout(20):
        assert await sender.deliver_due() == 1
        desk.endless = False
        service.clock.advance(minutes=1)
        await deliver_all(sender)
    assert {state for _, state in await states(service)} == {"sent"}


async def test_a_receiver_that_is_gone_for_good_ends_the_tries_and_lets_the_next_webhook_go(
    service: Rig, desk: HelpDesk
) -> None:
    desk.answers = [410]
    await service.say("Where is my order D-100001?")
    service.clock.advance(seconds=1)
    async with deliverer(service) as sender:
        await deliver_all(sender)
    assert await states(service) == [("ticket.reply", "dead"), ("ticket.resolved", "sent")]


@pytest.mark.parametrize("status", [500, 410, 200])
async def test_a_reply_that_was_on_its_way_when_its_customer_was_erased_is_not_sent_again(
    service: Rig, desk: HelpDesk, status: int
) -> None:
    async def erased() -> None:
        async with service.services.db.begin() as conn:
            await erase(conn, TenantName("default"), "cus_1", "operator", service.clock())

    desk.answers, desk.meanwhile = [status], erased
    await service.say("Where is my order D-100001?")
    service.clock.advance(seconds=1)
    async with deliverer(service) as sender:
        assert await deliver_all(sender) == 1
        service.clock.advance(days=30)
        assert await deliver_all(sender) == 0
    assert await states(service) == [("ticket.reply", "dead"), ("ticket.resolved", "dead")]


async def test_a_try_that_fails_after_its_lease_does_not_end_the_next_one(service: Rig) -> None:
    await service.say("Where is my order D-100001?")
    service.clock.advance(seconds=1)
    async with service.services.db.begin() as conn:
        row, *_ = await outgoing.due(conn, service.clock(), 10)
        late = await outgoing.start_sending(conn, row.id, service.clock())
        service.clock.advance(seconds=outgoing.LEASE.total_seconds())
        await outgoing.start_sending(conn, row.id, service.clock())
        await outgoing.failed(conn, late, "ReadTimeout", None)
        await outgoing.sent(conn, late, service.clock())
    assert (await states(service))[0] == ("ticket.reply", "sent")


async def test_a_yes_from_before_the_question_was_sent_confirms_nothing(service: Rig, desk: HelpDesk) -> None:
    await service.say("Please cancel my order D-100003")
    service.clock.advance(seconds=5)
    ticket = await service.say("yes please")
    assert [action["status"] for action in ticket["actions"]] == ["superseded"]
    assert await service.books() == []


async def test_a_question_counts_as_delivered_from_the_first_try_even_when_that_try_failed(
    service: Rig, desk: HelpDesk
) -> None:
    desk.answers = [500]
    await service.say("Please cancel my order D-100003")
    service.clock.advance(seconds=1)
    async with deliverer(service) as sender:
        await deliver_all(sender)
    assert desk.taken == []
    service.clock.advance(seconds=2)
    ticket = await service.say("yes please")
    assert [action["status"] for action in ticket["actions"]] == ["succeeded"]
    assert [entry.order_id for entry in await service.books()] == ["D-100003"]


async def test_the_bots_unsent_reply_becomes_a_note_when_a_person_claims(service: Rig, desk: HelpDesk) -> None:
    ann = await service.person("ann", Role.AGENT)
    ticket = await service.say("I want to talk to a person")
    await service.services.desk.claim(ann, ticket["escalation"]["id"])
    service.clock.advance(seconds=1)
    await service.services.desk.write(ann, ticket["id"], "Hello, this is Ann.", note=False)
    service.clock.advance(seconds=1)
    async with deliverer(service) as sender:
        await deliver_all(sender)
    assert desk.texts == ["Hello, this is Ann."]
    assert desk.types == ["ticket.escalated", "ticket.reply"]
    shown = await service.ticket(ticket["id"])
    assert [message["author"] for message in shown["messages"]] == ["customer", "note", "human"]
    assert await states(service) == [("ticket.reply", "note"), ("ticket.escalated", "sent"), ("ticket.reply", "sent")]


async def test_a_reply_that_may_have_arrived_stays_the_bots_when_a_person_claims(service: Rig, desk: HelpDesk) -> None:
    ann = await service.person("ann", Role.AGENT)
    desk.answers = [500]
    ticket = await service.say("I want to talk to a person")
    service.clock.advance(seconds=1)
    async with deliverer(service) as sender:
        await sender.deliver_due()
        await service.services.desk.claim(ann, ticket["escalation"]["id"])
        service.clock.advance(hours=1)
        await deliver_all(sender)
    shown = await service.ticket(ticket["id"])
    assert [message["author"] for message in shown["messages"]] == ["customer", "bot"]
    assert await states(service) == [("ticket.reply", "dead"), ("ticket.escalated", "sent")]


async def test_what_a_person_wrote_is_sent_although_a_colleague_claims_the_ticket(service: Rig, desk: HelpDesk) -> None:
    ann, eve = await service.person("ann", Role.AGENT), await service.person("eve", Role.AGENT)
    ticket = await service.say("I want to talk to a person")
    case = ticket["escalation"]["id"]
    await service.services.desk.claim(ann, case)
    await service.services.desk.write(ann, ticket["id"], "Hello, this is Ann.", note=False)
    await service.services.desk.release(ann, case)
    await service.services.desk.claim(eve, case)
    service.clock.advance(seconds=1)
    async with deliverer(service) as sender:
        await deliver_all(sender)
    assert desk.texts == ["Hello, this is Ann."]


async def test_of_two_workers_that_saw_a_reply_due_one_sends_it_until_its_lease_ends(service: Rig) -> None:
    await service.say("Where is my order D-100001?")
    service.clock.advance(seconds=1)
    async with service.services.db.begin() as conn:
        first, *_ = await outgoing.due(conn, service.clock(), 10)
        assert await outgoing.start_sending(conn, first.id, service.clock()) is not None
        assert await outgoing.start_sending(conn, first.id, service.clock()) is None
        assert await outgoing.due(conn, service.clock(), 10) == []
        service.clock.advance(seconds=outgoing.LEASE.total_seconds())
        assert (await outgoing.start_sending(conn, first.id, service.clock())).attempts == 2


async def test_what_the_machine_does_on_a_persons_ticket_is_a_note_and_never_sent(service: Rig, desk: HelpDesk) -> None:
    ann = await service.person("ann", Role.AGENT)
    await service.say("The espresso machine from order D-100004 arrived broken, I want my money back.")
    service.clock.advance(seconds=1)
    async with deliverer(service) as sender:
        await deliver_all(sender)
        service.clock.advance(minutes=1)
        ticket = await service.say("yes please")
        await service.services.desk.take_over(ann, ticket["id"])
        await service.approve(await service.person("sue"), ticket["approvals"][0])
        await service.work()
        service.clock.advance(minutes=1)
        await deliver_all(sender)
    assert [entry.kind for entry in await service.books()] == ["refund"]
    assert len(desk.texts) == 1
    assert "Shall I make this refund?" in desk.texts[0]
    shown = await service.ticket(ticket["id"])
    assert [message["author"] for message in shown["messages"]] == ["customer", "bot", "customer", "note", "note"]


async def test_a_ticket_that_comes_back_after_a_person_resolved_it_is_told_as_resolved_again(
    service: Rig, desk: HelpDesk
) -> None:
    ann = await service.person("ann", Role.AGENT)
    ticket = await service.say("I want to talk to a person")
    service.clock.advance(minutes=1)
    await service.services.desk.claim(ann, ticket["escalation"]["id"])
    await service.services.desk.resolve(ann, ticket["escalation"]["id"], "All done.")
    service.clock.advance(hours=1)
    ticket = await service.say("Where is my order D-100001?")
    assert (ticket["status"], ticket["lane"]) == ("resolved", "workflow")
    service.clock.advance(seconds=1)
    async with deliverer(service) as sender:
        await deliver_all(sender)
    assert desk.types == ["ticket.escalated", "ticket.reply", "ticket.resolved", "ticket.reply", "ticket.resolved"]
    async with service.services.db.reading() as conn:
        resolved_at = (await conn.execute(select(tickets.c.resolved_at))).scalar_one()
    assert resolved_at == service.clock() - timedelta(seconds=1)


async def test_an_echo_of_our_own_reply_is_dropped(service: Rig, desk: HelpDesk) -> None:
    ticket = await service.say("Where is my order D-100001?")
    service.clock.advance(seconds=1)
    async with deliverer(service) as sender:
        await deliver_all(sender)
    reply = desk.taken[0]["data"]["message"]
    echo = await service.hear(reply["text"], message=reply["id"])
    assert (echo.duplicate, echo.ticket_id, echo.message_id) == (True, ticket["id"], reply["id"])
    await service.work()
    async with service.services.db.reading() as conn:
        authors = (await conn.execute(select(messages.c.author).order_by(messages.c.position))).scalars().all()
    assert authors == ["customer", "bot"]
    async with deliverer(service) as sender:
        assert await deliver_all(sender) == 0
