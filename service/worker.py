"""Runs a worker: drains from the engine, the outbox and the sweeps, until it is told to stop."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from service.bootstrap import Services
from service.replies import Deliverer
from service.store.reconcile import reconcile
from service.sweeps import Sweeps


@contextlib.asynccontextmanager
async def working(services: Services) -> AsyncIterator[None]:
    """Be a worker for as long as the block runs. Raises `Fatal` when the database already has its one worker."""
    await services.engine.start(services.pipeline.drain)
    deliverer = _deliverer(services)
    loops = [asyncio.create_task(_sweeps(services).run())]
    if deliverer:
        loops.append(asyncio.create_task(deliverer.run()))
    try:
        yield
    finally:
        for loop in loops:
            loop.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await loop
        await services.engine.stop()
        if deliverer:
            await deliverer.close()


def _deliverer(services: Services) -> Deliverer | None:
    settings = services.settings
    if settings.outbound_url is None:
        return None

    def newest_key(tenant: str) -> bytes | None:
        return next(iter(settings.webhook_keys.get(tenant, ())), None)

    return Deliverer(services.db, services.clock, settings.outbound_url, newest_key, services.codes)


def _sweeps(services: Services) -> Sweeps:
    async def settle() -> int:
        found = await reconcile(services.db, services.book, services.runner, services.clock)
        return found.settled + found.released

    return Sweeps(services.db, services.engine, services.wakeups, services.clock, settle, services.approvals.expire)
