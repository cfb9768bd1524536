"""`deskrail tool`: a person calls a tool through the same door as flows, the agent and the API."""

import json
import secrets
from typing import Annotated, Any

import typer

from service.built import built
from service.commands import calling, common, tickets
from service.commands.common import AsJson, Tenant
from service.commands.database import known_tenant, run
from service.outside import leave_behind
from service.refusals import ToolRefused, check
from service.settings import Settings
from service.store import people
from service.store.callers import caller_for
from tools.ports import Json, ToolResult
from tools.results import plain

app = common.group("Call a tool as a person.")


@app.command()
def call(
    name: Annotated[str, typer.Argument(help="The tool's name, as GET /v1/tools lists it.")],
    ticket: Annotated[str, typer.Option(help="The ticket's id, or the help desk's.")],
    user: Annotated[str, typer.Option(help="The e-mail address of the person who calls.")],
    args: Annotated[str, typer.Option(help="The arguments, a JSON object.")] = "{}",
    customer_confirmed: Annotated[
        bool, typer.Option("--customer-confirmed", help="Attest that the customer said yes; it is recorded so.")
    ] = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Call a tool on a ticket: the same policy, the same approvals, the same journal. Exit 1 when it is refused."""
    wanted = calling.arguments(args)
    result = run(_call(common.settings(), tenant, user, ticket, name, wanted, customer_confirmed))
    told = plain(result)
    if as_json:
        common.print_json(told)
    else:
        _show(told)
    if refusal := _refusal(result):
        typer.echo(f"deskrail: {refusal}", err=True)
        raise typer.Exit(1)


async def _call(
    settings: Settings, tenant: str, email: str, ticket: str, tool: str, args: dict[str, Json], confirmed: bool
) -> ToolResult:
    async with built(settings) as services:
        known = await known_tenant(services.db, tenant)
        found = await tickets.find(services.db, known, ticket)
        async with services.db.reading() as conn:
            person = calling.worker(await people.find_by_email(conn, known, email))
            caller = await caller_for(conn, known, found, person.id)
        result = await services.runner.call(caller, tool, args, f"command:{secrets.token_hex(12)}", confirmed=confirmed)
        await leave_behind(services, caller.ticket, f"person:{person.id}", args, result)
        return result


def _refusal(result: ToolResult) -> str | None:
    try:
        check(result)
    except ToolRefused as refused:
        rule = f", rule {refused.rule}" if refused.rule else ""
        return f"Refused with {result.code}{rule}: {refused.detail}"
    return None


def _show(told: dict[str, Any]) -> None:
    for name, value in told.items():
        if value not in (None, "", {}):
            shown = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
            typer.echo(f"{name:10} {shown}")
