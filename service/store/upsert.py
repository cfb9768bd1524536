"""Inserts of the hot path: ON CONFLICT for both databases, and many rows at once, each statement built once."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Table, TextClause, insert, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def insert_on(dialect: str, table: Table) -> Any:
    """An insert that knows `on_conflict_do_update` and `on_conflict_do_nothing` in this dialect."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def insert_into(conn: AsyncConnection, table: Table) -> Any:
    """The same, on this connection's database."""
    return insert_on(conn.dialect.name, table)


@cache
def _from_records(table: Table, columns: tuple[str, ...]) -> TextClause:
    names = ", ".join(columns)
    return text(f"insert into {table.name} ({names}) select {names} from jsonb_populate_recordset(null::{table.name}, :rows)")  # noqa: S608 - Names of our own tables.


async def insert_rows(conn: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of the same columns in one round trip.

    PostgreSQL gets them as one JSON value: however many rows there are, the statement stays the same, so it is built, parsed
    and planned once.
    """
    if conn.dialect.name == "sqlite":
        await conn.execute(insert(table), [dict(row) for row in rows])
        return
    records = json.dumps([dict(row) for row in rows], default=_written, ensure_ascii=False)
    await conn.execute(_from_records(table, tuple(rows[0])), {"rows": records})


def _written(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"A {type(value).__name__} cannot be written as JSON.")


def per_dialect(build: Callable[[str], Any]) -> Callable[[AsyncConnection], Any]:
    """Turns a builder of a statement into a lookup by connection.

    Building a statement costs more CPU than running it, so those of the hot path are built once and get their values when
    they are executed.
    """
    built = cache(build)
    return lambda conn: built(conn.dialect.name)
