"""`deskrail check`: find mistakes in settings, policy, flows, reply templates and prices."""

import os
from pathlib import Path
from typing import Annotated

import typer

from service.check import check as find_all
from service.clock import wall_clock
from service.commands import common
from service.commands.common import AsJson

app = common.single()


@app.command()
def check(
    config: Annotated[
        Path | None,
        typer.Option(help="The settings file; without one, deskrail.toml if it is here.", envvar="DESKRAIL_CONFIG"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check settings, policy, flows, reply templates and the price table; every finding as file:line: message."""
    findings = find_all(config, wall_clock().date())
    if as_json:
        common.print_json([{"file": _near(one.file), "line": one.line, "message": one.message} for one in findings])
    else:
        for one in findings:
            typer.echo(f"{_near(one.file)}:{one.line}: {one.message}")
        typer.echo(
            f"{len(findings)} finding{'s' * (len(findings) > 1)}." if findings else "Nothing is wrong.", err=bool(findings)
        )
    if findings:
        raise typer.Exit(1)


def _near(file: Path) -> str:
    """The path as one would type it from here."""
    return os.path.relpath(file) if file.is_absolute() and file.is_relative_to(Path.cwd()) else str(file)
