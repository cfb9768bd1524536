"""Lets players begin, and go on talking until every ticket has come to rest and nobody has more to say."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from service.scenarios.help_desk import HelpDesk
from service.scenarios.player import Player
from service.store.standings import Standing

Look = Callable[[], Awaitable[Mapping[str, Standing]]]
"""Reads how the tickets stand, by external id."""

Tick = Callable[[Mapping[str, Standing]], Awaitable[None]]
"""Hears how they stand, each time somebody has looked."""

AT_ONCE = 4
"""How many webhooks are on their way at the same time, as from a help desk with a few senders."""

LOOK_SECONDS = 0.1


async def play(players: Sequence[Player], desk: HelpDesk, look: Look, tick: Tick) -> None:
    """Play to the end; whoever has no patience for that puts a timeout around it."""
    opening = asyncio.create_task(_open([player for player in players if player.after is None], desk))
    try:
        while True:
            opened = opening.done()
            standings = await look()
            quiet = await _talk(players, desk, standings)
            await tick(standings)
            if opened:
                await opening
                if len(quiet) == len(players):
                    return
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        opening.cancel()


async def _talk(players: Sequence[Player], desk: HelpDesk, standings: Mapping[str, Standing]) -> set[str]:
    """Let everybody say what they have to say now; the tickets of those who are finished."""
    quiet: set[str] = set()
    for player in players:
        standing = standings.get(player.ticket)
        if standing is not None and not await player.go_on(desk, standing) and standing.settled:
            quiet.add(player.ticket)
        if player.after is not None and not player.begun and player.after.ticket in quiet:
            await player.begin(desk)
    return quiet


async def _open(players: Sequence[Player], desk: HelpDesk) -> None:
    waiting = iter(players)

    async def sender() -> None:
        for player in waiting:
            await player.begin(desk)

    await asyncio.gather(*(sender() for _ in range(AT_ONCE)))
