"""What the sweeps put right: stranded tickets, poison, doubtful money, and anchors that hold the journal."""

import asyncio
import contextlib
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text, update

from service.store import bulk, journal
from service.store.journal import Entry, Head
from service.store.reconcile import Reconciled
from service.store.schema import events, journal_payloads, tickets
from service.store.schema import journal as entries
from service.store.verification import verify_tenant
from service.store.workers import db_now
from service.sweeps import Sweeps
from tests.conftest import StandingClock
from tests.journeys.honesty import books_agree
from tests.rig import Rig, rig
from tests.service.machine import at_rest, settle, sweeps_of, until, with_faulty_shop, worker_on
from tests.tampering import lift_guards
from tools.backends.shop.faults import Fault


class Broken(Exception):
    """Something that nobody foresaw."""


async def break_down() -> None:
    raise Broken


BREAKS = Fault(before=break_down)


async def test_a_ticket_whose_drain_failed_gets_a_new_one(sqlite_url: str, clock: StandingClock, tmp_path: Path) -> None:
    async with with_faulty_shop(sqlite_url, clock, tmp_path) as (service, shop):
        shop.script("find_orders", BREAKS)
        async with worker_on(service):
            ticket_id = await a_drain_fails(service)
            assert (await service.ticket(ticket_id))["status"] == "new"
            await last_tried(service, seconds=3, attempts=1)
            assert await sweeps_of(service).rescue() == 1
            ticket = await at_rest(service, ticket_id)
        assert (ticket["status"], len(await service.said(ticket["id"]))) == ("resolved", 1)
        await books_agree(service)


async def test_what_breaks_every_ticket_for_a_while_parks_none(database_url: str, clock: StandingClock, tmp_path: Path) -> None:
    async with with_faulty_shop(database_url, clock, tmp_path) as (service, shop):
        shop.script("find_orders", BREAKS)
        async with worker_on(service):
            ticket_id = await a_drain_fails(service)
            for attempts, seconds in ((7, 90), (60, 200)):
                await last_tried(service, seconds=seconds, attempts=attempts)
                assert await sweeps_of(service).rescue() == 0, attempts
            await last_tried(service, seconds=130, attempts=7)
            assert await sweeps_of(service).rescue() == 1
            ticket = await at_rest(service, ticket_id)
        assert (ticket["status"], len(await service.said(ticket["id"]))) == ("resolved", 1)


async def test_a_ticket_whose_drain_is_missing_gets_one_and_a_drain_that_waits_is_left_alone(
    sqlite_url: str, clock: StandingClock
) -> None:
    async with rig(sqlite_url, clock) as service:
        lost = await service.hear("Where is my order D-100001?", ticket="T-1")
        waits = await service.hear("Where is my order D-100001?", ticket="T-2")
        async with service.services.db.begin() as conn:
            row = {"id": f"{lost.ticket_id}:1"}
            await conn.execute(text("delete from workflow_status where workflow_uuid = :id"), row)
        async with worker_on(service):
            await at_rest(service, waits.ticket_id)
            assert (await service.ticket(lost.ticket_id))["status"] == "new"
            assert await sweeps_of(service).rescue() == 1
            ticket = await at_rest(service, lost.ticket_id)
            assert await sweeps_of(service).rescue() == 0
        assert (ticket["status"], len(await service.said(ticket["id"]))) == ("resolved", 1)
        assert await status_of(service, f"{waits.ticket_id}:1") == "SUCCESS"
        assert await status_of(service, f"{waits.ticket_id}:2") is None


