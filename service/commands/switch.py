"""`deskrail switch`: list the kill switches, throw one, and lift it again."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, get_args

import typer

from service.clock import wall_clock
from service.commands import common
from service.commands.common import AsJson, Tenant
from service.commands.database import known_tenant, opened, run
from service.errors import Fatal, NotFound
from service.settings import Settings
from service.store import people
from service.store.people import SWITCHERS
from service.store.switches import Scope, Switches, SwitchRow

app = common.group("Stop and restart what the machine may do.")

SCOPES = ", ".join(get_args(Scope))

Names = Mapping[str, str]
"""What people are called, by the name under which a switch keeps them."""

TheScope = Annotated[str, typer.Argument(help=f"What kind of thing: {SCOPES}.", metavar="SCOPE")]
TheName = Annotated[str, typer.Argument(help="Which one: the tenant, WRITE or MONEY, a lane, a tool or an intent.")]
TheUser = Annotated[str, typer.Option("--user", help="The e-mail address of the supervisor or admin who does it.")]


@app.command("list")
def show(tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """List every switch, and for a thrown one who, when, why, and what was under way."""
    rows, names = run(_list(common.settings(), tenant))
    if as_json:
        common.print_json([asdict(row) for row in rows])
        return
    for row in rows:
        _tell(row, names)


@app.command()
def throw(
    scope: TheScope,
    name: TheName,
    reason: Annotated[str, typer.Option(help="Why; everybody sees it in the console.")],
    user: TheUser,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Throw a switch: from now on nothing that it stops is decided or sent. Lists what it could not stop any more."""
    _done(run(_turn(common.settings(), tenant, user, scope, name, reason, on=True)), as_json)


@app.command()
def lift(
    scope: TheScope,
    name: TheName,
    user: TheUser,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Lift a switch again."""
    _done(run(_turn(common.settings(), tenant, user, scope, name, reason, on=False)), as_json)


async def _list(settings: Settings, tenant: str) -> tuple[tuple[SwitchRow, ...], Names]:
    async with opened(settings) as db:
        known = await known_tenant(db, tenant)
        async with db.reading() as conn:
            names = {f"person:{person.id}": person.called for person in await people.everyone(conn, known)}
        return await Switches(db, wall_clock).all(known), names


async def _turn(
    settings: Settings, tenant: str, email: str, scope: str, name: str, reason: str, *, on: bool
) -> tuple[SwitchRow, Names]:
    async with opened(settings) as db:
        known = await known_tenant(db, tenant)
        async with db.reading() as conn:
            person = await people.find_by_email(conn, known, email)
        if person is None or not person.active or person.role not in SWITCHERS:
            raise Fatal("Only a supervisor or an admin who works here throws switches.")
        try:
            row, _ = await Switches(db, wall_clock).throw(known, scope, name, on, reason.strip(), person.id)
        except NotFound:
            raise Fatal(f"There is no switch {scope} {name}; `deskrail switch list` shows them.") from None
        return row, {f"person:{person.id}": person.called}


def _done(turned: tuple[SwitchRow, Names], as_json: bool) -> None:
    row, names = turned
    if as_json:
        common.print_json(asdict(row))
    else:
        _tell(row, names)


def _tell(row: SwitchRow, names: Names) -> None:
    state = f"OFF    {row.reason} ({names.get(row.by or '', row.by)}, {row.at:%Y-%m-%d %H:%M} UTC)" if row.on else "works"
    typer.echo(f"{row.scope:7} {row.name:24} {state}")
    for one in row.in_flight:
        typer.echo(f"        was under way: {one.tool} {one.id} on {one.ticket}, {one.status} then, {one.now} now")
