"""Brings our tables to head, safely when several processes try at once, and says whether models and history agree."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

from service.errors import Fatal
from service.store import guards
from service.store.database import parse, sync_url
from service.store.roles import grant, standing

MIGRATION_LOCK = 0x6465736B
"""The advisory lock (\"desk\") that one migrating process holds on PostgreSQL."""

LOCK_TIMEOUT_MS = 4_000
"""A migration gives up rather than stand in front of live traffic for longer than this."""


def upgrade(url: str, app_role: str | None = None) -> bool:
    """Bring the database to head, its guards and the grants of the working role with it; safe twice and concurrently.

    Returns whether this role owns the tables. Another role changes nothing, and raises `Fatal` when there is something to do.
    """
    owns = False

    def to_head(config: Config) -> None:
        nonlocal owns
        connection: Connection = config.attributes["connection"]
        owns = standing(connection).owns
        if owns:
            command.upgrade(config, "head")
            guards.install(connection)
            if app_role and connection.dialect.name == "postgresql":
                grant(connection, app_role)
        elif not is_current(connection):
            raise Fatal(
                "The database is not at this release's version, and this role may not change it; "
                "run `deskrail migrate` as the owner of the tables."
            )

    _with_connection(url, to_head)
    return owns


def check(url: str) -> None:
    """Raises an alembic error when the tables in code and the history of migrations differ."""
    _with_connection(url, command.check)


def revise(url: str, message: str) -> None:
    """Write the next migration from the difference between code and database."""
    _with_connection(url, lambda config: command.revision(config, message, autogenerate=True))


def is_current(connection: Connection) -> bool:
    """Whether the database stands at the head of the history."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == head


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _with_connection(url: str, run: Callable[[Config], object]) -> None:
    engine = create_engine(sync_url(parse(url)))
    config = _config()
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text(f"select pg_advisory_lock({MIGRATION_LOCK})"))
                connection.execute(text(f"set lock_timeout = {LOCK_TIMEOUT_MS}"))
                connection.commit()
            else:
                connection.exec_driver_sql("PRAGMA busy_timeout=30000")
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            config.attributes["connection"] = connection
            run(config)
            connection.commit()
            if engine.dialect.name == "postgresql":
                connection.execute(text(f"select pg_advisory_unlock({MIGRATION_LOCK})"))
                connection.commit()
    finally:
        engine.dispose()
