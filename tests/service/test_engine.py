"""The real engine: what waits is done by whoever works, once, and a worker that stops leaves nothing half done."""

import pytest
from sqlalchemy import insert, select, text

from service.engine import Engine, EngineSettings
from service.errors import Fatal
from service.store.database import Database
from service.store.schema import workers
from service.store.workers import db_now
from tests.conftest import StandingClock
from tests.rig import Rig, rig
from tests.service.machine import at_rest, until, worker_on


async def test_what_came_in_while_nobody_worked_is_answered_by_the_next_worker(sqlite_url: str, clock: StandingClock) -> None:
    async with rig(sqlite_url, clock) as service:
        waiting = await service.hear("Where is my order D-100001?", ticket="T-1")
        async with worker_on(service):
            first = await at_rest(service, waiting.ticket_id)
            second = await at_rest(service, (await service.hear("Where is my order D-100003?", ticket="T-2")).ticket_id)
        assert (first["status"], second["status"]) == ("resolved", "resolved")
        left = await service.hear("And where is my order D-100002?", ticket="T-2")
    # The first worker said goodbye; another one, under another id, goes on.
    async with rig(sqlite_url, clock, seed=False) as service:
        async with worker_on(service):
            ticket = await at_rest(service, left.ticket_id)
        assert len(await service.said(ticket["id"])) == 2
        async with service.services.db.reading() as conn:
            rows = (await conn.execute(select(workers))).all()
        assert [row.gone for row in rows] == [True, True]
        await service.verify_journals()


async def test_a_ticket_for_the_agent_changes_queues_and_is_answered(sqlite_url: str, clock: StandingClock) -> None:
    async with rig(sqlite_url, clock) as service, worker_on(service):
        heard = await service.hear("I was charged twice for my last order!! Please check.")
        ticket = await at_rest(service, heard.ticket_id)
        assert (ticket["lane"], ticket["status"]) == ("agent", "resolved")
        assert len(await service.said(ticket["id"])) == 1
        async with service.services.db.reading() as conn:
            queues = text("select queue_name from workflow_status where workflow_uuid like :ticket order by created_at")
            ran = (await conn.execute(queues, {"ticket": f"{ticket['id']}:%"})).scalars().all()
        assert ran == ["turns", "agent"]


async def test_messages_of_many_tickets_are_each_answered_once(sqlite_url: str, clock: StandingClock) -> None:
    async with rig(sqlite_url, clock) as service, worker_on(service):
        heard = [await service.hear("Where is my order D-100001?", ticket=f"T-{n}") for n in range(8)]
        for one in heard:
            ticket = await at_rest(service, one.ticket_id)
            assert (ticket["status"], len(await service.said(ticket["id"]))) == ("resolved", 1)


async def test_a_second_worker_on_one_sqlite_file_is_turned_away(sqlite_url: str, clock: StandingClock) -> None:
    async with rig(sqlite_url, clock, seed=False) as service, worker_on(service):
        database = Database(sqlite_url)
        try:
            with pytest.raises(Fatal, match="Another worker"):
                await Engine(database).start(service.services.pipeline.drain)
        finally:
            await database.close()


async def test_rows_of_finished_drains_are_pruned_and_waiting_ones_stay(sqlite_url: str, clock: StandingClock) -> None:
    async with rig(sqlite_url, clock) as service:
        async with worker_on(service):
            done = await at_rest(service, (await service.hear("Thank you!", ticket="T-1")).ticket_id)

            async def finished() -> bool:
                return [status for _, status in await drains(service)] == ["SUCCESS"]

            await until(finished)
        assert done["status"] == "closed"
        waiting = await service.hear("Where is my order D-100001?", ticket="T-2")
        assert await service.services.engine.prune() == 0, "rows are kept for a while"
        hasty = Engine(service.services.db, EngineSettings(keep_finished=-60))
        assert await hasty.prune() == 1
        assert await drains(service) == [(f"{waiting.ticket_id}:1", "ENQUEUED")]


async def test_the_row_of_a_drain_whose_workers_died_too_often_is_pruned_too(sqlite_url: str, clock: StandingClock) -> None:
    async with rig(sqlite_url, clock) as service:
        given_up = await service.hear("Thank you!", ticket="T-1")
        waiting = await service.hear("Where is my order D-100001?", ticket="T-2")
        async with service.services.db.begin() as conn:
            ended = text("update workflow_status set status = 'MAX_RECOVERY_ATTEMPTS_EXCEEDED' where workflow_uuid = :drain")
            await conn.execute(ended, {"drain": f"{given_up.ticket_id}:1"})
        hasty = Engine(service.services.db, EngineSettings(keep_finished=-60))
        assert await hasty.prune() == 1
        assert await drains(service) == [(f"{waiting.ticket_id}:1", "ENQUEUED")]


async def test_a_worker_that_left_long_ago_is_forgotten_and_what_it_left_undone_is_still_adopted(
    sqlite_url: str, clock: StandingClock
) -> None:
    async with rig(sqlite_url, clock) as service:
        db, engine = service.services.db, service.services.engine
        heard = await service.hear("Thank you!")
        async with db.begin() as conn:
            for name, beat, gone in (
                ("left long ago", -90_000, True),
                ("just left", -60, True),
                ("not yet buried", -90_000, False),
            ):
                there = {"id": name, "beat": db_now(text(str(beat))), "started_at": db_now(text(str(beat))), "gone": gone}
                await conn.execute(insert(workers).values(there))
            await conn.execute(text("update workflow_status set status = 'PENDING', executor_id = 'left long ago'"))
        await engine.prune()
        async with db.reading() as conn:
            assert set((await conn.execute(select(workers.c.id))).scalars()) == {"just left", "not yet buried"}
        async with worker_on(service):
            assert (await at_rest(service, heard.ticket_id))["status"] == "closed"


async def drains(service: Rig) -> list[tuple[str, str]]:
    async with service.services.db.reading() as conn:
        rows = await conn.execute(text("select workflow_uuid, status from workflow_status where name = 'drain'"))
        return [(name, status) for name, status in rows]
