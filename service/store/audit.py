"""Reads a tenant's own journal from its end: sign-ins, people, keys, switches."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store import journal
from service.store.journal import Written, tenant_stream
from service.store.schema import tenants


async def newest(conn: AsyncConnection, tenant: str, before: int | None, limit: int) -> tuple[Written, ...]:
    """The newest entries, or those before a number, newest first."""
    head: int = (await conn.execute(select(tenants.c.journal_seq).where(tenants.c.name == tenant))).scalar_one()
    last = head if before is None else min(head, before - 1)
    after = max(0, last - limit)
    entries = await journal.read(conn, tenant_stream(tenant), after, max(0, last - after))
    return tuple(reversed(entries))
