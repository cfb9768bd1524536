"""Messages that cross each other, a finishing drain, or their own echo: none is lost, none counts twice."""

import asyncio

import pytest
from sqlalchemy import func, select, text

from service.store.schema import deliveries, events, messages, tickets
from tests.conftest import StandingClock
from tests.durability.stories import says, wants_refund
from tests.durability.test_every_boundary import Deaths, Died
from tests.rig import Rig, rig, rig_settings

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("postgres")]


async def run_enqueued(service: Rig, done: set[str]) -> None:
    """Run the drains that the engine holds and that have not run: a wake-up that was not enqueued is not made up for."""
    async with service.services.db.reading() as conn:
        rows = await conn.execute(text("select workflow_uuid from dbos.workflow_status where status = 'ENQUEUED'"))
        waiting = [name for (name,) in rows if name not in done]
    done.update(waiting)
    for name in waiting:
        ticket, _, wake = name.rpartition(":")
        await service.services.pipeline.drain(ticket, int(wake))


async def test_a_message_that_arrives_while_a_drain_finishes_is_never_stranded(postgres_url: str, clock: StandingClock) -> None:
    rounds, at_once = 50, 20
    async with rig(postgres_url, clock, seed=False) as service:

        async def race(ticket: str) -> None:
            for _ in range(rounds):
                await asyncio.gather(service.hear("thank you!", ticket=ticket), drain_newest(service, ticket))

        await asyncio.gather(*(race(f"R-{n}") for n in range(at_once)))
        ran: set[str] = set()
        for _ in range(3):
            await run_enqueued(service, ran)
        async with service.services.db.reading() as conn:
            stranded = select(func.count()).select_from(tickets).where(tickets.c.pending > 0)
            undone = select(func.count()).select_from(events).where(~events.c.done)
            heard = select(func.count()).select_from(events)
            assert (await conn.execute(stranded)).scalar_one() == 0
            assert (await conn.execute(undone)).scalar_one() == 0
            assert (await conn.execute(heard)).scalar_one() == rounds * at_once
        await service.verify_journals()


async def drain_newest(service: Rig, ticket: str) -> None:
    """What the ticket's newest enqueued drain does, at the very moment when the next message comes in."""
    async with service.services.db.reading() as conn:
        row = (await conn.execute(select(tickets.c.id, tickets.c.wake).where(tickets.c.external_id == ticket))).first()
    if row:
        await service.services.pipeline.drain(row.id, row.wake)


async def test_a_yes_that_is_taken_back_before_the_action_moves_no_money(postgres_url: str, clock: StandingClock) -> None:
    async with rig(postgres_url, clock) as service:
        await wants_refund(service)
        await service.work()
        await says(service, "yes please")
        await says(service, "wait, no")
        await service.work()
        ticket = await service.ticket_called("T-1")
        assert [action["status"] for action in ticket["actions"]] == ["superseded"]
        assert await service.books() == []
        assert ticket["question"] is None


async def test_a_thank_you_after_a_yes_changes_nothing(postgres_url: str, clock: StandingClock) -> None:
    async with rig(postgres_url, clock) as service:
        await wants_refund(service)
        await service.work()
        await says(service, "Yes, go ahead.")
        await says(service, "Thank you so much!")
        await service.work()
        assert [entry.kind for entry in await service.books()] == ["refund"]


async def test_a_no_that_overtakes_a_recorded_yes_still_stops_the_action(postgres_url: str, clock: StandingClock) -> None:
    settings = rig_settings(postgres_url)
    async with rig(postgres_url, clock, settings=settings, crashpoint=Deaths("after_answer")) as service:
        await wants_refund(service)
        await service.work()
        await says(service, "yes please")
        with pytest.raises(Died):
            await service.work()
    async with rig(postgres_url, clock, settings=settings, seed=False) as service:
        await says(service, "wait, no, please don't")
        await service.work()
        ticket = await service.ticket_called("T-1")
        assert [action["status"] for action in ticket["actions"]] == ["superseded"]
        assert await service.books() == []


async def test_the_same_refund_asked_for_in_two_messages_is_paid_once(postgres_url: str, clock: StandingClock) -> None:
    async with rig(postgres_url, clock) as service:
        await wants_refund(service)
        await service.work()
        await wants_refund(service)
        await service.work()
        await says(service, "yes")
        await says(service, "yes!")
        await service.work()
        assert [entry.kind for entry in await service.books()] == ["refund"]
        statuses = [action["status"] for action in (await service.ticket_called("T-1"))["actions"]]
        assert statuses.count("succeeded") == 1
        assert set(statuses) <= {"succeeded", "superseded"}


async def test_a_refund_wanted_on_two_tickets_is_not_paid_twice_without_a_person(
    postgres_url: str, clock: StandingClock
) -> None:
    async with rig(postgres_url, clock) as service:
        for ticket in ("T-1", "T-2"):
            await wants_refund(service, ticket=ticket)
        await service.work()
        for ticket in ("T-1", "T-2"):
            await says(service, "yes", ticket)
        await service.work()
        assert await service.books() == []
        shown = [await service.ticket_called(ticket) for ticket in ("T-1", "T-2")]
        assert [ticket["status"] for ticket in shown] == ["waiting_approval"] * 2
        assert {ticket["actions"][0]["rule"] for ticket in shown} == {"refund.possible_duplicate"}


async def test_a_help_desk_that_sends_again_after_a_lost_answer_makes_nothing_new(
    postgres_url: str, clock: StandingClock
) -> None:
    async with rig(postgres_url, clock) as service:
        first = await service.hear("Where is my order?", message="m-1", webhook="wh-1")
        again = (service.hear("Where is my order?", message="m-1", webhook="wh-1") for _ in range(20))
        answers = await asyncio.gather(*again)
        other_delivery = await service.hear("Where is my order?", message="m-1", webhook="wh-2")
        assert not first.duplicate
        for answer in (*answers, other_delivery):
            assert (answer.ticket_id, answer.message_id, answer.duplicate) == (first.ticket_id, first.message_id, True)
        async with service.services.db.reading() as conn:
            counts = [
                (await conn.execute(select(func.count()).select_from(t))).scalar_one() for t in (tickets, messages, deliveries)
            ]
        assert counts == [1, 1, 2]
