"""`deskrail user`: add the people who work with tickets, and let them set their passwords."""

from typing import Annotated

import typer

from service import accounts
from service.clock import wall_clock
from service.commands import common
from service.commands.common import AsJson, Tenant
from service.commands.database import known_tenant, opened, run
from service.store.people import Role
from service.store.sessions import Purpose

Url = Annotated[str, typer.Option(help="Where people reach the console.")]

app = common.group("Add people, and make the links with which they set their passwords.")


@app.command()
def add(
    email: Annotated[str, typer.Argument(help="The e-mail address that they sign in with.")],
    role: Annotated[Role, typer.Option(help="What they may do.")],
    name: Annotated[str, typer.Option(help="Their name, as colleagues read it.")] = "",
    url: Url = "http://127.0.0.1:8000",
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Add a person, and print the one-time link with which they set their password."""
    person, path = run(_add(tenant, email, role, name))
    shown = f"{url.rstrip('/')}{path}"
    if as_json:
        common.print_json({"id": person, "email": email, "role": role, "tenant": tenant, "link": shown})
        return
    _say(f"{email} is here as {role}. This link sets their password", shown)


@app.command()
def link(
    email: Annotated[str, typer.Argument(help="The e-mail address of somebody who is here.")],
    url: Url = "http://127.0.0.1:8000",
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Print a new one-time link for somebody whose own has ended, or who forgot the password."""
    shown = f"{url.rstrip('/')}{run(_link(tenant, email))}"
    if as_json:
        common.print_json({"email": email, "tenant": tenant, "link": shown})
        return
    _say(f"This link sets the password of {email}", shown)


def _say(what: str, shown: str) -> None:
    hours = int(Purpose.SET_PASSWORD.life.total_seconds() // 3600)
    typer.echo(f"{what}; it works once, within {hours} hours:")
    typer.echo(shown)


async def _add(tenant: str, email: str, role: Role, name: str) -> tuple[str, str]:
    async with opened(common.settings(), prepare=True) as db:
        known = await known_tenant(db, tenant)
        person, token = await accounts.create_person(db, wall_clock, known, email, role, name)
        return person.id, accounts.link_path(token)


async def _link(tenant: str, email: str) -> str:
    async with opened(common.settings()) as db:
        return accounts.link_path(await accounts.renew_link(db, wall_clock, await known_tenant(db, tenant), email))
