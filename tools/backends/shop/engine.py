"""Opens the shop's own database: its file or schema, its pool, and the settings that keep its effects safe."""

from typing import Any

from sqlalchemy import event, make_url
from sqlalchemy.engine import URL, Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

ShopEngine = AsyncEngine
"""The shop's own connections."""

SCHEMA = "shop"
LOCK_WAIT_MS = 10_000
PAUSED_TRANSACTION_MS = 5_000  # A process that is paused in an effect must not hold the order for longer.

# The database, not the statement, is at fault in these; a wrong statement stays an error of the program.
DATABASE_AWAY = (OperationalError, InterfaceError, InternalError, NoConnectionLeft)

_WRITE_LEVEL = {"sqlite": "SERIALIZABLE", "postgresql": "READ COMMITTED"}


def open_engine(url: str) -> AsyncEngine:
    """Open `sqlite:///path` or `postgresql://…`; a `ValueError` names any other kind."""
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "sqlite" if parsed.database and parsed.database != ":memory:":
            return _open_sqlite(parsed.set(drivername="sqlite+aiosqlite"))
        case "postgresql":
            return _open_postgres(parsed.set(drivername="postgresql+psycopg"))
        case "sqlite":
            raise ValueError("The embedded shop needs a SQLite file; a database in memory is gone with its connection.")
        case other:
            raise ValueError(f"The embedded shop lives in SQLite or PostgreSQL, not in {other}.")


def writing(engine: AsyncEngine) -> AsyncEngine:
    """The same engine and pool for transactions that write; without it each statement commits by itself."""
    return engine.execution_options(isolation_level=_WRITE_LEVEL[engine.dialect.name])


def lost_its_connection(error: BaseException) -> bool:
    """Whether a dead connection caused this; after a restart of the database a second try opens a fresh one."""
    cause = error.__cause__
    return isinstance(cause, DBAPIError) and cause.connection_invalidated


def storable(*names: str) -> bool:
    """Whether these can be ids: none holds control characters or lone surrogates, which PostgreSQL refuses."""
    return all(name.isprintable() for name in names)


def _open_sqlite(url: URL) -> AsyncEngine:
    engine = _create(url).execution_options(schema_translate_map={SCHEMA: None})
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_immediate)
    return engine


def _open_postgres(url: URL) -> AsyncEngine:
    engine = _create(url)
    event.listen(engine.sync_engine, "connect", _prepare_postgres)
    return engine


def _create(url: URL) -> AsyncEngine:
    """Reads are single statements, so a connection commits by itself and is handed back without a rollback."""
    return create_async_engine(url, isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True)


def _prepare_sqlite(connection: DBAPIConnection, _record: Any) -> None:
    _run(connection, f"PRAGMA busy_timeout={LOCK_WAIT_MS}", "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL")


def _prepare_postgres(connection: DBAPIConnection, _record: Any) -> None:
    _run(
        connection,
        f"SET lock_timeout={LOCK_WAIT_MS}",
        f"SET idle_in_transaction_session_timeout={PAUSED_TRANSACTION_MS}",
    )
    connection.commit()


def _run(connection: DBAPIConnection, *statements: str) -> None:
    cursor = connection.cursor()
    for statement in statements:
        cursor.execute(statement)
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    """An effect takes SQLite's write lock before it reads, so that it never has to upgrade a stale snapshot."""
    if connection.get_execution_options().get("isolation_level") == _WRITE_LEVEL["sqlite"]:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
