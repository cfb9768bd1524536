"""`deskrail tenant`: add tenants."""

from typing import Annotated

import typer

from service import accounts
from service.clock import wall_clock
from service.commands import common
from service.commands.common import AsJson
from service.commands.database import opened, run

app = common.group("Add tenants.")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits and underscores, starting with a letter.")],
    as_json: AsJson = False,
) -> None:
    """Add a tenant; `deskrail.toml` only tunes tenants that are here."""
    run(_add(name))
    if as_json:
        common.print_json({"tenant": name})
        return
    typer.echo(f"The tenant {name} is here. Its webhooks come to /v1/webhooks/{name}/standard,")
    typer.echo(f"signed with the secret in DESKRAIL_TENANT_{name.upper()}_WEBHOOK_SECRETS.")


async def _add(name: str) -> None:
    async with opened(common.settings(), prepare=True) as db:
        await accounts.create_tenant(db, wall_clock, name)
