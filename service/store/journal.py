"""Appends to the hash-chained journal, reads it, and verifies it.

Each stream (a ticket, or a tenant's own) is one chain: `hash = sha256(previous hash, stream, seq, at, kind, actor, turn,
payload hash)`, where the payload hash is salted and the payload lies in a table beside the chain, so that a payload can be
erased and the chain still verifies.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.bulk import NewRow, store
from service.store.schema import journal, journal_payloads, tenants, tickets
from tools.confidential import masked_data
from tools.ports import Json
from tools.storable import json_text


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to be written: a static kind, who did it (`bot`, `customer`, `system`, `person:<id>`), and its data."""

    kind: str
    actor: str
    data: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Written:
    """An entry as it stands in the journal; `data` is None when its payload was erased."""

    stream: str
    seq: int
    at: datetime
    kind: str
    actor: str
    turn: int | None
    data: Mapping[str, Json] | None
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: the last number and hash, zero and empty for a new one."""

    seq: int
    hash: str


_KEEP_TICKET = update(tickets).where(tickets.c.id == bindparam("ticket"))
_KEEP_TENANT = update(tenants).where(tenants.c.name == bindparam("tenant"))


def tenant_stream(tenant: str) -> str:
    """The name of a tenant's own stream."""
    return f"tenant:{tenant}"


def link(previous: str, stream: str, seq: int, at: datetime, kind: str, actor: str, turn: int | None, payload: str) -> str:
    """The hash of one entry, over everything that the chain holds of it."""
    fields = [
        previous,
        stream,
        str(seq),
        at.astimezone(UTC).isoformat(timespec="microseconds"),
        kind,
        actor,
        str(turn),
        payload,
    ]
    return hashlib.sha256("\x1f".join(fields).encode()).hexdigest()


def payload_hash(salt: str, data: Mapping[str, Json]) -> str:
    """The salted hash of a payload, over its canonical JSON."""
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256((salt + canonical).encode()).hexdigest()


def chained(
    stream: str, tenant: str, head: Head, entries: Sequence[Entry], now: datetime, turn: int | None = None
) -> tuple[Head, list[NewRow]]:
    """The rows of entries after `head`, and the new head.

    Whoever writes them holds the lock of the row that the head was read from, and stores the new one.
    """
    links: list[NewRow] = []
    payloads: list[NewRow] = []
    for entry in entries:
        salt = secrets.token_hex(16)
        data = masked_data(_as_given_back(entry.data))
        digest = payload_hash(salt, data)
        seq = head.seq + 1
        head = Head(seq, link(head.hash, stream, seq, now, entry.kind, entry.actor, turn, digest))
        row = {
            "stream": stream,
            "seq": seq,
            "tenant": tenant,
            "at": now,
            "kind": entry.kind,
            "actor": entry.actor,
            "turn": turn,
            "payload_hash": digest,
            "hash": head.hash,
        }
        links.append((journal, row))
        payloads.append((journal_payloads, {"stream": stream, "seq": seq, "salt": salt, "data": data}))
    return head, links + payloads


def _as_given_back(data: Mapping[str, Json]) -> Any:
    """The data as the database gives them back, so that the hash of what was written is the hash of what is read."""
    return json.loads(json_text(data, default=str), parse_float=_number, parse_constant=str)


def _number(digits: str) -> float | int:
    # PostgreSQL writes large numbers out, digit by digit, and knows no negative zero.
    return int(Decimal(digits)) if "e+" in digits else float(digits) or 0.0


async def append_to_ticket(
    conn: AsyncConnection, ticket_id: str, entries: Sequence[Entry], now: datetime, turn: int | None = None
) -> None:
    """Write entries on a ticket's chain; takes the ticket's row lock, and stores the new head."""
    if not entries:
        return
    row = (
        await conn.execute(
            select(tickets.c.id, tickets.c.tenant, tickets.c.journal_seq, tickets.c.journal_head)
            .where(tickets.c.id == ticket_id)
            .with_for_update(key_share=True)
        )
    ).one()
    await append_after(conn, row, entries, now, turn)


async def append_after(
    conn: AsyncConnection,
    ticket: Any,
    entries: Sequence[Entry],
    now: datetime,
    turn: int | None = None,
    also: Sequence[NewRow] = (),
) -> None:
    """Write entries on the chain of a ticket whose row this transaction has locked and whose chain it has not touched.

    `also` are rows that belong to what the entries tell, written in the same round trip.
    """
    if not entries:
        return
    head, new = chained(ticket.id, ticket.tenant, Head(ticket.journal_seq, ticket.journal_head), entries, now, turn)
    kept = {"ticket": ticket.id, "journal_seq": head.seq, "journal_head": head.hash, "updated_at": now}
    await store(conn, [*also, *new], _KEEP_TICKET, kept)


async def append_to_tenant(conn: AsyncConnection, tenant: str, entries: Sequence[Entry], now: datetime) -> None:
    """Write entries on the tenant's own chain: logins, switches, settings, anchors."""
    row = (
        await conn.execute(
            select(tenants.c.journal_seq, tenants.c.journal_head)
            .where(tenants.c.name == tenant)
            .with_for_update(key_share=True)
        )
    ).one()
    head, new = chained(tenant_stream(tenant), tenant, Head(row.journal_seq, row.journal_head), entries, now)
    await store(conn, new, _KEEP_TENANT, {"tenant": tenant, "journal_seq": head.seq, "journal_head": head.hash})


async def read(conn: AsyncConnection, stream: str, after: int = 0, limit: int = 1_000) -> tuple[Written, ...]:
    """Entries of a stream after a number, oldest first."""
    query = _written().where(journal.c.stream == stream, journal.c.seq > after).order_by(journal.c.seq).limit(limit)
    rows = await conn.execute(query)
    return tuple(Written(r.stream, r.seq, r.at, r.kind, r.actor, r.turn, r.data, r.hash) for r in rows)


async def read_turn(conn: AsyncConnection, stream: str, turn: int, kinds: Sequence[str]) -> tuple[Written, ...]:
    """The entries of one turn that are of these kinds, oldest first."""
    query = _written().where(journal.c.stream == stream, journal.c.turn == turn, journal.c.kind.in_(kinds))
    rows = await conn.execute(query.order_by(journal.c.seq))
    return tuple(Written(r.stream, r.seq, r.at, r.kind, r.actor, r.turn, r.data, r.hash) for r in rows)


def _written() -> Select[Any]:
    beside = (journal_payloads.c.stream == journal.c.stream) & (journal_payloads.c.seq == journal.c.seq)
    return select(journal, journal_payloads.c.data, journal_payloads.c.salt).outerjoin(journal_payloads, beside)


async def verify(conn: AsyncConnection, stream: str, head: Head) -> str | None:
    """What is wrong with a stream, or None: no gap, every hash follows, every payload there matches, the head agrees."""
    query = _written().where(journal.c.stream == stream).order_by(journal.c.seq)
    reached = Head(0, "")
    for row in await conn.execute(query):
        if row.seq != reached.seq + 1:
            return f"{stream}: entry {reached.seq + 1} is missing"
        if row.salt is not None and payload_hash(row.salt, row.data) != row.payload_hash:
            return f"{stream}: the payload of entry {row.seq} was changed"
        expected = link(reached.hash, stream, row.seq, row.at, row.kind, row.actor, row.turn, row.payload_hash)
        if expected != row.hash:
            return f"{stream}: entry {row.seq} does not follow from the one before it"
        reached = Head(row.seq, row.hash)
    if reached != head:
        return f"{stream}: the chain ends at {reached.seq}, its head says {head.seq}"
    return None
