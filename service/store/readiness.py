"""What a process needs of the database before it takes traffic."""

from dataclasses import dataclass

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store import migrate
from service.store.schema import workers
from service.store.workers import db_now

FRESH_SECONDS = 10
"""A worker beats every second; one that has not for this long is not at work."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the tables are at head, and how many workers have beaten lately."""

    migrated: bool
    workers: int


async def read(conn: AsyncConnection) -> Readiness:
    """How the database stands."""
    fresh = ~workers.c.gone & (workers.c.beat > db_now(text(str(-FRESH_SECONDS))))
    migrated = await conn.run_sync(migrate.is_current)
    beating = (await conn.execute(select(func.count()).select_from(workers).where(fresh))).scalar_one() if migrated else 0
    return Readiness(migrated, beating)


async def beats(conn: AsyncConnection, worker_id: str) -> bool:
    """Whether this worker has beaten lately."""
    fresh = ~workers.c.gone & (workers.c.beat > db_now(text(str(-FRESH_SECONDS))))
    return (await conn.execute(select(workers.c.id).where(workers.c.id == worker_id, fresh))).first() is not None
