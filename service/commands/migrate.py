"""`deskrail migrate`: bring the database to this release's version."""

import typer

from service.built import built
from service.commands import common
from service.commands.common import AsJson
from service.commands.database import run
from service.settings import Settings

app = common.single()


@app.command()
def migrate(as_json: AsJson = False) -> None:
    """Bring the database to this release's version; safe twice and from several machines at once."""
    run(_migrate(common.settings()))
    if as_json:
        common.print_json({"current": True})
    else:
        typer.echo("The database is at this release's version.")


async def _migrate(settings: Settings) -> None:
    async with built(settings):
        pass  # Building prepares.
