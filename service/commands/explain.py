"""`deskrail explain`: tell a ticket's whole story."""

import sys
from typing import Annotated, Any

import typer
from rich.console import Console

from service.commands import common, tickets
from service.commands.common import PIPED_WIDTH, AsJson, Tenant
from service.commands.database import known_tenant, opened, run
from service.explain import SHORT, ending, render
from service.settings import Settings
from service.store import story, views
from service.store.story import Story

app = common.single()


@app.command()
def explain(
    ticket: Annotated[str, typer.Argument(help="The ticket's id, or the help desk's.")],
    full: Annotated[bool, typer.Option("--full", help="Show messages in whole.")] = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Tell a ticket's whole story: messages, the route and why, actions with decisions and receipts, the cost, the end."""
    told = run(_read(common.settings(), tenant, ticket))
    if as_json:
        common.print_json(told.data)
    else:
        console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)
        console.print(render(told.story, None if full else SHORT))


class _Told:
    """The story, and the same as data."""

    def __init__(self, story: Story, data: dict[str, Any]) -> None:
        self.story = story
        self.data = data


async def _read(settings: Settings, tenant: str, ticket: str) -> _Told:
    async with opened(settings) as db:
        known = await known_tenant(db, tenant)
        found = await tickets.find(db, known, ticket)
        granted = settings.tenant(known).budget.model_dump()
        async with db.snapshot() as conn:
            told = await story.read(conn, known, found)
            shape = await views.ticket(conn, known, found, granted)
            entries = await views.entries(conn, found, 0, story.JOURNAL_LIMIT)
    assert told is not None
    data = shape.model_dump(mode="json") | {"ending": ending(told)}
    return _Told(told, data | {"journal": [entry.model_dump(mode="json") for entry in entries]})
