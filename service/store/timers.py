"""Tickets whose time has come, and ticket chains that their tenant's chain has not vouched for yet."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store import journal
from service.store.journal import Entry
from service.store.schema import tickets


async def take_due(conn: AsyncConnection, now: datetime, limit: int) -> tuple[str, ...]:
    """Lock the tickets whose timer rings, and turn it off; the caller wakes them in the same transaction."""
    query = select(tickets.c.id).where(tickets.c.wake_at <= now).order_by(tickets.c.wake_at).limit(limit)
    due = tuple((await conn.execute(query.with_for_update(skip_locked=True))).scalars())
    if due:
        await conn.execute(update(tickets).where(tickets.c.id.in_(due)).values(wake_at=None))
    return due


async def is_set(conn: AsyncConnection, ticket_id: str) -> bool:
    """Whether a timer of this ticket is still to ring."""
    return (await conn.execute(select(tickets.c.wake_at).where(tickets.c.id == ticket_id))).scalar_one() is not None


async def anchor_grown(conn: AsyncConnection, now: datetime, limit: int) -> int:
    """Write the heads of ticket chains that have grown into their tenant's chain; returns how many."""
    grown = select(tickets.c.id, tickets.c.tenant, tickets.c.journal_seq, tickets.c.journal_head)
    grown = grown.where(tickets.c.journal_seq > tickets.c.anchored_seq, tickets.c.pending == 0)
    rows = (await conn.execute(grown.order_by(tickets.c.id).limit(limit).with_for_update(skip_locked=True))).all()
    for tenant in sorted({row.tenant for row in rows}):
        heads = [{"stream": row.id, "seq": row.journal_seq, "hash": row.journal_head} for row in rows if row.tenant == tenant]
        await journal.append_to_tenant(conn, tenant, [Entry("journal.anchored", "system", {"heads": heads})], now)
    if rows:
        anchored = update(tickets).where(tickets.c.id.in_([row.id for row in rows]))
        await conn.execute(anchored.values(anchored_seq=tickets.c.journal_seq))
    return len(rows)
