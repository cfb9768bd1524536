"""Inserts of the hot path: ON CONFLICT for both databases, and many rows at once, each statement built once."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Insert, Table, bindparam, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def insert_on(dialect: str, table: Table) -> Any:
    """An insert that knows `on_conflict_do_update` and `on_conflict_do_nothing` in this dialect."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def insert_into(conn: AsyncConnection, table: Table) -> Any:
    """The same, on this connection's database."""
    return insert_on(conn.dialect.name, table)


@cache
def _rows_insert(table: Table, columns: tuple[str, ...], count: int) -> Insert:
    rows = [{name: bindparam(f"{name}_{n}", type_=table.c[name].type) for name in columns} for n in range(count)]
    return insert(table).values(rows)


async def insert_rows(conn: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of the same columns in one statement, hence in one round trip."""
    statement = _rows_insert(table, tuple(rows[0]), len(rows))
    await conn.execute(statement, {f"{name}_{n}": value for n, row in enumerate(rows) for name, value in row.items()})


def per_dialect(build: Callable[[str], Any]) -> Callable[[AsyncConnection], Any]:
    """Turns a builder of a statement into a lookup by connection.

    Building a statement costs more CPU than running it, so those of the hot path are built once and get their values when
    they are executed.
    """
    built = cache(build)
    return lambda conn: built(conn.dialect.name)
