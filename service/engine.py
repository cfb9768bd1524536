"""The durable engine: DBOS dispatches drains and remembers what waits; the journal does the rest.

A drain is a workflow without steps: it calls `handle(ticket, wake)`, whose every write is fenced and safe to repeat.
"""

import asyncio
import contextlib
import fcntl
import os
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import structlog
from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer
from sqlalchemy import Select, String, and_, cast, column, literal_column, or_, select, table, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.errors import Fatal
from service.store import tenancy, workers
from service.store.database import Database, sync_url
from service.store.schema import tickets

log = structlog.get_logger()

APPLICATION = "deskrail"
VERSION = "1"
DRAIN = "drain"

_ENQUEUE = text(
    f"select dbos.enqueue_workflow(workflow_name => '{DRAIN}', queue_name => :queue, "
    "positional_args => array[to_json(cast(:ticket as text)), to_json(cast(:wake as bigint)), to_json(cast(:tenant as text))], "
    f"workflow_id => :id, queue_partition_key => :partition, application_name => '{APPLICATION}')"
)


_REST = text("-(1 << case when tickets.attempts < 8 then tickets.attempts else 8 end)")
"""Seconds by which the last attempt must lie back when a drain has failed: 2, 4, 8 and so on, so that eight attempts take over
four minutes, and what breaks everything for a while parks no ticket."""

_PRUNE = (
    "delete from {table} where workflow_uuid in (select workflow_uuid from {table} "
    "where status not in ('ENQUEUED', 'DELAYED', 'PENDING') and updated_at < :before limit :most)"
)


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How the engine works. Seconds; counts are per worker process.

    A polling interval of 0.03 s costs an idle worker a tenth of a core, and a ticket is answered in 40 ms; 0.1 s makes it 110.
    An agent's turn takes seconds anyway, so its queue is asked less often. `turns_at_once` is claimed per poll: many at once
    cost each of them a fifth more CPU, few cap the rate. A worker that has not beaten for `dead_after` is gone.
    """

    polling_interval: float = 0.03
    agent_polling_interval: float = 0.25
    turns_at_once: int = 12
    agents_at_once: int = 16
    agents_per_tenant: int = 8
    beat_interval: float = 1.0
    dead_after: float = 4.0
    keep_finished: float = 600.0
    keep_gone: float = 86_400.0


class Engine:
    """Enqueues drains in anybody's transaction; `start` makes this process a worker."""

    def __init__(self, db: Database, settings: EngineSettings | None = None) -> None:
        self._db = db
        self._settings = settings or EngineSettings()
        self.worker_id = f"wrk_{uuid.uuid4().hex}"
        self._client: DBOSClient | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._file_lock: IO[str] | None = None

    async def enqueue(self, conn: AsyncConnection, tenant: str, ticket_id: str, wake: int, queue: str) -> None:
        """Put the drain `ticket:wake` on a queue, inside the caller's transaction; tenants share the slow queue."""
        partition = tenant if queue == "agent" else None
        if not self._db.is_sqlite:
            values = {"queue": queue, "ticket": ticket_id, "wake": wake, "tenant": tenant, "partition": partition}
            values["id"] = f"{ticket_id}:{wake}"
            await conn.execute(_ENQUEUE, values)
            return
        client = self._client or self._open_client()
        options = {"workflow_name": DRAIN, "queue_name": queue, "workflow_id": f"{ticket_id}:{wake}", "app_version": VERSION}
        if partition:
            options["queue_partition_key"] = partition
        await conn.run_sync(lambda sync: client.enqueue_in_transaction(sync, options, ticket_id, wake, tenant))  # type: ignore[arg-type]

    async def start(self, handle: Callable[[str, int], Awaitable[None]]) -> None:
        """Become a worker: heartbeat first, then adopt what the dead left, then take drains from both queues.

        Raises `Fatal` when SQLite already has its one worker process.
        """
        if self._db.is_sqlite:
            self._file_lock = _only_worker(Path(self._db.url.database or ""))
        async with self._db.begin() as conn:
            await workers.register(conn, self.worker_id, alone=self._db.is_sqlite)
        DBOS(config=self._config())

        @DBOS.workflow(name=DRAIN, max_recovery_attempts=100)
        async def drain(ticket_id: str, wake: int, tenant: str) -> None:
            with tenancy.within(tenant):
                await handle(ticket_id, wake)

        DBOS.launch()
        await self._register_queues()
        self._tasks.append(asyncio.create_task(self._beat()))
        log.info("worker.started", worker_id=self.worker_id)

    async def stop(self) -> None:
        """Finish what runs, say goodbye, and leave the rest to others."""
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._tasks:
            await asyncio.to_thread(DBOS.destroy, workflow_completion_timeout_sec=10)
            async with self._db.begin() as conn:
                await workers.leave(conn, self.worker_id)
        self._tasks.clear()
        if self._client:
            self._client.destroy()
            self._client = None
        if self._file_lock:
            self._file_lock.close()
            self._file_lock = None

    def migrate(self, app_role: str | None = None) -> None:
        """Bring the engine's own tables to the version that this release needs, for this role to use too; safe twice."""
        DBOS.migrate(sync_url(self._db.url), application_role=None if self._db.is_sqlite else app_role)

    async def rescue(self, stall_seconds: float, limit: int = 100) -> tuple[str, ...]:
        """Wake tickets that have events but no drain that moves: missing, failed, or silent for longer than the longest step.

        What has failed rests before it is tried again, the longer the more often it has failed. The replaced drain is
        cancelled, since it would hold its place in the queue. Returns the tickets' ids.
        """
        async with self._db.begin() as conn:
            rows = (await conn.execute(_stranded(self._db, stall_seconds).limit(limit))).all()
            for row in rows:
                raised = update(tickets).where(tickets.c.id == row.id).values(wake=row.wake + 1, beat=workers.db_now())
                await conn.execute(raised)
                await self.enqueue(conn, row.tenant, row.id, row.wake + 1, row.queue)
        for row in rows:
            log.warning("ticket.rescued", ticket_id=row.id, wake=row.wake)
            await DBOS.cancel_workflow_async(f"{row.id}:{row.wake}")
        return tuple(row.id for row in rows)

    async def prune(self) -> int:
        """Delete the engine's rows of drains that ended a while ago, in one batch; their ids never come again.

        Those of workers that are long gone go too: a drain that still names one has an executor nobody knows, and is adopted.
        """
        before = int((time.time() - self._settings.keep_finished) * 1000)
        async with self._db.begin() as conn:
            done = await conn.execute(text(_PRUNE.format(table=_table(self._db))), {"before": before, "most": 1_000})
            await workers.forget_gone(conn, self._settings.keep_gone)
        return done.rowcount

    async def _register_queues(self) -> None:
        settings = self._settings
        await DBOS.register_queue_async(
            "turns",
            worker_concurrency=settings.turns_at_once,
            polling_interval_sec=settings.polling_interval,
            on_conflict="always_update",
        )
        await DBOS.register_queue_async(
            "agent",
            worker_concurrency=settings.agents_at_once,
            partition_concurrency=settings.agents_per_tenant,
            polling_interval_sec=settings.agent_polling_interval,
            on_conflict="always_update",
        )

    async def _beat(self) -> None:
        recent = False
        while True:
            try:
                async with self._db.begin() as conn:
                    if not await workers.beat(conn, self.worker_id):
                        log.critical("worker.fenced_off", worker_id=self.worker_id)
                        # Others have adopted this worker's drains, and its queue threads would go on claiming new ones.
                        os._exit(os.EX_TEMPFAIL)
                    # After an outage everybody's beat is old, so nobody is buried before a whole cycle went well.
                    dead = await workers.bury(conn, self.worker_id, self._settings.dead_after) if recent else ()
                recent = True
                for worker_id in dead:
                    log.warning("worker.buried", worker_id=worker_id)
                await self._adopt()
            except Exception as error:  # The beat must survive any failure of the database; the next one tries again.
                recent = False
                log.error("worker.beat_failed", worker_id=self.worker_id, error=type(error).__name__)
            await asyncio.sleep(self._settings.beat_interval)

    async def _adopt(self) -> None:
        async with self._db.reading() as conn:
            orphans = await workers.orphans(conn, self.worker_id, _table(self._db))
        if orphans:
            # Private in DBOS 3.4, hence the pinned version: the public resume has no owner check and moves queues.
            await asyncio.to_thread(DBOS._recover_pending_workflows, list(orphans))
            log.info("worker.adopted", worker_id=self.worker_id, executors=len(orphans))

    def _config(self) -> DBOSConfig:
        return {
            "name": APPLICATION,
            "system_database_url": sync_url(self._db.url),
            "executor_id": self.worker_id,
            "application_version": VERSION,
            "max_executor_threads": 16,
            "db_engine_kwargs": {"pool_pre_ping": False, "pool_size": 20, "max_overflow": 0},
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "ERROR",
        }

    def _open_client(self) -> DBOSClient:
        self._client = DBOSClient(
            system_database_url=sync_url(self._db.url),
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION,
            lazy=True,
        )
        return self._client


