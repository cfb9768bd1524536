"""People who work with tickets: who they are, which role they hold now, and which they held when."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from service import ids
from service.errors import Conflict, Forbidden, Invalid, NotFound
from service.store import cases
from service.store.access_schema import login_links, people, role_grants, sessions
from service.store.journal import Entry, append_to_tenant
from tools.ports import PersonId, TenantName

EMAIL = re.compile(r"^[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,255}$")
"""Enough to tell an address from a slip; whether it exists shows when somebody signs in."""


class Role(StrEnum):
    """What a person may do. Each is its own list of rights, not a rank: an admin manages people and approves no money."""

    VIEWER = "viewer"
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    AUDITOR = "auditor"


WORKERS = frozenset({Role.AGENT, Role.SUPERVISOR})
"""The roles that work tickets; the others look, manage or audit."""


SWITCHERS = frozenset({Role.SUPERVISOR, Role.ADMIN})
"""The roles that throw kill switches: they may stop work for everybody."""

SETTLERS = frozenset({Role.SUPERVISOR, Role.ADMIN})
"""The roles that say what became of an action whose outcome nobody knows; that approves nothing."""


class EmailTaken(Conflict):
    """Somebody with this e-mail address is already here."""

    code = "email_taken"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may sign in, with the role they hold now."""

    id: PersonId
    tenant: TenantName
    email: str
    name: str
    role: Role
    active: bool

    @property
    def works(self) -> bool:
        """Whether they may have tickets of their own."""
        return self.active and self.role in WORKERS

    @property
    def called(self) -> str:
        """The name to show; the part before the @ when no name is known."""
        return self.name or self.email.split("@")[0]


def normal_email(email: str) -> str:
    """The address as it is compared and kept. Raises `Invalid` for what cannot be one."""
    address = email.strip().lower()
    if not EMAIL.match(address):
        raise Invalid("An e-mail address looks like name@example.com.")
    return address


async def create(conn: AsyncConnection, tenant: TenantName, email: str, name: str, role: Role, now: datetime) -> Person:
    """Add a person with their first role. Raises `EmailTaken`."""
    person = Person(PersonId(ids.new("per")), tenant, normal_email(email), name.strip(), role, active=True)
    row = {"id": person.id, "tenant": tenant, "email": person.email, "name": person.name, "created_at": now}
    try:
        await conn.execute(insert(people).values(row))
    except IntegrityError as error:
        raise EmailTaken from error
    await _grant(conn, person.id, role, now)
    await append_to_tenant(conn, tenant, [Entry("person.created", "system", {"person": person.id, "role": role})], now)
    return person


async def find(conn: AsyncConnection, person: PersonId) -> Person | None:
    """The person with this id."""
    row = (await conn.execute(with_role().where(people.c.id == person))).one_or_none()
    return None if row is None else from_row(row)


async def find_by_email(conn: AsyncConnection, tenant: str, email: str) -> Person | None:
    """The tenant's person with this address, however it is written."""
    query = with_role().where(people.c.tenant == tenant, people.c.email == email.strip().lower())
    row = (await conn.execute(query)).one_or_none()
    return None if row is None else from_row(row)


async def everyone(conn: AsyncConnection, tenant: str) -> tuple[Person, ...]:
    """All people of a tenant by address."""
    rows = await conn.execute(with_role().where(people.c.tenant == tenant).order_by(people.c.email))
    return tuple(from_row(row) for row in rows)


async def hold_worker(conn: AsyncConnection, person: Person) -> None:
    """Nobody changes this person until the transaction ends; comes before the ticket's lock. Raises `Forbidden`.

    Without it a claim could pass the lock-out that puts the person's tickets back, and leave one with nobody at work.
    """
    await conn.execute(select(people.c.id).where(people.c.id == person.id).with_for_update(read=True))
    now_known = await find(conn, person.id)
    if now_known is None or not now_known.works:
        raise Forbidden("Your role does not allow this.")


async def change_role(conn: AsyncConnection, person: Person, role: Role, by: str, now: datetime) -> None:
    """End the role the person holds and grant another; their sessions end, so the next request signs in anew.

    A role that works no tickets puts what they had claimed back into the queue.
    """
    await _lock(conn, person.id)
    held = role_grants.c.person_id == person.id
    await conn.execute(update(role_grants).where(held, role_grants.c.to_at.is_(None)).values(to_at=now))
    await _grant(conn, person.id, role, now)
    await conn.execute(delete(sessions).where(sessions.c.person_id == person.id))
    await _release_unless_working(conn, person, by, now)
    await append_to_tenant(conn, person.tenant, [Entry("person.role_changed", by, {"person": person.id, "role": role})], now)


async def set_active(conn: AsyncConnection, person: Person, active: bool, by: str, now: datetime) -> None:
    """Lock a person out at once, sessions, links and keys included, or let them in again; nobody who is out keeps a case."""
    await _lock(conn, person.id)
    await conn.execute(update(people).where(people.c.id == person.id).values(active=active))
    await _shut_every_door(conn, person.id)
    await _release_unless_working(conn, person, by, now)
    kind = "person.enabled" if active else "person.disabled"
    await append_to_tenant(conn, person.tenant, [Entry(kind, by, {"person": person.id})], now)


async def password_hash(conn: AsyncConnection, person: PersonId) -> str | None:
    """The argon2 hash, or None when the person has not set a password."""
    return (await conn.execute(select(people.c.password_hash).where(people.c.id == person))).scalar_one_or_none()


async def set_password_hash(conn: AsyncConnection, person: Person, hashed: str, now: datetime) -> None:
    """Store a new password's hash; every session of the person ends, and every link that was made for them."""
    await conn.execute(update(people).where(people.c.id == person.id).values(password_hash=hashed))
    await _shut_every_door(conn, person.id)
    await append_to_tenant(
        conn, person.tenant, [Entry("person.password_set", f"person:{person.id}", {"person": person.id})], now
    )


def with_role() -> Select[*tuple[Any, ...]]:
    """Person columns with the role held now, for joins such as a session's person."""
    now_held = (role_grants.c.person_id == people.c.id) & role_grants.c.to_at.is_(None)
    return select(
        people.c.id.label("person_id"),
        people.c.tenant.label("person_tenant"),
        people.c.email,
        people.c.name.label("person_name"),
        people.c.active,
        role_grants.c.role,
    ).join(role_grants, now_held)


def from_row(row: Any) -> Person:
    """A frozen value from a row of `with_role`."""
    return Person(
        PersonId(row.person_id), TenantName(row.person_tenant), row.email, row.person_name, Role(row.role), bool(row.active)
    )


async def _shut_every_door(conn: AsyncConnection, person: PersonId) -> None:
    for way_in in (sessions, login_links):
        await conn.execute(delete(way_in).where(way_in.c.person_id == person))


async def _grant(conn: AsyncConnection, person: PersonId, role: Role, now: datetime) -> None:
    await conn.execute(insert(role_grants).values(id=ids.new("rol"), person_id=person, role=role.value, from_at=now))


async def _release_unless_working(conn: AsyncConnection, person: Person, by: str, now: datetime) -> None:
    after = await find(conn, person.id)
    if after is None or not after.works:
        await cases.release_all(conn, person.id, by, now)


async def _lock(conn: AsyncConnection, person: PersonId) -> None:
    # A lock that lets votes and messages refer to the person: whoever writes one holds a ticket that may be asked for next.
    row = await conn.execute(select(people.c.id).where(people.c.id == person).with_for_update(key_share=True))
    if row.one_or_none() is None:
        raise NotFound
