"""Sign-in sessions, one-time links and counted sign-in attempts; of every token only a hash is kept."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store import people
from service.store.access_schema import login_attempts, login_links
from service.store.access_schema import people as people_table
from service.store.access_schema import sessions as sessions_table
from service.store.people import Person
from tools.ports import PersonId

SessionToken = NewType("SessionToken", str)
"""What the cookie holds: 256 random bits."""

LinkToken = NewType("LinkToken", str)
"""What a one-time link holds: 256 random bits."""

SESSION_LIFE = timedelta(hours=24)
"""A session ends this long after sign-in, whatever happens."""

IDLE_LIFE = timedelta(hours=8)
"""A session that nobody uses ends after this long."""

SEEN_STEP = timedelta(minutes=5)
"""How coarsely use is noted, so that reading a page does not write a row."""

ATTEMPT_WINDOW = timedelta(minutes=15)
"""The time over which failed sign-ins are counted."""


class Purpose(StrEnum):
    """What a one-time link is for, and how long it lives."""

    LOGIN = "login"
    SET_PASSWORD = "set_password"  # noqa: S105 - the name of a purpose, not a secret.

    @property
    def life(self) -> timedelta:
        """How long a link of this kind may be used."""
        return timedelta(hours=1) if self is Purpose.LOGIN else timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Session:
    """A live session: whose, and the token that its forms carry."""

    person: Person
    csrf: str
    created_at: datetime
    seen_at: datetime


def hashed(token: str, secret: str = "") -> str:
    """The form in which a token is kept: keyed with the session secret, or plain for links."""
    return hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()


async def start(conn: AsyncConnection, person: Person, secret: str, now: datetime) -> SessionToken:
    """A new session with a token of its own, made at sign-in and never before."""
    token = SessionToken(secrets.token_urlsafe(32))
    row = {"token_hash": hashed(token, secret), "person_id": person.id, "csrf": secrets.token_urlsafe(32)}
    await conn.execute(delete(sessions_table).where(sessions_table.c.expires_at <= now))
    await conn.execute(insert(sessions_table).values(**row, created_at=now, seen_at=now, expires_at=now + SESSION_LIFE))
    return token


async def find(conn: AsyncConnection, token: str, secret: str, now: datetime) -> Session | None:
    """The live session behind a cookie; None when it ended, expired, or its person is locked out."""
    query = (
        people.with_role()
        .join(sessions_table, sessions_table.c.person_id == people_table.c.id)
        .add_columns(sessions_table.c.csrf, sessions_table.c.created_at, sessions_table.c.seen_at)
        .where(
            sessions_table.c.token_hash == hashed(token, secret),
            sessions_table.c.expires_at > now,
            sessions_table.c.seen_at > now - IDLE_LIFE,
            people_table.c.active,
        )
    )
    row = (await conn.execute(query)).one_or_none()
    return None if row is None else Session(people.from_row(row), row.csrf, row.created_at, row.seen_at)


async def touch(conn: AsyncConnection, token: str, secret: str, now: datetime) -> None:
    """Note that the session is used."""
    await conn.execute(update(sessions_table).where(sessions_table.c.token_hash == hashed(token, secret)).values(seen_at=now))


async def end(conn: AsyncConnection, token: str, secret: str) -> None:
    """End a session; its cookie is worth nothing from now on."""
    await conn.execute(delete(sessions_table).where(sessions_table.c.token_hash == hashed(token, secret)))


async def make_link(conn: AsyncConnection, person: PersonId, purpose: Purpose, now: datetime) -> LinkToken:
    """A link's token that works once, until its purpose's life is over."""
    if purpose is Purpose.SET_PASSWORD:
        # Whoever asks for another has lost the first, perhaps to somebody. Of sign-in links a person may be given several.
        older = (login_links.c.person_id == person) & (login_links.c.purpose == purpose.value)
        await conn.execute(delete(login_links).where(older))
    token = LinkToken(secrets.token_urlsafe(32))
    row = {"token_hash": hashed(token), "person_id": person, "purpose": purpose.value, "expires_at": now + purpose.life}
    await conn.execute(insert(login_links).values(row))
    return token


async def peek_link(conn: AsyncConnection, token: str, now: datetime) -> tuple[Person, Purpose] | None:
    """Whose link this is and what for, without using it."""
    query = (
        people.with_role()
        .join(login_links, login_links.c.person_id == people_table.c.id)
        .add_columns(login_links.c.purpose)
        .where(
            login_links.c.token_hash == hashed(token),
            login_links.c.used_at.is_(None),
            login_links.c.expires_at > now,
            people_table.c.active,
        )
    )
    row = (await conn.execute(query)).one_or_none()
    return None if row is None else (people.from_row(row), Purpose(row.purpose))


async def use_link(conn: AsyncConnection, token: str, purpose: Purpose, now: datetime) -> Person | None:
    """Use a link up and say whose it was; None when it is unknown, used, expired or for something else."""
    query = (
        update(login_links)
        .where(
            login_links.c.token_hash == hashed(token),
            login_links.c.purpose == purpose.value,
            login_links.c.used_at.is_(None),
            login_links.c.expires_at > now,
        )
        .values(used_at=now)
        .returning(login_links.c.person_id)
    )
    owner = (await conn.execute(query)).scalar_one_or_none()
    person = None if owner is None else await people.find(conn, PersonId(owner))
    return person if person is not None and person.active else None


async def count_attempt(conn: AsyncConnection, subject: str, now: datetime) -> int:
    """Note one attempt on a subject (an account or an address) and say how many its window now holds, this one included."""
    subject_hash = hashed(subject)
    if conn.dialect.name == "postgresql":
        # A hundred attempts at once wait for each other here; SQLite has one writer anyway.
        await conn.execute(select(func.pg_advisory_xact_lock(func.hashtext(subject_hash))))
    await conn.execute(delete(login_attempts).where(login_attempts.c.at <= now - ATTEMPT_WINDOW))
    await conn.execute(insert(login_attempts).values(subject=subject_hash, at=now))
    counted = select(func.count()).select_from(login_attempts).where(login_attempts.c.subject == subject_hash)
    return (await conn.execute(counted)).scalar_one()


async def forget_attempts(conn: AsyncConnection, subject: str) -> None:
    """A sign-in succeeded: the subject's count starts anew."""
    await conn.execute(delete(login_attempts).where(login_attempts.c.subject == hashed(subject)))
