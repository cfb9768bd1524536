"""Inserts that know ON CONFLICT, on both databases."""

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
