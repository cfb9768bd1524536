"""`deskrail key`: make API keys."""

from typing import Annotated

import typer

from service import accounts
from service.clock import wall_clock
from service.commands import common
from service.commands.common import AsJson, Tenant
from service.commands.database import known_tenant, opened, run
from service.store.api_keys import NewKey, Scope, parse_scopes

app = common.group("Make API keys.")


@app.command()
def create(
    name: Annotated[str, typer.Option(help="What the key is for.")],
    scopes: Annotated[str, typer.Option(help=f"A comma-separated list out of: {', '.join(Scope)}.")],
    user: Annotated[str | None, typer.Option(help="The e-mail address of the person that the key acts as.")] = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Make a key for one tenant. It is printed once and stored as a hash only."""
    key = run(_create(tenant, name, parse_scopes(scopes), user))
    if as_json:
        common.print_json({"id": key.id, "token": key.token, "tenant": tenant, "name": name})
    else:
        typer.echo(key.token)


async def _create(tenant: str, name: str, scopes: frozenset[Scope], email: str | None) -> NewKey:
    async with opened(common.settings(), prepare=True) as db:
        return await accounts.create_key(db, wall_clock, await known_tenant(db, tenant), name, scopes, email)
