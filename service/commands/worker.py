"""`deskrail worker`: works tickets, beside any number of other workers on the same PostgreSQL database."""

import logging

import typer

from service.built import built
from service.commands import common
from service.commands.database import run
from service.serving import until_told_to_stop
from service.settings import Settings
from service.worker import working

app = common.single()


@app.command()
def worker() -> None:
    """Run a worker process; Ctrl-C or SIGTERM lets it finish what runs."""
    run(_work(common.settings(logging.INFO)))


async def _work(settings: Settings) -> None:
    async with built(settings) as services, working(services):
        typer.echo(f"Worker {services.engine.worker_id} takes tickets.", err=True)
        await until_told_to_stop()
        typer.echo("Finishing what runs.", err=True)
