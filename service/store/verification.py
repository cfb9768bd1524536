"""Verifies every chain of a tenant: its tickets', its own, and the anchors by which its own vouches for its tickets'."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store import journal
from service.store.journal import Head, tenant_stream
from service.store.schema import journal as entries
from service.store.schema import journal_payloads, tenants, tickets

TRIES = 3
"""A chain may grow between the reading of its head and of its entries; what is wrong three times is wrong."""


@dataclass(frozen=True, slots=True)
class Verified:
    """How many chains and anchors were looked at, and what is wrong with them."""

    chains: int
    anchors: int
    findings: tuple[str, ...]


async def verify_tenant(conn: AsyncConnection, tenant: str) -> Verified:
    """Look at everything that this tenant's journal holds."""
    own = tenant_stream(tenant)
    named = select(tickets.c.id).where(tickets.c.tenant == tenant).order_by(tickets.c.id)
    known = [own, *(await conn.execute(named)).scalars()]
    findings = [finding for stream in known if (finding := await _verify(conn, tenant, stream))]
    written = select(entries.c.stream).where(entries.c.tenant == tenant).distinct()
    strays = sorted(set((await conn.execute(written)).scalars()) - set(known))
    # A ticket that came after the list was read is no stray.
    for stray in strays:
        if await _head(conn, tenant, stray) is None:
            findings.append(f"{stray}: there are entries, and no ticket that they belong to")
    anchors, broken = await _anchors(conn, own)
    return Verified(len(known), anchors, (*findings, *broken))


async def _verify(conn: AsyncConnection, tenant: str, stream: str) -> str | None:
    finding = None
    for _ in range(TRIES):
        head = await _head(conn, tenant, stream)
        finding = await journal.verify(conn, stream, head) if head else f"{stream}: the chain has no head"
        if finding is None:
            return None
    return finding


async def _head(conn: AsyncConnection, tenant: str, stream: str) -> Head | None:
    if stream == tenant_stream(tenant):
        query = select(tenants.c.journal_seq, tenants.c.journal_head).where(tenants.c.name == tenant)
    else:
        query = select(tickets.c.journal_seq, tickets.c.journal_head).where(tickets.c.id == stream)
    row = (await conn.execute(query)).one_or_none()
    return None if row is None else Head(row.journal_seq, row.journal_head)


async def _anchors(conn: AsyncConnection, own: str) -> tuple[int, list[str]]:
    """Each anchored head must still be an entry of its chain, so that a chain cannot be rewritten or cut off as a whole."""
    beside = (journal_payloads.c.stream == entries.c.stream) & (journal_payloads.c.seq == entries.c.seq)
    query = select(journal_payloads.c.data).join(entries, beside)
    query = query.where(entries.c.stream == own, entries.c.kind == "journal.anchored").order_by(entries.c.seq)
    anchored = [head for data in (await conn.execute(query)).scalars() for head in data["heads"]]
    broken: list[str] = []
    for head in anchored:
        at = (entries.c.stream == head["stream"]) & (entries.c.seq == head["seq"])
        found = (await conn.execute(select(entries.c.hash).where(at))).scalar_one_or_none()
        if found != head["hash"]:
            broken.append(f"{head['stream']}: entry {head['seq']} is not the one that the tenant's journal anchored")
    return len(anchored), broken
