"""Lets a form act once, however often its sending is repeated by a nervous hand or a bad connection."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service.errors import Refused
from service.store import idempotency
from service.store.database import Database
from service.store.idempotency import Answer, Held
from service.store.people import Person
from tools.ports import Clock


@asynccontextmanager
async def once(db: Database, clock: Clock, person: Person, key: str, request_sha256: str) -> AsyncIterator[bool]:
    """True when this is the first sending, False when it was done before; a refusal gives the key back.

    Raises `IdempotencyInProgress` while the first sending is at work, `IdempotencyMismatch` when the form held something else.
    """
    held = Held(person.tenant, f"person:{person.id}", key, clock())
    async with db.begin() as conn:
        done = await idempotency.hold(conn, held, request_sha256)
    if done is not None:
        yield False
        return
    try:
        yield True
    except Refused:
        async with db.begin() as conn:
            await idempotency.release(conn, held)
        raise
    async with db.begin() as conn:
        await idempotency.keep(conn, held, Answer(303, "", ""))
