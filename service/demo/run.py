"""The demo itself: a shop, the service with its worker in this process, and customers who write to it over HTTP."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from service.app import create_app
from service.bootstrap import Services
from service.built import built
from service.demo.counters import Counters, count
from service.demo.folder import DemoFolder
from service.demo.people import TENANT, Entrances, admit
from service.scenarios.casting import Casting, Role
from service.scenarios.help_desk import HelpDesk
from service.scenarios.play import play
from service.scenarios.player import Player
from service.scenarios.story import Story, read
from service.serving import address, serving
from service.store.standings import Standing, standings
from service.worker import working
from tools.backends import shop
from tools.backends.shop.data import ShopData, check

STORIES = Path(__file__).parent / "tickets.toml"

PATIENCE = 60.0
"""How many seconds may pass in which no customer writes and no ticket comes to rest, until the demo waits no more."""

COUNT_SECONDS = 0.25
"""How often the counters are taken from the database."""

FIRST_TICKET = 1001

Show = Callable[[int, Counters], None]
"""Hears how many tickets are at rest, and the counters."""


@dataclass(frozen=True, slots=True)
class OpenDemo:
    """A demo whose service answers at `url`; nobody has written to it yet."""

    services: Services
    url: str
    entrances: Entrances
    shop: ShopData
    webhook_key: bytes


@dataclass(frozen=True, slots=True)
class Performance:
    """What came of it. `settled` says whether every ticket has come to rest."""

    settled: bool
    messages: int
    duplicates: int
    counters: Counters
    seconds: float


class Patience:
    """Lasts for as long as something happens, however many tickets there are."""

    def __init__(self) -> None:
        self._most = 0
        self._timeout = asyncio.timeout(PATIENCE)

    def saw(self, happened: int) -> None:
        """Hear how much has happened up to now."""
        if happened > self._most:
            self._most = happened
            self._timeout.reschedule(asyncio.get_running_loop().time() + PATIENCE)

    async def lasts(self, playing: Awaitable[None]) -> bool:
        """Whether the play has come to its end before patience did."""
        try:
            async with self._timeout:
                await playing
        except TimeoutError:
            return False
        return True


@asynccontextmanager
async def open_demo(folder: DemoFolder, listening: socket.socket) -> AsyncIterator[OpenDemo]:
    """Seed the shop, admit the people, and serve on this socket while the block runs."""
    async with built(folder.settings) as services:
        data = shop.demo_data(services.clock())
        await shop.load(services.shop_engine, TENANT, data)
        entrances = await admit(services)
        async with working(services), serving(create_app(services, has_worker=True), listening):
            (key,) = folder.settings.webhook_keys[TENANT]
            yield OpenDemo(services, address(listening), entrances, check(data), key)


async def perform(demo: OpenDemo, tickets: int, show: Show) -> Performance:
    """Let the customers write so many tickets, and wait until all have come to rest or patience has run out."""
    services, began = demo.services, time.monotonic()
    cast = Casting(demo.shop, services.clock()).cast(stories(tickets))
    players = players_of(cast)
    shown, patience = began - COUNT_SECONDS, Patience()

    async def look() -> Mapping[str, Standing]:
        async with services.db.reading() as conn:
            return await standings(conn, TENANT)

    async def tick(found: Mapping[str, Standing]) -> None:
        nonlocal shown
        patience.saw(_settled(found) + sum(player.sent for player in players))
        if time.monotonic() - shown >= COUNT_SECONDS:
            shown = time.monotonic()
            show(_settled(found), await count(services.db, TENANT))

    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        desk = HelpDesk.of(client, demo.url, TENANT, demo.webhook_key)
        settled = await patience.lasts(play(players, desk, look, tick))
    seconds, counters = time.monotonic() - began, await count(services.db, TENANT)
    show(_settled(await look()), counters)
    messages, duplicates = sum(player.sent for player in players), sum(player.duplicates for player in players)
    return Performance(settled, messages, duplicates, counters, seconds)


def players_of(cast: Iterable[tuple[Story, Role]]) -> list[Player]:
    """A player for each role; one that shares another's order begins when that one is finished."""
    players: dict[str, Player] = {}
    for number, (story, role) in enumerate(cast, start=FIRST_TICKET):
        players[story.name] = Player(f"T-{number}", story, role, after=players.get(story.same_as or ""))
    return list(players.values())


def stories(tickets: int) -> list[Story]:
    """So many stories: all there are, and then all again under other names."""
    known = read(STORIES)
    found: list[Story] = []
    for place in range(tickets):
        story, again = known[place % len(known)], place // len(known)
        same_as = f"{story.same_as} {again}" if story.same_as and again else story.same_as
        found.append(story.model_copy(update={"name": f"{story.name} {again}" if again else story.name, "same_as": same_as}))
    return found


def _settled(found: Mapping[str, Standing]) -> int:
    return sum(standing.settled for standing in found.values())
