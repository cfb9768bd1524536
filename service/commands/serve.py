"""`deskrail serve`: the web service, with a worker inside unless told not to."""

import logging
from contextlib import AsyncExitStack, closing
from typing import Annotated

import typer

from service.app import create_app
from service.built import built
from service.commands import common
from service.commands.database import run
from service.errors import Fatal
from service.serving import address, listen, serving, until_told_to_stop
from service.settings import Settings
from service.worker import working

app = common.single()

Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(help="The port to listen on; 0 is any free one.", min=0, max=65_535)]


@app.command()
def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    worker: Annotated[bool, typer.Option("--worker/--no-worker", help="Work tickets in this process too.")] = True,
) -> None:
    """Run the web service; Ctrl-C or SIGTERM lets it finish what runs."""
    run(_serve(common.settings(logging.INFO), host, port, worker))


async def _serve(settings: Settings, host: str, port: int, worker: bool) -> None:
    if not settings.session_secret:
        raise Fatal("Set DESKRAIL_SESSION_SECRET to a long random text; it signs the console's sessions.")
    with closing(listen(host, port)) as listening:
        async with built(settings) as services, AsyncExitStack() as running:
            if worker:
                await running.enter_async_context(working(services))
            await running.enter_async_context(serving(create_app(services, has_worker=worker), listening))
            _say(settings, address(listening), worker)
            await until_told_to_stop()
            typer.echo("Finishing what runs.", err=True)


def _say(settings: Settings, url: str, worker: bool) -> None:
    typer.echo(f"Deskrail listens on {url} (console: {url}/console, API: {url}/docs)", err=True)
    if not worker:
        typer.echo("Tickets wait until a worker runs: deskrail worker", err=True)
    if not settings.webhook_keys:
        typer.echo("No webhook secret is set, so every webhook is refused; `deskrail doctor` says more.", err=True)
