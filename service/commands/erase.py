"""`deskrail erase`: erase a person's data."""

import dataclasses
from typing import Annotated

import typer

from service.clock import wall_clock
from service.commands import common
from service.commands.common import AsJson, Tenant
from service.commands.database import known_tenant, opened, run
from service.store import erasure
from service.store.erasure import Erased

app = common.single()


@app.command()
def erase(
    customer: Annotated[str, typer.Argument(help="The merchant's own id of the customer.")],
    tenant: Tenant = "default",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether this is meant.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase what a customer wrote and what was written about them, close their tickets, and keep chain and books verifiable.

    The merchant's own system, the embedded shop included, is not touched.
    """
    if not yes:
        typer.confirm(f"Erase the customer {customer} of {tenant} for good?", abort=True)
    erased = run(_erase(tenant, customer))
    if as_json:
        common.print_json(dataclasses.asdict(erased))
        return
    typer.echo(f"Erased: {erased.tickets} tickets, and {erased.messages_elsewhere} messages on other customers' tickets.")


async def _erase(tenant: str, customer: str) -> Erased:
    async with opened(common.settings()) as db:
        known = await known_tenant(db, tenant)
        async with db.begin() as conn:
            return await erasure.erase(conn, known, customer, "operator", wall_clock())
