"""`deskrail key`: make API keys, list them, and revoke them."""

from typing import Annotated

import typer

from service import accounts
from service.clock import wall_clock
from service.commands import common
from service.commands.common import AsJson, Tenant
from service.commands.database import known_tenant, opened, run
from service.store.api_keys import KeyRow, NewKey, Scope, parse_scopes

app = common.group("Make, list and revoke API keys.")


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


@app.command("list")
def show(tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """List a tenant's keys that are not revoked, with what each may do and whom it acts as."""
    rows = run(_list(tenant))
    if as_json:
        common.print_json([_told(row) for row in rows])
        return
    for row in rows:
        acts_as = f" as {row.person.email}" if row.person else ""
        out = ", who is locked out" if row.person and not row.person.active else ""
        typer.echo(f"{row.id}  {row.created_at:%Y-%m-%d}  {row.name}: {', '.join(sorted(row.scopes))}{acts_as}{out}")


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="The key's id, as `deskrail key list` shows it.")],
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """End a key at once: its next request is refused."""
    run(_revoke(tenant, key))
    if as_json:
        common.print_json({"id": key, "revoked": True})
    else:
        typer.echo(f"{key} is revoked.")


async def _list(tenant: str) -> tuple[KeyRow, ...]:
    async with opened(common.settings()) as db:
        return await accounts.list_keys(db, await known_tenant(db, tenant))


async def _revoke(tenant: str, key: str) -> None:
    async with opened(common.settings()) as db:
        await accounts.revoke_key(db, wall_clock, await known_tenant(db, tenant), key)


def _told(row: KeyRow) -> dict[str, object]:
    person = row.person
    return {
        "id": row.id,
        "name": row.name,
        "scopes": sorted(row.scopes),
        "user": person and person.email,
        "works": person is None or person.active,
        "created_at": row.created_at,
    }


async def _create(tenant: str, name: str, scopes: frozenset[Scope], email: str | None) -> NewKey:
    async with opened(common.settings(), prepare=True) as db:
        return await accounts.create_key(db, wall_clock, await known_tenant(db, tenant), name, scopes, email)
