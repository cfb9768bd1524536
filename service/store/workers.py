"""Heartbeats of worker processes, by the database's clock, and the drains that dead ones left."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import String, delete, insert, text, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from service.store.columns import UtcTime
from service.store.schema import workers


class db_now(GenericFunction[Any]):
    """The database's own time, also in the middle of a transaction, moved by a number of seconds."""

    type = UtcTime()
    inherit_cache = True
    name = "db_now"


@compiles(db_now, "postgresql")
def _postgres_now(element: Any, compiler: Any, **kw: Any) -> str:
    seconds = compiler.process(element.clauses, **kw) if len(element.clauses) else "0"
    return f"(clock_timestamp() + make_interval(secs => {seconds}))"


@compiles(db_now, "sqlite")
def _sqlite_now(element: Any, compiler: Any, **kw: Any) -> str:
    seconds = compiler.process(element.clauses, **kw) if len(element.clauses) else "0"
    return f"(strftime('%Y-%m-%dT%H:%M:%f', 'now', ({seconds}) || ' seconds') || '000+00:00')"


async def register(conn: AsyncConnection, worker_id: str, *, alone: bool) -> None:
    """Add this process before it takes any work; where only one may work, everybody else is gone."""
    if alone:
        await conn.execute(update(workers).where(workers.c.id != worker_id).values(gone=True))
    await conn.execute(insert(workers).values(id=worker_id, beat=db_now(), started_at=db_now()))


async def beat(conn: AsyncConnection, worker_id: str) -> bool:
    """Say that this process lives; False when others have declared it gone."""
    done = await conn.execute(update(workers).where(workers.c.id == worker_id, ~workers.c.gone).values(beat=db_now()))
    return done.rowcount == 1


async def bury(conn: AsyncConnection, worker_id: str, dead_after: float) -> Sequence[str]:
    """Declare gone every other worker whose last beat is older than `dead_after` seconds; returns their ids."""
    stale = workers.c.beat < db_now(text(str(-float(dead_after))))
    done = await conn.execute(
        update(workers).where(workers.c.id != worker_id, ~workers.c.gone, stale).values(gone=True).returning(workers.c.id)
    )
    return done.scalars().all()


async def leave(conn: AsyncConnection, worker_id: str) -> None:
    """This process stops in an orderly way."""
    await conn.execute(update(workers).where(workers.c.id == worker_id).values(gone=True))


async def forget_gone(conn: AsyncConnection, kept: float) -> None:
    """Drop the workers that are gone and whose last beat is older than `kept` seconds; a live one's beat says nothing here."""
    old = workers.c.beat < db_now(text(str(-float(kept))))
    await conn.execute(delete(workers).where(workers.c.gone, old))


async def orphans(conn: AsyncConnection, worker_id: str, engine_table: str) -> Sequence[str]:
    """Executors that hold drains and are gone or were never known."""
    query = text(
        f"select distinct w.executor_id from {engine_table} w left join workers k on k.id = w.executor_id "  # noqa: S608 - A fixed name.
        "where w.status = 'PENDING' and w.executor_id <> :me and (k.id is null or k.gone)"
    ).columns(executor_id=String)
    return (await conn.execute(query, {"me": worker_id})).scalars().all()
