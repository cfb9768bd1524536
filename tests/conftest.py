"""What every test may use: a clock that stands still until moved, and databases built by the migrations."""

import os
import secrets
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import make_url

from service.store import migrate

NO_SKIPS = bool(os.environ.get("DESKRAIL_TEST_NO_SKIPS"))
POSTGRES = os.environ.get("DESKRAIL_TEST_POSTGRES")


class StandingClock:
    """A clock that shows what it was set to."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **parts: float) -> None:
        """Move by a timedelta's parts."""
        self.now += timedelta(**parts)


@pytest.fixture
def clock() -> StandingClock:
    """Noon of a working day."""
    return StandingClock(datetime(2026, 11, 20, 12, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def fresh_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database at head, to be copied."""
    path = tmp_path_factory.mktemp("fresh") / "fresh.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(fresh_sqlite: Path, tmp_path: Path) -> str:
    """A SQLite database of this test's own, at head."""
    path = tmp_path / "deskrail.db"
    shutil.copy(fresh_sqlite, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def postgres_database() -> Iterator[str]:
    """One PostgreSQL database at head for this test process; its URL."""
    if not POSTGRES:
        pytest.skip("set DESKRAIL_TEST_POSTGRES to a PostgreSQL server's URL to run this")
    name = f"deskrail_test_{secrets.token_hex(6)}"
    with psycopg.connect(POSTGRES, autocommit=True) as conn:
        conn.execute(SQL("create database {}").format(Identifier(name)))
        # No test stops the server itself, so no commit needs to wait for the disk.
        conn.execute(SQL("alter database {} set synchronous_commit = off").format(Identifier(name)))
        url = _url(name)
        migrate.upgrade(url)
        yield url
        conn.execute(SQL("drop database {} with (force)").format(Identifier(name)))


@pytest.fixture
def postgres_url(postgres_database: str) -> str:
    """The PostgreSQL database, with every table emptied: making a database for each test takes over a second."""
    empty(postgres_database)
    return postgres_database


def empty(url: str) -> None:
    """Empty every table, the engine's and the shop's included; truncating them takes ten times as long as deleting rows."""
    with psycopg.connect(url) as conn:
        tables = conn.execute(
            "select schemaname, tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema') "
            "and tablename not in ('alembic_version', 'dbos_migrations')"
        ).fetchall()
        # What may only grow, and what others refer to, goes too.
        conn.execute("set local session_replication_role = replica")
        with conn.pipeline():
            for table in tables:
                conn.execute(SQL("delete from {}").format(Identifier(*table)))


@pytest.fixture(scope="session")
def app_role(postgres_database: str) -> Iterator[str]:
    """A role that may sign in and owns nothing; until it is granted something it may do nothing either."""
    role = f"deskrail_app_{secrets.token_hex(6)}"
    with psycopg.connect(postgres_database, autocommit=True) as conn:
        conn.execute(SQL("create role {} login").format(Identifier(role)))
    yield role
    with psycopg.connect(postgres_database, autocommit=True) as conn:
        conn.execute(SQL("drop owned by {}").format(Identifier(role)))
        conn.execute(SQL("drop role {}").format(Identifier(role)))


@pytest.fixture
def app_url(postgres_url: str, app_role: str) -> str:
    """The PostgreSQL database as the role that works sees it, prepared by the owner."""
    migrate.upgrade(postgres_url, app_role)
    return make_url(postgres_url).set(username=app_role).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """Each database in turn, at head."""
    return request.getfixturevalue(f"{request.param}_url")


def _url(name: str) -> str:
    return make_url(POSTGRES or "").set(database=name).render_as_string(hide_password=False)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Where everything that tests need is there, a skip is a failure."""
    outcome = yield
    report = outcome.get_result()
    if NO_SKIPS and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped although nothing may skip here: {report.longrepr}"
