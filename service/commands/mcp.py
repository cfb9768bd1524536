"""`deskrail mcp`: the tools of one ticket as an MCP server on standard input and output."""

from typing import Annotated

import typer
from mcp.server.stdio import stdio_server

from service.built import built
from service.commands import common, tickets
from service.commands.database import known_tenant, run
from service.errors import Fatal
from service.mcp.door import Door, Guest, tenant_of
from service.mcp.server import build_server
from service.settings import Settings
from service.store import people, tenancy
from service.store.database import Database
from tools.ports import PersonId, TenantName

app = common.single()


@app.command()
def mcp(
    ticket: Annotated[str, typer.Option(help="The ticket's id, or the help desk's.")],
    user: Annotated[str | None, typer.Option(help="The e-mail address of the person whose assistant this is.")] = None,
    tenant: Annotated[str | None, typer.Option(help="The tenant; a key knows its own.", metavar="NAME")] = None,
) -> None:
    """Serve one ticket's tools over MCP until standard input ends.

    Who calls is settled here: the person of --user, or the API key in DESKRAIL_MCP_KEY, or else whoever runs the command. A
    machine may do what the agent lane may: it reads, and it proposes; the customer and people decide as always.
    """
    run(_serve(common.settings(), ticket, user, tenant))


async def _serve(settings: Settings, ticket: str, user: str | None, tenant: str | None) -> None:
    if user and settings.mcp_key:
        raise Fatal("Both --user and DESKRAIL_MCP_KEY say who calls; leave one of them out.")
    async with built(settings) as services:
        known = await _tenant(services.db, settings.mcp_key, tenant)
        found = await tickets.find(services.db, known, ticket)
        guest = Guest(settings.mcp_key, await _person(services.db, known, user) if user else None)
        door = Door(services, known, found, guest)
        await door.opened()
        server = build_server(door)
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())


async def _tenant(db: Database, key: str | None, named: str | None) -> TenantName:
    if key is None:
        return await known_tenant(db, named or "default")
    with tenancy.across_tenants():
        async with db.reading() as conn:
            own = await tenant_of(conn, key)
    tenancy.enter(own)
    if named not in (None, own):
        raise Fatal("The key in DESKRAIL_MCP_KEY belongs to another tenant.")
    return own


async def _person(db: Database, tenant: TenantName, email: str) -> PersonId:
    async with db.reading() as conn:
        person = await people.find_by_email(conn, tenant, email)
    if person is None:
        raise Fatal("Nobody with this e-mail address works here; `deskrail user add` adds people.")
    return person.id
