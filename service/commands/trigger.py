"""`deskrail trigger`: post a realistic story to a running service."""

import asyncio
import contextlib
import secrets
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from service.bootstrap import shop_url
from service.clock import wall_clock
from service.commands import common
from service.commands.common import AsJson, Tenant
from service.commands.database import known_tenant, opened, run
from service.errors import Fatal
from service.scenarios.casting import Casting
from service.scenarios.help_desk import HelpDesk
from service.scenarios.play import play
from service.scenarios.player import Player
from service.scenarios.story import Story, read
from service.settings import Settings
from service.store.database import Database
from service.store.standings import Standing, standings
from tools.backends import shop
from tools.backends.shop.data import ShopData, check

STORIES = Path(__file__).parent.parent / "scenarios" / "stories.toml"

PATIENCE = 30.0
"""How many seconds a story may take until nothing more happens on its tickets."""

app = common.single()


@app.command()
def trigger(
    scenario: Annotated[str | None, typer.Argument(help="The scenario's name; --list shows them.")] = None,
    show_list: Annotated[bool, typer.Option("--list", help="List the scenarios.")] = False,
    url: Annotated[str, typer.Option(help="Where the service listens.")] = "http://127.0.0.1:8000",
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Post a story's messages, signed, as customers of the configured shop, and answer what they are asked."""
    stories = read(STORIES)
    if show_list:
        _list(stories, as_json)
        return
    chosen = [story for story in stories if story.name.partition("/")[0] == scenario]
    if not chosen:
        names = ", ".join(story.name for story in stories if "/" not in story.name)
        raise typer.BadParameter(
            f"There is no scenario {scenario!r}. There are: {names}." if scenario else f"Name one of: {names}."
        )
    ended, found = run(_trigger(common.settings(), tenant, url, chosen))
    if as_json:
        common.print_json([_told(player, found.get(player.ticket)) for player in ended])
    else:
        _show(ended, found, url)


async def _trigger(
    settings: Settings, tenant: str, url: str, stories: list[Story]
) -> tuple[list[Player], Mapping[str, Standing]]:
    async with opened(settings) as db, httpx.AsyncClient(timeout=15) as client:
        known = await known_tenant(db, tenant)
        key = next(iter(settings.webhook_keys.get(tenant, ())), None)
        if key is None:
            raise Fatal(f"The tenant {tenant!r} has no webhook secret here; set the one that the service runs with.")
        cast = Casting(await _shop(settings, tenant), wall_clock()).cast(stories)
        mark = secrets.token_hex(3)
        players = [Player(f"S-{story.name.replace('/', '-')}-{mark}", story, role) for story, role in cast]
        look = partial(_look, db, known, frozenset(player.ticket for player in players))
        # How the tickets stand is printed whether or not they have come to rest in time.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await play(players, HelpDesk.of(client, url, tenant, key), look, _no_tick)
        return players, await look()


async def _look(db: Database, tenant: str, wanted: frozenset[str]) -> Mapping[str, Standing]:
    async with db.reading() as conn:
        return await standings(conn, tenant, wanted)


async def _no_tick(_standings: Mapping[str, Standing]) -> None:
    return None


async def _shop(settings: Settings, tenant: str) -> ShopData:
    engine = shop.open_engine(shop_url(settings))
    try:
        if not await shop.has_tables(engine):
            raise shop.UnknownShop
        return check(await shop.dump(engine, tenant))
    except shop.UnknownShop:
        raise Fatal(
            f"The tenant {tenant!r} has no shop data, so there are no customers to play; `deskrail shop load FILE`."
        ) from None
    finally:
        await engine.dispose()


def _told(player: Player, standing: Standing | None) -> dict[str, Any]:
    return {
        "scenario": player.story.name,
        "ticket_id": player.ticket_id,
        "external_id": player.ticket,
        "messages": player.sent,
        "duplicates": player.duplicates,
        "status": standing.status if standing else None,
        "lane": standing.lane if standing else None,
        "escalation": standing.reason if standing else None,
        "settled": bool(standing and standing.settled),
    }


def _show(players: list[Player], found: Mapping[str, Standing], url: str) -> None:
    for player in players:
        standing = found.get(player.ticket)
        posted = f"{player.sent} messages" if player.sent != 1 else "1 message"
        again = f", {player.duplicates} of them sent twice" if player.duplicates else ""
        typer.echo(f"{player.ticket}: {posted} posted{again}; the ticket is {player.ticket_id}.")
        typer.echo(f"  {_state(standing)}")
        typer.echo(f"  deskrail explain {player.ticket}")
        typer.echo(f"  {url.rstrip('/')}/console/tickets/{player.ticket_id}")


def _state(standing: Standing | None) -> str:
    if standing is None:
        return "This database does not hold the ticket, so nobody answered its questions: the service runs on another one."
    if not standing.settled:
        return f"It is {standing.status} and has not come to rest; is a worker running?"
    reason = f" ({standing.reason})" if standing.reason else ""
    return f"It is {standing.status}{reason} in the lane {standing.lane}."


def _list(stories: tuple[Story, ...], as_json: bool) -> None:
    listed = {story.name: story.about for story in stories if "/" not in story.name}
    if as_json:
        common.print_json(listed)
        return
    for name, about in listed.items():
        typer.echo(f"{name:20}{about}")
