"""What wakes a ticket: an event under the ticket's row lock, and a drain enqueued in the same transaction.

Whoever enqueues a drain raises `wake` under the ticket's lock; the drain's id is `ticket:wake` and is never used again, so
an enqueue cannot silently meet the id of a finished drain (with other ids, up to 86 % of races lost a wake-up).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy import ColumnElement, bindparam, case, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.columns import UtcTime
from service.store.schema import events, tickets
from tools.ports import Clock, Json


class EventKind(StrEnum):
    """What woke the ticket."""

    MESSAGE = "message"
    CONFIRMATION = "confirmation"
    APPROVAL = "approval_decided"
    SETTLED = "effect_settled"
    TIMER = "timer"
    HANDED_BACK = "handed_back"
    PROPOSED = "action_proposed"
    PERSON_WANTED = "person_wanted"


class Enqueue(Protocol):
    """Puts a drain on a queue inside the caller's transaction."""

    async def __call__(self, conn: AsyncConnection, tenant: str, ticket_id: str, wake: int, queue: str) -> None: ...


class Wakeups:
    """Wakes tickets; built once with the engine's way to enqueue."""

    def __init__(self, enqueue: Enqueue, clock: Clock) -> None:
        self.enqueue = enqueue
        self._clock = clock

    async def wake(
        self,
        conn: AsyncConnection,
        ticket_id: str,
        kind: EventKind,
        ref: str | None = None,
        data: Mapping[str, Json] | None = None,
    ) -> int:
        """Add an event to the ticket and make sure that a drain will handle it; returns the event's number."""
        now = self._clock()
        row = (await conn.execute(_TAKE, {"ticket": ticket_id, "now": now})).one()
        event = {"ticket_id": ticket_id, "seq": row.seq, "kind": kind, "ref": ref, "data": data or {}, "created_at": now}
        await conn.execute(_NEW_EVENT, event)
        if row.pending == 1:
            await self.enqueue(conn, row.tenant, ticket_id, row.wake, "turns")
        return row.seq


def next_event(now: ColumnElement[Any]) -> dict[str, Any]:
    """The update of a ticket's counters that makes room for one more event; it takes the row lock."""
    idle = tickets.c.pending == 0
    return {
        "seq": tickets.c.seq + 1,
        "pending": tickets.c.pending + 1,
        "wake": tickets.c.wake + case((idle, 1), else_=0),
        "queue": case((idle, "turns"), else_=tickets.c.queue),
        "beat": case((idle, now), else_=tickets.c.beat),
        "updated_at": now,
    }


_TAKE = (
    update(tickets)
    .where(tickets.c.id == bindparam("ticket"))
    .values(next_event(bindparam("now", type_=UtcTime())))
    .returning(tickets.c.tenant, tickets.c.seq, tickets.c.pending, tickets.c.wake)
)
_NEW_EVENT = insert(events)
