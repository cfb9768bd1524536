"""What a process does with the shop's database at its start; a module of its own, so that a new process imports little."""

import asyncio

from tests.tools.shop.small import SMALL_SHOP
from tools.backends.shop import create_tables, load, open_engine


def start_shop(url: str, name: str) -> None:
    """Create what is missing and load the small shop under this name."""
    asyncio.run(_start(url, name))


async def _start(url: str, name: str) -> None:
    engine = open_engine(url)
    await create_tables(engine)
    await load(engine, name, SMALL_SHOP)
    await engine.dispose()
