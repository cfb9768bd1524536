"""A service whose shop misbehaves on order, and a real engine for as long as a test wants one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import select

from service.store.reconcile import Reconciled, reconcile
from service.store.schema import tickets
from service.store.tenancy import across_tenants
from service.sweeps import Sweeps
from tests.conftest import StandingClock
from tests.rig import Rig, rig, rig_settings
from tools.backends.shop.backend import Shop
from tools.backends.shop.engine import open_engine
from tools.backends.shop.faults import Faulty

PATIENCE = 60.0  # seconds until a test gives up; a busy machine may take long for what usually takes 50 ms


@asynccontextmanager
async def with_faulty_shop(url: str, clock: StandingClock, folder: Path) -> AsyncIterator[tuple[Rig, Faulty]]:
    """A service on the demo shop, behind the wrapper that misbehaves."""
    shop_url = f"sqlite:///{folder / 'faulty-shop.db'}"
    engine = open_engine(shop_url)
    shop = Faulty(Shop(engine, "default", clock))
    try:
        async with rig(url, clock, settings=rig_settings(url, shop_url=shop_url), commerce_for=lambda tenant: shop) as service:
            yield service, shop
    finally:
        await engine.dispose()


def sweeps_of(service: Rig) -> Sweeps:
    """The sweeps as a worker has them."""
    s = service.services

    async def look_up() -> int:
        return (await settle(service)).settled

    return Sweeps(s.db, s.engine, s.wakeups, s.clock, look_up, s.approvals.expire)


async def settle(service: Rig) -> Reconciled:
    """The sweep that looks doubtful actions up."""
    s = service.services
    return await reconcile(s.db, s.book, s.runner, s.clock)


@asynccontextmanager
async def worker_on(service: Rig) -> AsyncIterator[None]:
    """The real engine runs the service's drains; the sweeps are left to the test."""
    await service.services.engine.start(service.services.pipeline.drain)
    try:
        yield
    finally:
        await service.services.engine.stop()


async def at_rest(service: Rig, ticket_id: str) -> dict:
    """The ticket, once nothing on it waits for a drain."""

    async def resting() -> bool:
        with across_tenants():
            async with service.services.db.reading() as conn:
                pending = select(tickets.c.pending).where(tickets.c.id == ticket_id)
                return (await conn.execute(pending)).scalar_one() == 0

    await until(resting)
    return await service.ticket(ticket_id)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Come back when the condition holds, or fail after `PATIENCE`."""
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110 - A database tells nobody when it has changed.
            await asyncio.sleep(0.02)
