"""Verifies every chain of a tenant: its tickets', its own, and the anchors by which its own vouches for its tickets'."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store import erasure, journal
from service.store.journal import Head, tenant_stream
from service.store.schema import journal as entries
from service.store.schema import journal_payloads, tenants, tickets

TRIES = 3
"""A chain may grow between the reading of its head and of its entries; what is wrong three times is wrong."""


_BESIDE = (journal_payloads.c.stream == entries.c.stream) & (journal_payloads.c.seq == entries.c.seq)


@dataclass(frozen=True, slots=True)
class Verified:
    """How many chains and anchors were looked at, how many entries were erased, and what is wrong."""

    chains: int
    anchors: int
    findings: tuple[str, ...]
    erased: int = 0


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
    erased, gone = await _erased(conn, tenant)
    return Verified(len(known), anchors, (*findings, *broken, *gone), erased)


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
    query = select(journal_payloads.c.data).join(entries, _BESIDE)
    query = query.where(entries.c.stream == own, entries.c.kind == "journal.anchored").order_by(entries.c.seq)
    anchored = [head for data in (await conn.execute(query)).scalars() for head in data["heads"]]
    broken: list[str] = []
    for head in anchored:
        at = (entries.c.stream == head["stream"]) & (entries.c.seq == head["seq"])
        found = (await conn.execute(select(entries.c.hash).where(at))).scalar_one_or_none()
        if found != head["hash"]:
            broken.append(f"{head['stream']}: entry {head['seq']} is not the one that the tenant's journal anchored")
    return len(anchored), broken


async def _erased(conn: AsyncConnection, tenant: str) -> tuple[int, list[str]]:
    """Each payload that is gone must be covered by an erasure on the tenant's own chain; how many are, and which are not."""
    # What is gone is read first, so that the erasures read afterwards hold every one that it can come from.
    query = select(entries.c.stream, entries.c.seq).outerjoin(journal_payloads, _BESIDE)
    query = query.where(entries.c.tenant == tenant, journal_payloads.c.seq.is_(None)).order_by(entries.c.stream, entries.c.seq)
    gone = (await conn.execute(query)).all()
    told = select(journal_payloads.c.data).join(entries, _BESIDE)
    told = told.where(entries.c.stream == tenant_stream(tenant), entries.c.kind == erasure.KIND)
    covered: dict[str, int] = {}
    own: set[int] = set()
    for data in (await conn.execute(told)).scalars():
        own |= set(data.get("own", ()))
        for stream, seq in data["streams"].items():
            covered[stream] = max(covered.get(stream, 0), seq)
    stray = [row for row in gone if row.seq > covered.get(row.stream, 0)]
    stray = [row for row in stray if row.stream != tenant_stream(tenant) or row.seq not in own]
    found = [f"{row.stream}: the payload of entry {row.seq} is gone, and no erasure says so" for row in stray]
    return len(gone) - len(stray), found
