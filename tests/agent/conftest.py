"""The world of the agent's tests over the real tools."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import StandingClock
from tests.tools.world import World, build_world


@pytest.fixture
async def world(sqlite_url: str, tmp_path: Path, clock: StandingClock) -> AsyncIterator[World]:
    """A world on SQLite files of this test's own."""
    async with build_world(sqlite_url, f"sqlite:///{tmp_path / 'shop.db'}", clock) as built:
        yield built
