"""`deskrail doctor`: what works, what does not, and what to do."""

import dataclasses
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.commands import common
from service.commands.common import AsJson
from service.commands.database import run
from service.diagnosis import Diagnosis
from service.doctor import examine
from service.errors import Fatal

_MARKS = {
    "ok": Text("works", style="green"),
    "warning": Text("look", style="yellow"),
    "broken": Text("broken", style="bold red"),
}

app = common.single()


@app.command()
def doctor(
    online: Annotated[
        bool, typer.Option("--online", help="Ask the model one tiny question, which costs a few tokens.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Look at database, engine, model, backend, webhooks, clock and disk; exit 1 when something is broken."""
    found = _found(online)
    if as_json:
        common.print_json([dataclasses.asdict(one) for one in found])
    else:
        _show(found)
    if any(one.health == "broken" for one in found):
        raise typer.Exit(1)


def _found(online: bool) -> list[Diagnosis]:
    try:
        settings = common.settings()
    except Fatal as error:  # Nothing runs with such settings, so there is nothing else to look at yet.
        return [Diagnosis("settings", "broken", str(error), "Correct it, and ask again.")]
    return run(examine(settings, online=online))


def _show(found: list[Diagnosis]) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for _ in ("health", "what", "found"):
        # A long path or address is what somebody has to read, so it is folded and never cut.
        table.add_column(overflow="fold")
    for one in found:
        words = Text(one.found)
        if one.advice:
            words.append(f"\n→ {one.advice}", style="cyan")
        table.add_row(_MARKS[one.health], Text(one.what, style="bold"), words)
    Console(highlight=False).print(table)
