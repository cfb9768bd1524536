"""`deskrail policy`: what the policy would say to a call, without making it."""

import sys
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console

from service.built import built
from service.commands import calling, common, tickets
from service.commands.common import PIPED_WIDTH, AsJson, Tenant
from service.commands.database import known_tenant, opened, run
from service.errors import Fatal
from service.policy_story import as_data, render
from service.settings import Settings, describe
from service.store import people
from service.store.callers import bot_for, caller_for
from tools.catalogue import CATALOGUE
from tools.errors import BackendUnavailable
from tools.explaining import Explanation
from tools.ports import Json, Lane

app = common.group("Ask the policy.")


@app.command()
def explain(
    ticket: Annotated[str, typer.Option(help="The ticket's id, or the help desk's.")],
    tool: Annotated[str, typer.Option(help="The tool's name, as GET /v1/tools lists it.")],
    args: Annotated[str, typer.Option(help="The arguments, a JSON object.")] = "{}",
    lane: Annotated[Lane | None, typer.Option(help="As this lane would call it; the ticket's own without one.")] = None,
    user: Annotated[str | None, typer.Option(help="As this person would call it, by their e-mail address.")] = None,
    customer_confirmed: Annotated[
        bool, typer.Option("--customer-confirmed", help="As if the person attested the customer's yes.")
    ] = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Say what would happen to a call and which rule says so: the same facts, the same decision, and nothing is written."""
    if user is None and customer_confirmed:
        raise Fatal("Only a person attests the customer's yes; name them with --user.")
    if user is not None and lane is not None:
        raise Fatal("A person calls in no other lane than their own; leave --lane or --user out.")
    wanted = _wanted(tool, args)
    told = run(_explain(common.settings(), tenant, ticket, tool, wanted, lane, user, customer_confirmed))
    if as_json:
        common.print_json(as_data(told))
    else:
        console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)
        console.print(render(told))


async def _explain(
    settings: Settings,
    tenant: str,
    ticket: str,
    tool: str,
    args: dict[str, Json],
    lane: Lane | None,
    user: str | None,
    confirmed: bool,
) -> Explanation:
    async with opened(settings) as db, built(settings, prepared=True) as services:
        known = await known_tenant(db, tenant)
        found = await tickets.find(db, known, ticket)
        async with db.reading() as conn:
            if user is None:
                caller = await bot_for(conn, known, found, lane)
            else:
                person = calling.worker(await people.find_by_email(conn, known, user))
                caller = await caller_for(conn, known, found, person.id)
        try:
            return await services.runner.explain(caller, tool, args, confirmed)
        except BackendUnavailable as away:
            raise Fatal(away.detail) from None


def _wanted(tool: str, text: str) -> dict[str, Json]:
    """The arguments, of a shape that the tool takes; what is wrong with them is named."""
    spec = CATALOGUE.get(tool)
    if spec is None:
        raise Fatal(f"There is no tool {tool!r}; there are: {', '.join(sorted(CATALOGUE))}.")
    args = calling.arguments(text)
    try:
        spec.args_model.model_validate(args)
    except ValidationError as error:
        takes = ", ".join(spec.args_model.model_fields) or "no arguments"
        raise Fatal(f"--args does not fit {tool}, which takes {takes}. {describe(error)}.") from None
    return args
