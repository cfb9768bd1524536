"""`deskrail action`: say what became of an action whose outcome nobody knows."""

from typing import Annotated

import typer

from service.built import built
from service.commands import common
from service.commands.common import AsJson, Tenant
from service.commands.database import known_tenant, run
from service.errors import Fatal, NotFound
from service.settings import Settings
from service.store import action_views, people
from service.store.shapes import ActionShape

app = common.group("Settle by hand what the shop never answered.")


@app.command()
def settle(
    action: Annotated[str, typer.Argument(help="The action's id, `act_…`.")],
    reason: Annotated[str, typer.Option(help="How you found out, for the record.")],
    user: Annotated[str, typer.Option(help="The e-mail address of the supervisor or admin who found out.")],
    happened: Annotated[
        str | None, typer.Option(metavar="REFERENCE", help="It happened, and this is the shop's own reference of it.")
    ] = None,
    not_happened: Annotated[bool, typer.Option("--not-happened", help="It did not happen.")] = False,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Say what became of an `unknown` action: its money is booked or freed, the customer is told, and the ticket goes on."""
    if (happened is None) is not not_happened:
        raise Fatal("Say either --happened with the shop's reference, or --not-happened.")
    settled = run(_settle(common.settings(), tenant, user, action, happened, reason))
    if as_json:
        common.print_json(settled.model_dump(mode="json"))
    else:
        typer.echo(f"{settled.id}  {settled.tool} is {settled.status}" + (f", {settled.receipt}" if settled.receipt else ""))


async def _settle(settings: Settings, tenant: str, email: str, action: str, reference: str | None, reason: str) -> ActionShape:
    async with built(settings) as services:
        known = await known_tenant(services.db, tenant)
        async with services.db.reading() as conn:
            person = await people.find_by_email(conn, known, email)
        if person is None:
            raise Fatal("Nobody with this e-mail address works here; `deskrail user add` adds people.")
        happened = reference is not None
        try:
            await services.settling.settle(person, action, happened=happened, reference=reference or "", reason=reason)
        except NotFound:
            raise Fatal(f"The tenant {tenant!r} has no action {action!r}.") from None
        async with services.db.reading() as conn:
            return await action_views.action(conn, known, action)
