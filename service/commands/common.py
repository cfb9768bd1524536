"""What the commands share: their options, the settings, and how data is printed."""

import json
import logging
from typing import Annotated, Any

import typer

from service import logs
from service.settings import Settings, load

Tenant = Annotated[str, typer.Option("--tenant", help="The tenant.", metavar="NAME")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AlwaysJson = Annotated[bool, typer.Option("--json", help="Print JSON, as this command always does.")]


PIPED_WIDTH = 120  # characters; there is no terminal to ask


def single() -> typer.Typer:
    """The app of a module with one command."""
    return typer.Typer(add_completion=False)


def group(line: str) -> typer.Typer:
    """The app of a module with several commands, or with one that is named."""
    app = typer.Typer(add_completion=False, no_args_is_help=True, help=line)
    app.callback()(lambda: None)
    return app


def settings(level: int = logging.WARNING) -> Settings:
    """The settings; from here on log lines of this level go where they say. Raises `Fatal`."""
    read = load()
    logs.configure(read.log_format, level)
    return read


def print_json(value: Any) -> None:
    """Print one JSON value, readable by people too."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))