async def test_a_ticket_that_fails_again_and_again_goes_to_a_person_and_holds_up_nobody(
    sqlite_url: str, clock: StandingClock, tmp_path: Path
) -> None:
    async with with_faulty_shop(sqlite_url, clock, tmp_path) as (service, shop):
        poison = await service.hear("Where is my order D-100001?", ticket="T-1")
        shop.script("find_orders", *[BREAKS] * 8)
        for _ in range(8):
            with pytest.raises(Broken):
                await service.services.pipeline.drain(poison.ticket_id, 1)
        # The ninth try reads nothing any more; the shop is well again for everybody else, and would be for this ticket too.
        healthy = await service.say("Where is my order D-100001?", ticket="T-2")
        ticket = await service.ticket(poison.ticket_id)
        assert healthy["status"] == "resolved"
        assert (ticket["status"], ticket["lane"]) == ("escalated", "human")
        assert (ticket["escalation"]["reason"], ticket["escalation"]["risk"]) == ("poison", "high")
        assert len(await service.said(ticket["id"])) == 1
        async with service.services.db.reading() as conn:
            assert (await conn.execute(select(events).where(~events.c.done))).all() == []
        ticket = await service.say("Hello?", ticket="T-1")
        assert ticket["status"] == "escalated"
        await books_agree(service)


async def test_a_vote_that_waits_behind_a_message_that_breaks_is_still_carried_out(
    sqlite_url: str, clock: StandingClock, tmp_path: Path
) -> None:
    async with with_faulty_shop(sqlite_url, clock, tmp_path) as (service, shop):
        await service.say("The espresso machine from order D-100004 arrived broken, I want my money back.")
        clock.advance(minutes=5)
        ticket = await service.say("yes please")
        assert ticket["status"] == "waiting_approval"
        await service.hear("Where is my order D-100001?")
        await service.approve(await service.person("sue"), ticket["approvals"][0])
        shop.script("find_orders", *[BREAKS] * 8)
        async with service.services.db.reading() as conn:
            wake = (await conn.execute(select(tickets.c.wake).where(tickets.c.id == ticket["id"]))).scalar_one()
        for _ in range(8):
            with pytest.raises(Broken):
                await service.services.pipeline.drain(ticket["id"], wake)
        await service.work()
        ticket = await service.ticket(ticket["id"])
        assert (ticket["status"], ticket["escalation"]["reason"]) == ("escalated", "poison")
        (entry,) = await service.books()
        assert (entry.amount_minor, ticket["actions"][0]["status"]) == (74_900, "succeeded")
        await books_agree(service)


async def test_a_refund_whose_answer_was_lost_is_told_honestly_and_settled_by_the_sweep(
    sqlite_url: str, clock: StandingClock, tmp_path: Path
) -> None:
    async with with_faulty_shop(sqlite_url, clock, tmp_path) as (service, shop):
        shop.script("refund", Fault("lost_answer"))
        shop.script("find_effect", Fault("unreachable"))
        await service.say("The kettle from order D-100002 arrived broken, I want my money back.")
        ticket = await service.say("yes please")
        (action,) = ticket["actions"]
        assert (action["status"], action["code"], action["receipt"]) == ("unknown", "outcome_unknown", None)
        assert (ticket["status"], ticket["escalation"]["reason"], ticket["escalation"]["risk"]) == (
            "escalated",
            "outcome_unknown",
            "high",
        )
        told = (await service.said(ticket["id"]))[-1]
        assert "did not get a clear answer on whether it went through" in told
        assert "refunded" not in told
        assert await settle(service) == Reconciled(), "it was only just looked up"
        clock.advance(seconds=31)
        assert await settle(service) == Reconciled(settled=1)
        await service.work()
        ticket = await service.ticket(ticket["id"])
        (entry,) = await service.books()
        assert (ticket["actions"][0]["status"], ticket["actions"][0]["idempotency_key"]) == ("succeeded", entry.key)
        assert [call.method for call in shop.calls].count("refund") == 1
        assert (ticket["status"], ticket["lane"]) == ("escalated", "human")
        assert entry.receipt.reference in (await service.said(ticket["id"]))[-1]
        await books_agree(service)


