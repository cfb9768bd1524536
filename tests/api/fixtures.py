"""The service as a fixture, on each database, in process and over a socket."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.clock import wall_clock
from tests.api.house import House, on_the_wire, open_house
from tests.conftest import StandingClock


@pytest.fixture(scope="session")
def furnished(fresh_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the databases of a whole service, to be copied: making them anew takes longer than most tests."""
    folder = tmp_path_factory.mktemp("furnished")
    shutil.copy(fresh_sqlite, folder / "deskrail.db")

    async def furnish() -> None:
        async with open_house(f"sqlite:///{folder / 'deskrail.db'}", wall_clock):
            pass

    with ThreadPoolExecutor(1) as elsewhere:
        # A test's own event loop may be running here already.
        elsewhere.submit(lambda: asyncio.run(furnish())).result()
    return folder


@pytest.fixture
def small_url(furnished: Path, tmp_path: Path) -> str:
    """SQLite databases of this test's own."""
    for database in furnished.glob("*.db"):
        shutil.copy(database, tmp_path / database.name)
    return f"sqlite:///{tmp_path / 'deskrail.db'}"


@pytest.fixture(params=["small", pytest.param("postgres", marks=pytest.mark.postgres)], ids=["sqlite", "postgres"])
def house_url(request: pytest.FixtureRequest) -> str:
    """Each database in turn."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture
async def house(house_url: str, clock: StandingClock) -> AsyncIterator[House]:
    """The service on each database in turn, reached in process."""
    async with open_house(house_url, clock) as opened:
        yield opened


@pytest.fixture
async def small_house(small_url: str, clock: StandingClock) -> AsyncIterator[House]:
    """The service on SQLite, for what no database can change."""
    async with open_house(small_url, clock) as opened:
        yield opened


@pytest.fixture
async def wire(small_house: House) -> AsyncIterator[House]:
    """The service on SQLite, reached over a real socket."""
    async with on_the_wire(small_house) as reached:
        yield reached
