"""Statements that differ between the databases, each built once."""

from collections.abc import Callable
from functools import cache
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def insert_on(dialect: str, table: Table) -> Any:
    """An insert that knows `on_conflict_do_update` and `on_conflict_do_nothing` in this dialect."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def insert_into(conn: AsyncConnection, table: Table) -> Any:
    """The same, on this connection's database."""
    return insert_on(conn.dialect.name, table)


def per_dialect(build: Callable[[str], Any]) -> Callable[[AsyncConnection], Any]:
    """Turns a builder of a statement into a lookup by connection.

    Building a statement costs more CPU than running it, so those of the hot path are built once and get their values when
    they are executed.
    """
    built = cache(build)
    return lambda conn: built(conn.dialect.name)
