"""Opens the database, SQLite or PostgreSQL, with the settings that the ticket scheme depends on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, event, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from service.errors import Fatal
from service.store import sqlite_driver, tenancy
from tools.storable import json_text

Connection = AsyncConnection
"""A connection inside or outside a transaction, as the rest of the service passes it on without looking into it."""

BrokenRule = IntegrityError
"""A constraint of the tables was broken; nothing was written."""

IDLE_IN_TRANSACTION_MS = 3_000
"""A worker that is paused inside a transaction loses it after this long, so that it cannot hold a ticket."""

SQLITE_BUSY_MS = 10_000
"""How long a SQLite writer waits for another one."""


class Database:
    """Connections to our own tables: `begin` to write, `reading` for single statements, `snapshot` for what belongs together.

    On PostgreSQL all see the rows of `tenancy.current()` only, unless the role owns the tables.
    """

    def __init__(self, url: str, pool_size: int = 20) -> None:
        self.url = parse(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite(self.url, pool_size) if self.is_sqlite else _postgres(self.url, pool_size)
        # SQLite has one writer, and whoever waits for it there sleeps and looks again; a pool of one serves them as they asked.
        self.writer = _sqlite(self.url, 1) if self.is_sqlite else self.engine

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A transaction; on SQLite it takes the write lock at once, so that no reader is upgraded half way."""
        async with self.writer.connect() as conn:
            await (conn.exec_driver_sql("BEGIN IMMEDIATE") if self.is_sqlite else _open(conn, tenancy.current()))
            try:
                yield conn
            except BaseException:
                await conn.rollback()
                raise
            await conn.commit()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose every statement stands alone: reads, and single writes without BEGIN and COMMIT."""
        async with self.engine.connect() as conn:
            if not self.is_sqlite:
                await _see(conn, tenancy.current())
            yield conn

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose reads all see one moment, so that a ticket's parts agree with each other; it writes nothing."""
        async with self.engine.connect() as conn:
            await (conn.exec_driver_sql("BEGIN") if self.is_sqlite else _open(conn, tenancy.current(), _ONE_MOMENT))
            try:
                yield conn
            finally:
                await conn.rollback()

    async def close(self) -> None:
        """Give all connections back."""
        await self.engine.dispose()
        await self.writer.dispose()


def parse(url: str, variable: str = "DESKRAIL_DATABASE_URL") -> URL:
    """The URL, which stands in this variable, with the driver that this service uses. Raises `Fatal` for another database."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # The parser's own words may repeat a password.
        raise Fatal(f"{variable} is not a URL like sqlite:///path or postgresql://user:password@host:port/name") from None
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise Fatal("The database must be a file: sqlite:///path/to/deskrail.db")
        return parsed.set(drivername="sqlite+aiosqlite")
    if parsed.get_backend_name() == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    raise Fatal(f"{variable} must start with sqlite:/// or postgresql://")


def sync_url(url: URL) -> str:
    """The same database for libraries that open it with a blocking driver."""
    driver = "sqlite" if url.get_backend_name() == "sqlite" else "postgresql+psycopg"
    return url.set(drivername=driver).render_as_string(hide_password=False)


async def _open(conn: AsyncConnection, tenant: str, mode: str = "") -> None:
    """Open a transaction and say whose it is, in one round trip."""
    await _tell(conn, f"begin{mode}; set local deskrail.tenant = '{tenant}'")


async def _see(conn: AsyncConnection, tenant: str) -> None:
    """Say whose the statements of this connection are, unless it was said to this connection before."""
    assert conn.sync_connection is not None
    told = conn.sync_connection.info
    if told.get(_TENANT, tenancy.NOBODY) != tenant:
        await _tell(conn, f"set deskrail.tenant = '{tenant}'")
        told[_TENANT] = tenant


async def _tell(conn: AsyncConnection, statement: str) -> None:
    """Run a statement without an answer, straight through the driver: SQLAlchemy's way costs 50 us more each time."""
    assert conn.sync_connection is not None
    driver: Any = conn.sync_connection.connection.driver_connection
    try:
        await driver.execute(statement)
    except psycopg.OperationalError:
        # SQLAlchemy's way throws dead connections out of the pool, and names the error as everybody here knows it.
        await conn.exec_driver_sql(statement)


_TENANT = "deskrail.tenant"
_ONE_MOMENT = " isolation level repeatable read, read only"


def _postgres(url: URL, pool_size: int) -> AsyncEngine:
    return create_async_engine(
        url,
        # An error's text must not carry what customers wrote.
        hide_parameters=True,
        json_serializer=json_text,
        # A statement stands alone, unless `begin` has opened a transaction.
        isolation_level="AUTOCOMMIT",
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        # A few warm connections serve better than many cold ones: their statements are prepared, and their caches filled.
        pool_use_lifo=True,
        connect_args={
            "connect_timeout": 5,
            "options": f"-c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_MS} -c timezone=UTC",
        },
    )


def _sqlite(url: URL, pool_size: int) -> AsyncEngine:
    Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    opened = partial(sqlite_driver.connect, url, SQLITE_BUSY_MS / 1000)
    engine = create_async_engine(
        url,
        hide_parameters=True,
        json_serializer=json_text,
        async_creator=opened,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=SQLITE_BUSY_MS / 1000,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _entry: ConnectionPoolEntry) -> None:
        # The driver must not open transactions by itself: `begin` does, with the write lock.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={SQLITE_BUSY_MS}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine
