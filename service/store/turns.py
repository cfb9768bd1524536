"""Claims a ticket for a drain, reads its next event, and fences every write of a turn.

Only the newest wake may claim. Each claim raises the fence, so whoever claimed before writes nothing any more: every write of a
turn locks the ticket's row `where fence = mine` first, and no row means stop.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.columns import UtcTime
from service.store.schema import events, tickets
from service.store.wakeups import EventKind
from service.store.workers import db_now
from tools.errors import FencedOff
from tools.ports import Json

Row = Any
"""A locked row of `tickets`."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A drain's right to write on a ticket; `attempts` counts claims since the last event that was finished."""

    ticket_id: str
    wake: int
    fence: int
    queue: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Event:
    """Something that woke the ticket."""

    seq: int
    kind: EventKind
    ref: str | None
    data: Mapping[str, Json]
    created_at: datetime


_CLAIM = (
    update(tickets)
    .where(tickets.c.id == bindparam("ticket"), tickets.c.wake == bindparam("newest"), tickets.c.pending > 0)
    .values(fence=tickets.c.fence + 1, attempts=tickets.c.attempts + 1, beat=db_now())
    .returning(tickets.c.fence, tickets.c.queue, tickets.c.attempts)
)
_LOCK = select(tickets).where(tickets.c.id == bindparam("ticket")).with_for_update(key_share=True)
_UNDONE = select(events).where(events.c.ticket_id == bindparam("ticket"), ~events.c.done).order_by(events.c.seq)
_FINISH = (
    update(events)
    .where(events.c.ticket_id == bindparam("ticket"), events.c.seq.in_(bindparam("seqs", expanding=True)), ~events.c.done)
    .values(done=True, done_at=bindparam("now", type_=UtcTime()))
)


async def claim(conn: AsyncConnection, ticket_id: str, wake: int) -> Claim | None:
    """Take the ticket, first start and adoption alike; None for a stale drain."""
    row = (await conn.execute(_CLAIM, {"ticket": ticket_id, "newest": wake})).first()
    return Claim(ticket_id, wake, row.fence, row.queue, row.attempts) if row else None


async def lock(conn: AsyncConnection, ticket_id: str, fence: int | None) -> Row:
    """The ticket's row, locked; with a fence only for its owner. Raises `FencedOff`."""
    row = (await conn.execute(_LOCK, {"ticket": ticket_id})).first()
    if row is None or (fence is not None and row.fence != fence):
        raise FencedOff
    return row


async def undone(conn: AsyncConnection, ticket_id: str) -> tuple[Event, ...]:
    """The events that nobody has handled, in order."""
    rows = await conn.execute(_UNDONE, {"ticket": ticket_id})
    return tuple(Event(r.seq, EventKind(r.kind), r.ref, r.data, r.created_at) for r in rows)


async def finish_events(conn: AsyncConnection, ticket_id: str, seqs: tuple[int, ...], now: datetime) -> int:
    """Mark events done that are not; returns how many this call marked. The caller holds the ticket's lock."""
    done = await conn.execute(_FINISH, {"ticket": ticket_id, "seqs": seqs, "now": now})
    return done.rowcount


async def newest_message(conn: AsyncConnection, ticket_id: str) -> int:
    """The number of the newest customer message that is not handled, zero when there is none."""
    query = (
        select(events.c.seq)
        .where(events.c.ticket_id == ticket_id, ~events.c.done, events.c.kind == EventKind.MESSAGE)
        .order_by(events.c.seq.desc())
        .limit(1)
    )
    return (await conn.execute(query)).scalar_one_or_none() or 0


async def beat(conn: AsyncConnection, ticket_id: str, fence: int) -> None:
    """Say that a long turn still moves, so that the sweep leaves it alone. Raises `FencedOff`."""
    done = await conn.execute(update(tickets).where(tickets.c.id == ticket_id, tickets.c.fence == fence).values(beat=db_now()))
    if done.rowcount == 0:
        raise FencedOff