def _stranded(db: Database, stall_seconds: float) -> Select[Any, Any, Any, Any]:
    """The tickets that wait for a drain which is missing or has ended, failed some time ago, or does not move; locked."""
    drain = table("workflow_status", column("workflow_uuid"), column("status"), schema=None if db.is_sqlite else "dbos")
    newest = drain.c.workflow_uuid == tickets.c.id + ":" + cast(tickets.c.wake, String)
    lost = or_(
        drain.c.status.is_(None),
        drain.c.status.not_in(("ENQUEUED", "DELAYED", "PENDING", "ERROR")),
        and_(drain.c.status == "ERROR", tickets.c.beat < workers.db_now(_REST)),
        and_(drain.c.status == "PENDING", tickets.c.beat < workers.db_now(text(str(-stall_seconds)))),
    )
    found = select(tickets.c.id, tickets.c.tenant, tickets.c.wake, tickets.c.queue).select_from(tickets)
    # Written out, so that it is the condition of the partial index.
    waiting = found.outerjoin(drain, newest).where(tickets.c.pending > literal_column("0"), lost)
    return waiting.with_for_update(key_share=True, skip_locked=True, of=tickets)


def _table(db: Database) -> str:
    return "workflow_status" if db.is_sqlite else "dbos.workflow_status"


def _only_worker(database: Path) -> IO[str]:
    handle = database.with_suffix(database.suffix + ".worker").open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise Fatal("Another worker already works on this SQLite database; more than one needs PostgreSQL.") from error
    return handle
