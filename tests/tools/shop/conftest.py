"""A shop in a real database: a SQLite file of its own, or a PostgreSQL database that the session creates and drops."""

import os
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.conftest import StandingClock
from tests.tools.shop.look import end_of_threads
from tests.tools.shop.small import SMALL_SHOP
from tools.backends.shop import Shop, create_tables, load, open_engine
from tools.commerce import Address

SERVER = "DESKRAIL_TEST_POSTGRES"


@contextmanager
def _new_database() -> Iterator[str]:
    """The address of a fresh database, which is dropped afterwards."""
    server = os.environ.get(SERVER)
    if not server:
        pytest.skip(f"{SERVER} names no PostgreSQL server.")
    name = f"deskrail_shop_{uuid.uuid4().hex[:12]}"
    url = make_url(server).set(drivername="postgresql")
    admin = url.set(database=url.database or "postgres").render_as_string(hide_password=False)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield url.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """One database for the session; each test empties its tables."""
    with _new_database() as url:
        yield url


@pytest.fixture
def empty_postgres_url() -> Iterator[str]:
    """A database without any table."""
    with _new_database() as url:
        yield url


@pytest.fixture
async def postgres(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on PostgreSQL with empty tables."""
    engine = open_engine(postgres_url)
    await create_tables(engine)
    async with engine.begin() as connection:
        await connection.execute(
            text("TRUNCATE shop.shops, shop.customers, shop.orders, shop.shipments, shop.products, shop.articles, shop.books")
        )
    yield engine
    await engine.dispose()


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """An engine on a fresh SQLite file with empty tables."""
    engine = open_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    await create_tables(engine)
    yield engine
    await engine.dispose()
    await end_of_threads()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def engine(database: str, request: pytest.FixtureRequest) -> AsyncEngine:
    """Each database in turn."""
    return request.getfixturevalue(database)


@pytest.fixture
async def shop(engine: AsyncEngine, clock: StandingClock) -> Shop:
    """The small shop of `small.py`."""
    await load(engine, "default", SMALL_SHOP)
    return Shop(engine, "default", clock)


@pytest.fixture
def ada_moves_to() -> Address:
    return Address(line1="7 rue des Tanneurs", city="Lille", postal_code="59000", country="FR")
