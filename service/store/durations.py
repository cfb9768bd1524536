"""How long customers and turns waited: percentiles over the newest durations since a moment."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.schema import events, tickets
from service.store.stats import SAMPLE, Scope

QUANTILES = (0.5, 0.9, 0.99)


@dataclass(frozen=True, slots=True)
class Durations:
    """A sample of durations: how many, their sum, and the percentiles, all in seconds; no percentile without a sample."""

    count: int
    total: float
    quantiles: tuple[float | None, float | None, float | None]


async def first_reply(conn: AsyncConnection, scope: Scope) -> Durations:
    """From a ticket's first message to the first answer."""
    return await _since_creation(conn, scope, tickets.c.first_reply_at)


async def resolution(conn: AsyncConnection, scope: Scope) -> Durations:
    """From a ticket's first message to its end."""
    return await _since_creation(conn, scope, tickets.c.resolved_at)


async def turns(conn: AsyncConnection, scope: Scope) -> Durations:
    """From an event's arrival to the commit of what came of it, waiting in the queue included."""
    newest = select(tickets.c.id).where(*scope.where(tickets.c.tenant, tickets.c.created_at))
    newest = newest.order_by(tickets.c.created_at.desc()).limit(SAMPLE)
    query = select(events.c.created_at, events.c.done_at).where(events.c.done, events.c.ticket_id.in_(newest))
    return summarise([_seconds(row) for row in await conn.execute(query)])


def summarise(seconds: Sequence[float]) -> Durations:
    """Nearest-rank percentiles."""
    ordered = sorted(seconds)
    ranks = [max(0, math.ceil(q * len(ordered)) - 1) for q in QUANTILES]
    median, ninety, ninety_nine = (ordered[rank] if ordered else None for rank in ranks)
    return Durations(len(ordered), sum(ordered), (median, ninety, ninety_nine))


async def _since_creation(conn: AsyncConnection, scope: Scope, end: Any) -> Durations:
    query = (
        select(tickets.c.created_at, end)
        .where(end.is_not(None), *scope.where(tickets.c.tenant, tickets.c.created_at))
        .order_by(tickets.c.created_at.desc())
        .limit(SAMPLE)
    )
    return summarise([_seconds(row) for row in await conn.execute(query)])


def _seconds(row: Any) -> float:
    return max(0.0, (row[1] - row[0]).total_seconds())
