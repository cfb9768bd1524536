"""Somebody who owns the database takes its guards away; only then can what was written be changed."""

import sqlite3

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.guards import PREFIX

_TRIGGERS = "select name from sqlite_master where type = 'trigger'"


async def lift_guards(conn: AsyncConnection) -> None:
    """No trigger fires: until the end of the transaction on PostgreSQL, for good on SQLite."""
    await conn.run_sync(_lift)


def lift_guards_of_file(db: sqlite3.Connection) -> None:
    """The same, for whoever opens the file by hand."""
    for (name,) in db.execute(_TRIGGERS).fetchall():
        if name.startswith(PREFIX):
            db.execute(f"drop trigger {name}")


def _lift(conn: Connection) -> None:
    if conn.dialect.name == "postgresql":
        conn.execute(text("set local session_replication_role = replica"))
        return
    for name in conn.execute(text(_TRIGGERS)).scalars().all():
        if name.startswith(PREFIX):
            conn.execute(text(f"drop trigger {name}"))


async def tables_of(conn: AsyncConnection) -> list[str]:
    """The names of all tables but the shop's, ours and the engine's."""
    query = "select name from sqlite_master where type = 'table'"
    if conn.dialect.name == "postgresql":
        query = "select schemaname || '.' || tablename from pg_tables where schemaname in ('public', 'dbos')"
    return [f"{name}" for name in (await conn.execute(text(query))).scalars()]
