"""What runs every few seconds: timers, stranded tickets, doubtful actions, expired approvals, anchors, pruning."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.engine import Engine
from service.store import journal
from service.store.database import Database
from service.store.journal import Entry
from service.store.schema import tickets
from service.store.wakeups import EventKind, Wakeups
from tools.ports import Clock

log = structlog.get_logger()

PERIOD_SECONDS = 2.0
STALL_SECONDS = 300.0
"""A drain that has not moved for this long is replaced; the longest step, a model call with its retries, is shorter."""

BATCH = 200


class Sweeps:
    """The periodic work of a worker.

    `settle` looks actions up that nobody works on, and `expire` ends approvals; each returns a count.
    """

    def __init__(
        self,
        db: Database,
        engine: Engine,
        wakeups: Wakeups,
        clock: Clock,
        settle: Callable[[], Awaitable[int]],
        expire: Callable[[], Awaitable[int]],
    ) -> None:
        self._db = db
        self._engine = engine
        self._wakeups = wakeups
        self._clock = clock
        self._jobs: dict[str, Callable[[], Awaitable[object]]] = {
            "timers": self.ring_timers,
            "rescue": self.rescue,
            "settle": settle,
            "approvals": expire,
            "anchor": self.anchor,
            "prune": engine.prune,
        }

    async def run(self) -> None:
        """Sweep until cancelled; one failing job keeps no other from its work."""
        while True:
            for name, job in self._jobs.items():
                try:
                    await job()
                except Exception as error:  # A sweep must outlive what it sweeps; the next round tries again.
                    log.error("sweep.failed", sweep=name, error=type(error).__name__)
            await asyncio.sleep(PERIOD_SECONDS)

    async def rescue(self) -> int:
        """Give stranded tickets a new drain."""
        return len(await self._engine.rescue(STALL_SECONDS))

    async def ring_timers(self) -> int:
        """Wake the tickets whose time has come; returns how many."""
        now = self._clock()
        async with self._db.begin() as conn:
            due = await self._due(conn, now)
            for ticket_id in due:
                await conn.execute(update(tickets).where(tickets.c.id == ticket_id).values(wake_at=None))
                await self._wakeups.wake(conn, ticket_id, EventKind.TIMER)
        return len(due)

    async def anchor(self) -> int:
        """Write the heads of ticket chains that have grown into their tenant's chain; returns how many."""
        now = self._clock()
        async with self._db.begin() as conn:
            grown = select(tickets.c.id, tickets.c.tenant, tickets.c.journal_seq, tickets.c.journal_head)
            grown = grown.where(tickets.c.journal_seq > tickets.c.anchored_seq, tickets.c.pending == 0)
            rows = (await conn.execute(grown.order_by(tickets.c.id).limit(BATCH).with_for_update(skip_locked=True))).all()
            for tenant in sorted({row.tenant for row in rows}):
                heads = [{"stream": r.id, "seq": r.journal_seq, "hash": r.journal_head} for r in rows if r.tenant == tenant]
                await journal.append_to_tenant(conn, tenant, [Entry("journal.anchored", "system", {"heads": heads})], now)
            if rows:
                anchored = update(tickets).where(tickets.c.id.in_([row.id for row in rows]))
                await conn.execute(anchored.values(anchored_seq=tickets.c.journal_seq))
        return len(rows)

    async def _due(self, conn: AsyncConnection, now: datetime) -> list[str]:
        query = select(tickets.c.id).where(tickets.c.wake_at <= now).order_by(tickets.c.wake_at).limit(BATCH)
        return list((await conn.execute(query.with_for_update(skip_locked=True))).scalars())
