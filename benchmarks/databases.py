"""Temporary databases for one run, and what a database itself says about the tickets in it."""

import asyncio
import os
import secrets
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import Executable, create_engine, func, make_url, select, text

from benchmarks.environment import settings_for
from service.bootstrap import build, prepare
from service.clock import wall_clock
from service.store.database import parse, sync_url
from service.store.schema import messages, tickets
from tools.backends import shop

VARIABLE = "DESKRAIL_BENCH_POSTGRES"
"""Names a PostgreSQL server, by a URL whose user may create databases."""

DEMO_TENANT = "default"

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class Skipped(Exception):
    """This benchmark cannot run here; the text is a sentence that says why."""


@contextmanager
def postgres() -> Iterator[str]:
    """A database of its own on the server that the environment names; its URL. Raises `Skipped`."""
    server = os.environ.get(VARIABLE)
    if not server:
        raise Skipped(f"Set {VARIABLE} to a PostgreSQL server's URL to measure this.")
    try:
        connection = psycopg.connect(server, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as away:
        raise Skipped(f"The PostgreSQL server that {VARIABLE} names cannot be reached.") from away
    name = f"deskrail_bench_{secrets.token_hex(6)}"
    # SIGTERM raises like Ctrl-C, so that it leaves no database behind.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    with connection:
        connection.execute(SQL("create database {}").format(Identifier(name)))
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(SQL("drop database {} with (force)").format(Identifier(name)))
            signal.signal(signal.SIGTERM, before)


@contextmanager
def sqlite() -> Iterator[str]:
    """A SQLite file in a folder of its own; its URL."""
    with tempfile.TemporaryDirectory(prefix="deskrail-bench-") as folder:
        yield f"sqlite:///{Path(folder) / 'deskrail.db'}"


def furnish(url: str, shop_data: dict[str, object]) -> None:
    """Make the tables of a fresh database, and load its shop."""

    async def work() -> None:
        services = build(settings_for(url))
        try:
            await prepare(services)
            await shop.load(services.shop_engine, DEMO_TENANT, shop_data)
        finally:
            await services.close()

    asyncio.run(work())


class Gauge:
    """Reads how the tickets of one database stand, from outside the processes that work on them."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(sync_url(parse(url)), isolation_level="AUTOCOMMIT")

    def waiting(self) -> int:
        """How many tickets have something that nobody has handled."""
        return self._number(select(func.count()).select_from(tickets).where(tickets.c.pending > 0))

    def received(self) -> int:
        """How many messages came in."""
        return self._number(select(func.count()).select_from(messages).where(messages.c.author == "customer"))

    def replies(self, since: datetime, until: datetime) -> int:
        """How many replies were stored in this time."""
        query = select(func.count()).select_from(messages).where(messages.c.author == "bot")
        return self._number(query.where(messages.c.created_at >= since, messages.c.created_at < until))

    def replied_at(self, prefix: str) -> dict[str, datetime]:
        """When the tickets whose external ids start so were answered, by external id."""
        query = select(tickets.c.external_id, func.min(messages.c.created_at, type_=messages.c.created_at.type)).join(messages)
        query = query.where(messages.c.author == "bot", tickets.c.external_id.startswith(prefix, autoescape=True))
        with self._engine.connect() as connection:
            return dict(connection.execute(query.group_by(tickets.c.external_id)).tuples().all())

    def require_all_answered(self) -> None:
        """Raises `AssertionError` unless every ticket was answered once, by the flow that says where an order is."""
        answered = tickets.c.status.in_(("resolved", "closed")) & (tickets.c.flow == "order_status")
        wrong = self._number(select(func.count()).select_from(tickets).where(~func.coalesce(answered, False)))
        replies = self.replies(_LONG_AGO, wall_clock())
        if wrong or replies != self.received():
            raise AssertionError(f"{wrong} tickets ended in another way, and {self.received()} messages got {replies} replies")

    def rows_written(self) -> int:
        """How many rows PostgreSQL has inserted, updated and deleted in this database; right once its writers have left."""
        query = "select tup_inserted + tup_updated + tup_deleted from pg_stat_database where datname = current_database()"
        return self._number(text(query))

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def _number(self, query: Executable) -> int:
        with self._engine.connect() as connection:
            return connection.execute(query).scalar_one()
