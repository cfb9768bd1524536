"""SQLite connections that go to their thread once a statement.

aiosqlite gives each connection a thread, and SQLAlchemy goes there for a cursor, for the statement, for its rows and to close
the cursor. Each way there and back costs about as much as a small statement itself.
"""

import sqlite3
from collections.abc import Iterable
from typing import Any

import aiosqlite
from sqlalchemy import URL

_ROWS_AT_ONCE = 64


async def connect(url: URL, timeout: float) -> aiosqlite.Connection:
    """Open a database file; a writer waits for another one for so many seconds."""
    arguments, options = url.get_dialect()().create_connect_args(url)
    # Where the thread stands and how it is asked is private in aiosqlite 0.22, hence the pinned version.
    connection = _Connection(lambda: sqlite3.connect(*arguments, timeout=timeout, **options), _ROWS_AT_ONCE)
    # A process that ends must not wait for connections that nobody closed.
    connection._thread.daemon = True
    return await connection


class _Cursor(aiosqlite.Cursor):
    """Fetches all rows where it runs the statement, so that nothing is left to ask for and nothing to close."""

    _rows: Iterable[sqlite3.Row] = ()

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> aiosqlite.Cursor:
        self._rows = await self._execute(self._run, sql, parameters or ())
        return self

    async def fetchall(self) -> Iterable[sqlite3.Row]:
        return self._rows

    async def close(self) -> None:
        self._rows = ()

    def _run(self, sql: str, parameters: Any) -> Iterable[sqlite3.Row]:
        self._cursor.execute(sql, parameters)
        return self._cursor.fetchall() if self._cursor.description else ()


class _Connection(aiosqlite.Connection):
    """Makes cursors without asking its thread, which SQLite allows where `check_same_thread` is off."""

    def cursor(self) -> aiosqlite.Cursor:  # type: ignore[override]
        return _Cursor(self, self._conn.cursor())
