"""How what is written by hand sends its statements: through raw psycopg, or over the service's own pool.

A worker of one's own needs neither SQLAlchemy nor asyncio, so raw psycopg is the lowest floor there is; the pool is what a
route or a worker in this code base would use.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, LiteralString, Protocol

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from service.store.database import Database

POOL = 20


class Send(Protocol):
    """Runs one statement that commits by itself, and returns its rows."""

    async def __call__(self, statement: LiteralString, values: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """The rows; none for a statement without an answer."""
        ...


Connect = Callable[[str], AbstractAsyncContextManager[Send]]
"""Opens what a URL names for as long as a block runs."""


@asynccontextmanager
async def raw_blocking(url: str) -> AsyncIterator[Send]:
    """One blocking connection: nothing is cheaper for a worker that does one thing after the other."""
    with psycopg.Connection[DictRow].connect(url, autocommit=True, row_factory=dict_row) as conn:

        async def send(statement: LiteralString, values: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
            done = conn.execute(statement, values)
            return done.fetchall() if done.description else ()

        yield send


@asynccontextmanager
async def raw_pool(url: str) -> AsyncIterator[Send]:
    """Psycopg's own pool of async connections, for a route."""
    options = {"autocommit": True, "row_factory": dict_row}
    async with AsyncConnectionPool(url, min_size=1, max_size=POOL, open=False, kwargs=options) as pool:

        async def send(statement: LiteralString, values: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
            async with pool.connection() as conn:
                done = await conn.execute(statement, values)
                return [dict(row) for row in await done.fetchall()] if done.description else ()

        yield send


@asynccontextmanager
async def same_pool(url: str) -> AsyncIterator[Send]:
    """The pool of the service; the text of a statement goes to the driver as it is."""
    db = Database(url, POOL)

    async def send(statement: LiteralString, values: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        async with db.reading() as conn:
            done = await conn.exec_driver_sql(statement, dict(values))
            return [dict(row) for row in done.mappings()] if done.returns_rows else ()

    try:
        yield send
    finally:
        await db.close()
