"""The fixtures of the console's tests."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import StandingClock
from tests.console.world import World, furnish, open_world


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a furnished database and its shop, to be copied."""
    folder = tmp_path_factory.mktemp("furnished")
    clock = StandingClock(datetime(2026, 11, 20, 12, 0, tzinfo=UTC))
    asyncio.run(furnish(f"sqlite:///{folder / 'deskrail.db'}", clock))
    return folder


@pytest.fixture
def world_url(furnished: Path, tmp_path: Path) -> str:
    """A furnished SQLite database of this test's own."""
    for name in ("deskrail.db", "deskrail-shop.db"):
        shutil.copy(furnished / name, tmp_path / name)
    return f"sqlite:///{tmp_path / 'deskrail.db'}"


@pytest.fixture
async def world(world_url: str, clock: StandingClock) -> AsyncIterator[World]:
    """The service on SQLite."""
    async with open_world(world_url, clock) as opened:
        yield opened


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def each_url(request: pytest.FixtureRequest, clock: StandingClock) -> str:
    """Each database in turn, furnished."""
    if request.param == "sqlite":
        return request.getfixturevalue("world_url")
    url = request.getfixturevalue("postgres_url")
    asyncio.run(furnish(url, clock))
    return url


@pytest.fixture
async def each_world(each_url: str, clock: StandingClock) -> AsyncIterator[World]:
    """The service on each database in turn, for what the database decides."""
    async with open_world(each_url, clock) as opened:
        yield opened
