"""New rows for several tables, and one update after them, in one round trip where the database can do that.

A round trip costs the worker and the server more than the rows that it writes. PostgreSQL takes the rows of each table as one
JSON value, and all writes as one statement, each but the last in a WITH: however many rows there are, the statement stays the
same, so it is built, parsed and planned once. SQLite, which is in the same process, takes the writes one after the other.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Insert, Table, Text, Update, bindparam, cast, column, func, insert, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from tools.storable import json_text

Shape = tuple[Table, tuple[str, ...]]
"""A table and the columns that its new rows have."""

NewRow = tuple[Table, Mapping[str, Any]]
"""A row on its way into a table."""


async def store(
    conn: AsyncConnection, new: Sequence[NewRow], then: Update | None = None, values: Mapping[str, Any] | None = None
) -> None:
    """Insert the rows, tables in the order of their first row, and run the update with its values.

    The rows may refer to each other; the update must not read them.
    """
    groups: dict[Shape, list[Mapping[str, Any]]] = {}
    for table, row in new:
        groups.setdefault((table, tuple(row)), []).append(row)
    if conn.dialect.name == "sqlite":
        await _one_by_one(conn, groups, then, values)
    elif groups or then is not None:
        records = {f"rows_{place}": _json(rows) for place, rows in enumerate(groups.values())}
        await conn.execute(_joined(tuple(groups), then), {**records, **(values or {})})


async def _one_by_one(
    conn: AsyncConnection,
    groups: Mapping[Shape, list[Mapping[str, Any]]],
    then: Update | None,
    values: Mapping[str, Any] | None,
) -> None:
    for (table, _), rows in groups.items():
        await conn.execute(_plain(table), [dict(row) for row in rows])
    if then is not None:
        await conn.execute(then, dict(values or {}))


@cache
def _plain(table: Table) -> Insert:
    return insert(table)


@cache
def _joined(shapes: tuple[Shape, ...], then: Update | None) -> Insert | Update:
    """Everything as one statement; the update, or else the last insert, is the one outside the WITH."""
    inserts = [_from_records(table, columns, place) for place, (table, columns) in enumerate(shapes)]
    last = then if then is not None else inserts.pop()
    return last.add_cte(*(one.cte(f"new_{place}") for place, one in enumerate(inserts))) if inserts else last


def _from_records(table: Table, columns: tuple[str, ...], place: int) -> Insert:
    given = cast(bindparam(f"rows_{place}", type_=Text()), JSONB())
    records = func.jsonb_populate_recordset(literal_column(f"null::{table.name}"), given)
    rows = records.table_valued(*(column(name) for name in columns)).alias(f"records_{place}")
    return insert(table).from_select(list(columns), select(*(rows.c[name] for name in columns)))


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    return json_text([dict(row) for row in rows], default=_written)


def _written(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"A {type(value).__name__} cannot be written as JSON.")
