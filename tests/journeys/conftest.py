"""One service for each journey; whatever happened on it, the books agree in the end."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import StandingClock
from tests.journeys.honesty import books_agree
from tests.rig import Rig, rig


@pytest.fixture
async def service(sqlite_url: str, clock: StandingClock) -> AsyncIterator[Rig]:
    """A service with the demo shop; afterwards the shop's books equal ours, and every journal verifies."""
    async with rig(sqlite_url, clock) as service:
        yield service
        await books_agree(service)
