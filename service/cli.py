"""The command line: each command is a module of its own, loaded when it is used, so that none waits for another's libraries."""

import errno
import traceback
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from service.errors import Fatal, Refused

COMMANDS: Mapping[str, str] = {
    "demo": "Show what this is: a shop, sixty tickets and a console, in a folder of its own.",
    "serve": "Run the web service, with a worker inside unless told not to.",
    "worker": "Run a worker process.",
    "migrate": "Bring the database to this release's version.",
    "check": "Check settings, policy, flows, reply templates and prices.",
    "doctor": "Say what works, what does not, and what to do.",
    "trigger": "Post a realistic story to a running service.",
    "explain": "Tell a ticket's whole story.",
    "classify": "Say what messages mean and where they would go.",
    "train": "Train the intent model.",
    "evaluate": "Measure the intent model on messages that it has not seen.",
    "tenant": "Add tenants.",
    "user": "Add people.",
    "key": "Make API keys.",
    "shop": "Load or dump the embedded shop's data.",
    "tool": "Call a tool as a person, through the same door as everybody.",
    "action": "Settle by hand what the shop never answered.",
    "switch": "Stop and restart what the machine may do.",
    "mcp": "Serve one ticket's tools over MCP, on standard input and output.",
    "policy": "Say what the policy would decide, and which rule says so.",
    "erase": "Erase a person's data.",
    "audit": "Verify the journal.",
}
"""Every command with its line of help; the module `service.commands.<name>` holds its `app`."""


class Later(TyperCommand):
    """A command of which only the name and the help are known until it is used."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Load the command, and let it read its own arguments."""
        command = get_command(import_module(f"service.commands.{self.name}").app)
        command.name = self.name
        return command.make_context(info_name, args, parent=parent, **extra)


class Commands(TyperGroup):
    """All commands; what goes wrong in one becomes one clear line and a non-zero exit."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, line in COMMANDS.items():
            self.add_command(Later(name=name, help=line))

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, typer.TyperException):
            raise
        except Exception as error:  # Whatever it is, the user gets a sentence and a code to leave with, not a traceback.
            if ctx.params["show_traceback"] or (isinstance(error, OSError) and error.errno == errno.EPIPE):
                raise
            typer.echo(f"deskrail: {sentence(error)}", err=True)
            raise typer.Exit(1) from error


def sentence(error: Exception) -> str:
    """One line about an error. What nobody foresaw is named by its kind and place: its own text may hold customers' data."""
    if isinstance(error, Fatal):
        return str(error)
    if isinstance(error, Refused):
        return error.detail
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}."
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}" if frames else "nowhere"
    return f"Something unexpected went wrong ({type(error).__name__} at {place}). `deskrail --traceback …` shows all of it."


app = typer.Typer(cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("deskrail"))
        raise typer.Exit


@app.callback()
def deskrail(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_print_version)
    ] = False,
    show_traceback: Annotated[bool, typer.Option("--traceback", help="Show where an error came from.")] = False,
) -> None:
    """Customer support that runs on rails: flows for the common cases, an agent for the rest, people for what is left."""


def main() -> None:
    """The entry point of the `deskrail` script."""
    app(prog_name="deskrail")
