"""What runs every few seconds: timers, stranded tickets, doubtful actions, approvals, anchors, pruning."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from service.engine import Engine
from service.store import approvals, idempotency, tenancy, timers
from service.store.database import Database
from service.store.wakeups import EventKind, Wakeups
from tools.ports import Clock

log = structlog.get_logger()

PERIOD_SECONDS = 2.0
STALL_SECONDS = 300.0
"""A drain that has not moved for this long is replaced; the longest step, a model call with its retries, is shorter."""

AWAY = timedelta(minutes=1)
"""How long a shop that was away is left alone before an approved action is tried again."""

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
            "approved": self.carry_on,
            "anchor": self.anchor,
            "prune": engine.prune,
            "forget": self.forget,
        }

    async def run(self) -> None:
        """Sweep until cancelled, for all tenants; a job that fails or waits keeps no other from its work."""
        tenancy.enter(tenancy.EVERYBODY)
        async with asyncio.TaskGroup() as group:
            for name, job in self._jobs.items():
                group.create_task(_again_and_again(name, job))

    async def rescue(self) -> int:
        """Give stranded tickets a new drain."""
        return len(await self._engine.rescue(STALL_SECONDS))

    async def ring_timers(self) -> int:
        """Wake the tickets whose time has come; returns how many."""
        async with self._db.begin() as conn:
            due = await timers.take_due(conn, self._clock(), BATCH)
            for ticket_id in due:
                await self._wakeups.wake(conn, ticket_id, EventKind.TIMER)
        return len(due)

    async def carry_on(self) -> int:
        """Wake the tickets whose approved action was not carried out, since the shop was away; returns how many."""
        async with self._db.begin() as conn:
            undone = await approvals.left_undone(conn, self._clock() - AWAY, BATCH)
            for row in undone:
                data = {"approval_id": row.id, "state": row.state, "again": True}
                await self._wakeups.wake(conn, row.ticket_id, EventKind.APPROVAL, row.action_id, data)
        return len(undone)

    async def anchor(self) -> int:
        """Let the tenants' chains vouch for their tickets' chains; returns how many have grown."""
        async with self._db.begin() as conn:
            return await timers.anchor_grown(conn, self._clock(), BATCH)

    async def forget(self) -> None:
        """Drop what is kept for repeated requests once nobody repeats them any more."""
        async with self._db.begin() as conn:
            await idempotency.forget_old(conn, self._clock())


async def _again_and_again(name: str, job: Callable[[], Awaitable[object]]) -> None:
    while True:
        try:
            await job()
        except Exception as error:  # A sweep must outlive what it sweeps; the next round tries again.
            log.error("sweep.failed", sweep=name, error=type(error).__name__)
        await asyncio.sleep(PERIOD_SECONDS)
