"""`deskrail demo`: what this is, in two minutes, in a folder of its own."""

import asyncio
import logging
import shutil
import socket
import sys
import webbrowser
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from service import logs
from service.commands import common
from service.commands.common import AsJson
from service.commands.database import run
from service.demo.folder import DemoFolder, demo_folder
from service.demo.run import PATIENCE, OpenDemo, Performance, open_demo, perform
from service.demo.screen import Screen
from service.errors import Fatal
from service.serving import listen, until_told_to_stop

app = common.single()


@app.command()
def demo(
    tickets: Annotated[int, typer.Option(help="How many tickets the customers write.", min=1, max=5_000)] = 60,
    port: Annotated[int, typer.Option(help="The loopback port of the console; 0 is any free one.", min=0, max=65_535)] = 0,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open a browser.")] = False,
    exit_when_done: Annotated[bool, typer.Option("--exit-when-done", help="Stop when every ticket is at rest.")] = False,
    folder: Annotated[Path | None, typer.Option("--dir", help="An empty folder that stays; otherwise a temporary one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what this is: seed a shop, serve, let customers write over HTTP, and leave decisions waiting for you."""
    # The port comes first: a folder that is laid out for a demo which then cannot listen would not be taken again.
    with (
        closing(listen("127.0.0.1", port)) as listening,
        demo_folder(folder) as place,
        place.log_file.open("w", encoding="utf-8") as log,
    ):
        logs.configure("json", logging.INFO, log)
        staged = _Demo(place, tickets, opens=not no_open and not exit_when_done, as_json=as_json)
        run(staged.play(listening, stay=not exit_when_done))


class _Demo:
    """One run of the demo; what it tells goes to standard error when the summary on standard output is JSON."""

    def __init__(self, place: DemoFolder, tickets: int, *, opens: bool, as_json: bool) -> None:
        self._place = place
        self._tickets = tickets
        self._opens = opens
        self._as_json = as_json
        self._console = Console(stderr=as_json, highlight=False)

    async def play(self, listening: socket.socket, *, stay: bool) -> None:
        """Play until done, or until told to stop. Raises `Fatal` when only the summary was wanted and there is none."""
        self._console.print("Setting up a shop, a service and its console …")
        stop = asyncio.create_task(until_told_to_stop())
        async with open_demo(self._place, listening) as demo:
            self._say_where(demo)
            performing = asyncio.create_task(self._perform(demo))
            await asyncio.wait((performing, stop), return_when=asyncio.FIRST_COMPLETED)
            if not performing.done():
                performing.cancel()
                await asyncio.wait((performing,))
                if not stay:
                    raise Fatal("It was stopped before every ticket had come to rest.")
                return
            performance = await performing
            self._sum_up(demo, performance, stay=stay)
            if stay:
                self._say_what_next(demo)
                await stop
                self._console.print("Finishing what runs.")
        if not performance.settled and not stay:
            raise Fatal(
                f"Nothing happened for {PATIENCE:.0f} seconds, and not all tickets are at rest. With --dir the log stays."
            )

    async def _perform(self, demo: OpenDemo) -> Performance:
        with Screen(self._console, self._tickets) as screen:
            return await perform(demo, self._tickets, screen.advance)

    def _say_where(self, demo: OpenDemo) -> None:
        self._print(f"Console: {demo.url}{demo.entrances.link}", "(a link that signs you in once, as the supervisor Robin)")
        if self._opens and type(_browser()) is not webbrowser.GenericBrowser:
            webbrowser.open(f"{demo.url}{demo.entrances.browser_link}")

    def _sum_up(self, demo: OpenDemo, done: Performance, *, stay: bool) -> None:
        if self._as_json:
            common.print_json(_summary(self._place, demo, done, self._tickets))
        counters = done.counters
        self._console.print(
            f"\n{counters.tickets} tickets and {done.messages} messages in {done.seconds:.1f} s. "
            f"{counters.approvals_waiting} approvals and {counters.escalations_waiting} escalations wait for a person."
        )
        if stay and not done.settled:
            self._console.print("Some tickets are still at work; the console shows them.")

    def _say_what_next(self, demo: OpenDemo) -> None:
        deskrail = "deskrail" if shutil.which("deskrail") else sys.argv[0]
        self._console.print("\nWhat to do next")
        self._print(f"  Sign in:       {demo.url}{demo.entrances.link}")
        self._print(
            "  Then approve a refund under Approvals: the customer's reply appears on the ticket, the money in the books."
        )
        self._print(f"  A second supervisor, for what two must approve: {demo.url}{demo.entrances.second_link}")
        self._print(
            f'  Ask the API:   curl -H "Authorization: Bearer {demo.entrances.key}" "{demo.url}/v1/approvals?state=pending"'
        )
        self._print(f"  Another shell: . {self._place.environment_file}")
        self._print(f"                 {deskrail} explain T-1003")
        self._print(f"                 {deskrail} trigger refund.over_limit --url {demo.url}")
        self._print(f"                 {deskrail} audit verify")
        self._print("Ctrl-C stops it.")

    def _print(self, *words: str) -> None:
        # Never wrapped and never styled, so that links and commands can be copied.
        self._console.print(*words, soft_wrap=True, markup=False)


def _browser() -> object:
    try:
        return webbrowser.get()
    except webbrowser.Error:
        # Without a display the standard library finds none, or one that would take this terminal over.
        return webbrowser.GenericBrowser("none")


def _summary(place: DemoFolder, demo: OpenDemo, done: Performance, asked: int) -> dict[str, Any]:
    return {
        "settled": done.settled,
        "asked_for": asked,
        **done.counters.as_json(),
        "messages": done.messages,
        "duplicates": done.duplicates,
        "seconds": round(done.seconds, 2),
        "console_url": f"{demo.url}{demo.entrances.link}",
        "folder": str(place.path),
    }
