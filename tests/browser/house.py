"""A running service for browsers: web and worker in a thread of their own, on a loopback port, over a furnished database."""

import asyncio
import socket
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import uvicorn

from service import passwords
from service.app import create_app
from service.bootstrap import CommerceFor
from service.store import people
from service.store.people import Role
from service.worker import working
from tests.conftest import StandingClock
from tests.console.world import World, furnish, services_over

T = TypeVar("T")

PASSWORD = "four unrelated warm words"
START = 60  # seconds that the service may take to answer


@dataclass
class House:
    """The service as a browser's test sees it."""

    address: str
    world: World
    loop: asyncio.AbstractEventLoop

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Let the service's own loop do something, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(START)

    def member(self, role: Role, name: str) -> str:
        """Somebody with this role and the tests' password; their e-mail address."""

        async def make() -> str:
            person = await self.world.person(role, name)
            async with self.world.services.db.begin() as conn:
                hashed = await passwords.hash_password(PASSWORD)
                await people.set_password_hash(conn, person, hashed, self.world.clock())
            return person.email

        return self.do(make())

    def link(self, role: Role, name: str) -> str:
        """A one-time link for somebody with this role."""

        async def make() -> str:
            return self.address + await self.world.link(await self.world.person(role, name))

        return self.do(make())


@contextmanager
def open_house(url: str, commerce_for: CommerceFor | None = None) -> Iterator[House]:
    """Start the service, and stop it at the end; `commerce_for` replaces the shop."""
    listening = socket.create_server(("127.0.0.1", 0))
    ready: threading.Event = threading.Event()
    opened: list[House] = []
    failed: list[BaseException] = []
    closing = asyncio.Event()

    async def live() -> None:
        clock = StandingClock(datetime.now(UTC))
        await furnish(url, clock)
        services = services_over(url, clock, commerce_for)
        app = create_app(services, has_worker=True)
        config = uvicorn.Config(app, lifespan="off", log_level="warning", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with working(services):
            serving = asyncio.create_task(server.serve([listening]))
            opened.append(House(address, World(services, app, clock), asyncio.get_running_loop()))
            ready.set()
            await closing.wait()
            server.should_exit = True
            await serving
        await services.close()

    def run() -> None:
        try:
            asyncio.run(live())
        except BaseException as error:
            failed.append(error)
            ready.set()

    thread = threading.Thread(target=run, name="house", daemon=True)
    thread.start()
    assert ready.wait(START), "The service did not start."
    if failed:
        raise failed[0]
    try:
        yield opened[0]
    finally:
        opened[0].loop.call_soon_threadsafe(closing.set)
        thread.join(START)
