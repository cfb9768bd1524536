"""Remembers the first answer to a request that carried an Idempotency-Key, for each credential.

A key is held while its first request is at work. A request that died holds it no longer than the lease; then the next one
with the same key does the work again, so what it does must meet what the dead one left.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.errors import IdempotencyInProgress, IdempotencyMismatch
from service.store.access_schema import idempotency
from service.store.upsert import insert_into

LEASE = timedelta(seconds=60)
"""Longer than any request lives."""

KEPT = timedelta(days=7)
"""How long answers are remembered."""


@dataclass(frozen=True, slots=True)
class Held:
    """A key that this request holds, since `at`; whoever takes it over afterwards holds it since another moment."""

    tenant: str
    credential: str
    key: str
    request_sha256: str
    at: datetime

    @property
    def origin(self) -> str:
        """What this request makes is known by: the same for the same request, even when the key is remembered no more."""
        return hashlib.sha256(f"{self.credential} {self.key} {self.request_sha256}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Answer:
    """A response as it was first sent."""

    status: int
    text: str
    media_type: str


def fingerprint(method: str, path: str, body: bytes) -> str:
    """What makes two requests the same request."""
    return hashlib.sha256(b"\n".join((method.encode(), path.encode(), body))).hexdigest()


async def hold(conn: AsyncConnection, held: Held) -> Answer | None:
    """Take the key and return None, or return the first answer.

    Raises `IdempotencyMismatch` when the key came with another request before, and `IdempotencyInProgress` while the first is
    at work.
    """
    new = insert_into(conn, idempotency).values(
        tenant=held.tenant,
        credential=held.credential,
        idempotency_key=held.key,
        request_sha256=held.request_sha256,
        created_at=held.at,
    )
    if (await conn.execute(new.on_conflict_do_nothing().returning(idempotency.c.created_at))).first():
        return None
    row = (await conn.execute(select(idempotency).where(_mine(held)).with_for_update())).first()
    if row is None:
        # Released between the two statements: whoever asks again will hold it.
        raise IdempotencyInProgress
    if row.request_sha256 != held.request_sha256:
        raise IdempotencyMismatch
    if row.status is not None:
        return Answer(row.status, row.body["text"], row.body["media_type"])
    if row.created_at > held.at - LEASE:
        raise IdempotencyInProgress
    await conn.execute(update(idempotency).where(_mine(held)).values(created_at=held.at))
    return None


async def keep(conn: AsyncConnection, held: Held, answer: Answer) -> None:
    """Remember the answer, unless another request has taken the key over."""
    body = {"text": answer.text, "media_type": answer.media_type}
    await conn.execute(update(idempotency).where(_still(held)).values(status=answer.status, body=body))


async def release(conn: AsyncConnection, held: Held) -> None:
    """Give the key back, so that the same request may be tried again."""
    await conn.execute(delete(idempotency).where(_still(held)))


async def forget_old(conn: AsyncConnection, now: datetime) -> int:
    """Drop what is older than it needs to be remembered; returns how many."""
    return (await conn.execute(delete(idempotency).where(idempotency.c.created_at < now - KEPT))).rowcount


def _mine(held: Held) -> ColumnElement[bool]:
    return (
        (idempotency.c.tenant == held.tenant)
        & (idempotency.c.credential == held.credential)
        & (idempotency.c.idempotency_key == held.key)
    )


def _still(held: Held) -> ColumnElement[bool]:
    return _mine(held) & (idempotency.c.created_at == held.at) & idempotency.c.status.is_(None)
