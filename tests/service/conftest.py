"""The fixtures of these tests."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import StandingClock
from tests.console.conftest import each_url, each_world, furnished, world, world_url
from tests.rig import Rig, rig, rig_settings
from tests.service.receiver import HelpDesk, help_desk

__all__ = ["each_url", "each_world", "furnished", "world", "world_url"]


@pytest.fixture
async def desk() -> AsyncIterator[HelpDesk]:
    """The help desk."""
    async with help_desk() as desk:
        yield desk


@pytest.fixture
async def service(sqlite_url: str, clock: StandingClock, desk: HelpDesk) -> AsyncIterator[Rig]:
    """A service that delivers to it."""
    async with rig(sqlite_url, clock, settings=rig_settings(sqlite_url, outbound_url=desk.url)) as service:
        yield service
