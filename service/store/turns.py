"""A drain's right to a ticket, the events that wait there, and the fence of every write of a turn.

Only the newest wake may claim. Each claim raises the fence, so whoever claimed before writes nothing any more: every write of a
turn locks the ticket's row `where fence = mine` first, and no row means stop.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Executable, bindparam, func, select, update
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
    """A drain's right to write on a ticket; `attempts` counts claims since the last event that was finished.

    `no_switch` says that none of the tenant's kill switches was thrown at that moment.
    """

    ticket_id: str
    wake: int
    fence: int
    queue: str
    attempts: int
    no_switch: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """Something that woke the ticket."""

    seq: int
    kind: EventKind
    ref: str | None
    data: Mapping[str, Json]
    created_at: datetime


CLAIM = (
    update(tickets)
    .where(tickets.c.id == bindparam("ticket"), tickets.c.wake == bindparam("newest"), tickets.c.pending > 0)
    .values(fence=tickets.c.fence + 1, attempts=tickets.c.attempts + 1, beat=db_now())
    .returning(tickets)
)
"""Takes the ticket for a drain, first start and adoption alike; no row for a stale one."""

_LOCK = select(tickets).where(tickets.c.id == bindparam("ticket")).with_for_update(key_share=True)
_LOCK_CHAIN = _LOCK.with_only_columns(
    tickets.c.id, tickets.c.tenant, tickets.c.fence, tickets.c.journal_seq, tickets.c.journal_head
)
_UNDONE = select(events).where(events.c.ticket_id == bindparam("ticket"), ~events.c.done).order_by(events.c.seq)
_FINISH = (
    update(events)
    .where(events.c.ticket_id == bindparam("ticket"), events.c.seq.in_(bindparam("seqs", expanding=True)), ~events.c.done)
    .values(done=True, done_at=bindparam("now", type_=UtcTime()))
)
_OWN = _LOCK.where(tickets.c.fence == bindparam("fence")).cte("own")
_DONE = _FINISH.where(events.c.ticket_id == _OWN.c.id).returning(events.c.seq).cte("finished")
_LOCK_AND_FINISH = select(_OWN, select(func.count()).select_from(_DONE).scalar_subquery().label("marked"))


async def lock(conn: AsyncConnection, ticket_id: str, fence: int | None) -> Row:
    """The ticket's row, locked; with a fence only for its owner. Raises `FencedOff`."""
    return await _locked(conn, _LOCK, ticket_id, fence)


async def lock_chain(conn: AsyncConnection, ticket_id: str, fence: int | None) -> Row:
    """The same lock, and of the row only what its journal needs: reading the rest would cost more than the lock."""
    return await _locked(conn, _LOCK_CHAIN, ticket_id, fence)


async def _locked(conn: AsyncConnection, statement: Executable, ticket_id: str, fence: int | None) -> Row:
    row = (await conn.execute(statement, {"ticket": ticket_id})).first()
    if row is None or (fence is not None and row.fence != fence):
        raise FencedOff
    return row


async def undone(conn: AsyncConnection, ticket_id: str) -> tuple[Event, ...]:
    """The events that nobody has handled, in order."""
    rows = await conn.execute(_UNDONE, {"ticket": ticket_id})
    return tuple(Event(r.seq, EventKind(r.kind), r.ref, r.data, r.created_at) for r in rows)


async def lock_and_finish(
    conn: AsyncConnection, ticket_id: str, fence: int, seqs: tuple[int, ...], now: datetime
) -> tuple[Row, int]:
    """Lock the ticket's row and mark events done that are not; returns how many this call marked. Raises `FencedOff`."""
    values = {"ticket": ticket_id, "seqs": seqs, "now": now}
    if conn.dialect.name == "sqlite":
        return await lock(conn, ticket_id, fence), (await conn.execute(_FINISH, values)).rowcount
    row = (await conn.execute(_LOCK_AND_FINISH, values | {"fence": fence})).first()
    if row is None:
        raise FencedOff
    return row, row.marked


async def newest_message(conn: AsyncConnection, ticket_id: str) -> int:
    """The number of the newest customer message that is not handled, zero when there is none."""
    query = (
        select(events.c.seq)
        .where(events.c.ticket_id == ticket_id, ~events.c.done, events.c.kind == EventKind.MESSAGE)
        .order_by(events.c.seq.desc())
        .limit(1)
    )
    return (await conn.execute(query)).scalar_one_or_none() or 0