async def test_one_failing_sweep_keeps_no_other_from_its_work(sqlite_url: str, clock: StandingClock) -> None:
    async with rig(sqlite_url, clock) as service:
        ticket = await service.say("Please cancel my order D-100003")
        clock.advance(hours=49)
        s = service.services

        async def fail() -> int:
            raise Broken

        sweeps = Sweeps(s.db, s.engine, s.wakeups, s.clock, fail, fail)
        running = asyncio.create_task(sweeps.run())

        async def anchored_and_ended() -> bool:
            await service.work()
            async with s.db.reading() as conn:
                anchors = (await verify_tenant(conn, "default")).anchors
            return anchors > 0 and (await service.ticket(ticket["id"]))["status"] == "resolved"

        await until(anchored_and_ended)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def test_a_merchants_system_that_does_not_answer_holds_up_no_other_sweep(sqlite_url: str, clock: StandingClock) -> None:
    async with rig(sqlite_url, clock) as service:
        await service.say("Please cancel my order D-100003")
        s = service.services
        asked = asyncio.Event()

        async def wait_for_ever() -> int:
            asked.set()
            return await asyncio.get_running_loop().create_future()

        sweeps = Sweeps(s.db, s.engine, s.wakeups, s.clock, wait_for_ever, s.approvals.expire)
        running = asyncio.create_task(sweeps.run())

        async def anchored() -> bool:
            async with s.db.reading() as conn:
                return asked.is_set() and (await verify_tenant(conn, "default")).anchors > 0

        await until(anchored)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def test_anchors_show_a_chain_that_was_rewritten_as_a_whole(sqlite_url: str, clock: StandingClock) -> None:
    async with rig(sqlite_url, clock) as service:
        ticket = await service.say("Where is my order D-100001?", ticket="T-1")
        await service.say("Where is my order D-100001?", ticket="T-2")
        sweeps = sweeps_of(service)
        assert await sweeps.anchor() == 2
        assert await sweeps.anchor() == 0
        await service.say("Thanks!", ticket="T-2")
        assert await sweeps.anchor() == 1
        async with service.services.db.reading() as conn:
            verified = await verify_tenant(conn, "default")
        assert (verified.chains, verified.anchors, verified.findings) == (3, 3, ())
        async with service.services.db.begin() as conn:
            await lift_guards(conn)
            forged = [Entry("reply.written", "bot", {"text": "We never said that."})]
            await conn.execute(delete(entries).where(entries.c.stream == ticket["id"]))
            await conn.execute(delete(journal_payloads).where(journal_payloads.c.stream == ticket["id"]))
            head, new = journal.chained(ticket["id"], "default", Head(0, ""), forged, clock())
            values = {"journal_seq": head.seq, "journal_head": head.hash}
            await bulk.store(conn, new, update(tickets).where(tickets.c.id == ticket["id"]), values)
        async with service.services.db.reading() as conn:
            assert await journal.verify(conn, ticket["id"], head) is None, "the forged chain holds by itself"
            verified = await verify_tenant(conn, "default")
        (finding,) = verified.findings
        assert finding.startswith(f"{ticket['id']}: ")
        assert "anchored" in finding


async def a_drain_fails(service: Rig) -> str:
    """A customer writes, and the first drain of their ticket breaks; the ticket's id."""
    heard = await service.hear("Where is my order D-100001?")

    async def failed() -> bool:
        return await status_of(service, f"{heard.ticket_id}:1") == "ERROR"

    await until(failed)
    return heard.ticket_id


async def last_tried(service: Rig, *, seconds: int, attempts: int) -> None:
    """Every ticket's last attempt was so long ago, and so many had been made."""
    async with service.services.db.begin() as conn:
        await conn.execute(update(tickets).values(beat=db_now(text(str(-seconds))), attempts=attempts))


async def status_of(service: Rig, drain: str) -> str | None:
    """How the engine says that a drain stands; None when it knows of none."""
    async with service.services.db.reading() as conn:
        table = "workflow_status" if service.services.db.is_sqlite else "dbos.workflow_status"
        query = text(f"select status from {table} where workflow_uuid = :drain")
        return (await conn.execute(query, {"drain": drain})).scalar_one_or_none()
