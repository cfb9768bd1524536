"""API keys: shown once when made, kept as a hash, bound to one tenant, and perhaps to a person."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service import ids
from service.errors import Invalid
from service.store import people
from service.store.access_schema import api_keys
from service.store.journal import Entry, append_to_tenant
from service.store.people import Person
from tools.ports import PersonId, TenantName


class Scope(StrEnum):
    """What a key may be used for."""

    TICKETS_READ = "tickets:read"
    TICKETS_WRITE = "tickets:write"
    APPROVALS_DECIDE = "approvals:decide"
    TOOLS_CALL = "tools:call"
    CUSTOMER_CONFIRM = "customer:confirm"
    OPS_READ = "ops:read"
    OPS_WRITE = "ops:write"


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key without its token, which its holder alone knows."""

    id: str
    tenant: TenantName
    name: str
    scopes: frozenset[str]
    person: Person | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made. The token is not stored and cannot be shown again."""

    id: str
    token: str


def parse_scopes(listed: str) -> frozenset[Scope]:
    """Scopes from a comma-separated list. Raises `Invalid` for an unknown one or none."""
    names = {name.strip() for name in listed.split(",") if name.strip()}
    unknown = names - {scope.value for scope in Scope}
    if unknown or not names:
        raise Invalid(f"Scopes are a list out of: {', '.join(Scope)}.")
    return frozenset(Scope(name) for name in names)


async def create(
    conn: AsyncConnection, tenant: TenantName, name: str, scopes: frozenset[Scope], person: PersonId | None, now: datetime
) -> NewKey:
    """Make a key. `approvals:decide` needs a person, because a decision has a name."""
    if Scope.APPROVALS_DECIDE in scopes and person is None:
        raise Invalid("The scope approvals:decide needs a key that acts as a person.")
    key = NewKey(ids.new("key"), f"drk_{secrets.token_urlsafe(32)}")
    row = {"id": key.id, "tenant": tenant, "name": name, "token_hash": _hashed(key.token), "person_id": person}
    await conn.execute(insert(api_keys).values(**row, scopes=sorted(scopes), created_at=now))
    entry = Entry("key.created", "system", {"key": key.id, "scopes": sorted(scopes), "person": person})
    await append_to_tenant(conn, tenant, [entry], now)
    return key


async def find(conn: AsyncConnection, token: str) -> KeyRow | None:
    """The key behind a token; None when it is unknown, revoked, or its person is locked out."""
    query = select(api_keys).where(api_keys.c.token_hash == _hashed(token), api_keys.c.revoked_at.is_(None))
    row = (await conn.execute(query)).one_or_none()
    if row is None:
        return None
    person = None if row.person_id is None else await people.find(conn, PersonId(row.person_id))
    if row.person_id is not None and (person is None or not person.active):
        return None
    return _from_row(row, person)


async def live(conn: AsyncConnection, tenant: TenantName) -> tuple[KeyRow, ...]:
    """The tenant's keys that are not revoked, the oldest first; one whose person is locked out lets nobody in."""
    query = select(api_keys).where(api_keys.c.tenant == tenant, api_keys.c.revoked_at.is_(None))
    rows = (await conn.execute(query.order_by(api_keys.c.created_at, api_keys.c.id))).all()
    staff = {person.id: person for person in await people.everyone(conn, tenant)}
    return tuple(_from_row(row, staff.get(row.person_id)) for row in rows)


async def revoke(conn: AsyncConnection, tenant: TenantName, key: str, by: str, now: datetime) -> bool:
    """End a key at once; False when the tenant has no such live key."""
    mine = (api_keys.c.id == key) & (api_keys.c.tenant == tenant) & api_keys.c.revoked_at.is_(None)
    found = (await conn.execute(update(api_keys).where(mine).values(revoked_at=now))).rowcount
    if found:
        await append_to_tenant(conn, tenant, [Entry("key.revoked", by, {"key": key})], now)
    return bool(found)


def _from_row(row: Row[Any], person: Person | None) -> KeyRow:
    return KeyRow(row.id, TenantName(row.tenant), row.name, frozenset(row.scopes), person, row.created_at)


def _hashed(token: str) -> str:
    # 256 random bits need no salt and no slow hash.
    return hashlib.sha256(token.encode()).hexdigest()
