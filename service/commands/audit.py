"""`deskrail audit`: verify the journal, and that money, decisions and tickets are as they must be."""

from typing import Any

import typer

from service.commands import common
from service.commands.common import AsJson, Tenant
from service.commands.database import known_tenant, opened, run
from service.store.invariants.checking import PROMISES, broken, recomputed
from service.store.verification import verify_tenant

app = common.group("Verify the journal, and the promises that the tables must keep.")


@app.command()
def verify(tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Check the tenant's hash chains and anchors, and every promise about its money, decisions and tickets.

    Exit 1 with what is wrong.
    """
    found = run(_verify(tenant))
    findings = found["findings"]
    if as_json:
        common.print_json(found)
    else:
        for finding in findings:
            typer.echo(finding, err=True)
        state = f"{len(findings)} findings" if findings else "nothing is wrong"
        counted = f"{found['chains']} chains, {found['anchors']} anchors and {found['promises']} promises"
        erased = f" {found['erased']} entries were erased, as erasures say." if found["erased"] else ""
        typer.echo(f"{counted}: {state}.{erased}", err=bool(findings))
    if findings:
        raise typer.Exit(1)


async def _verify(tenant: str) -> dict[str, Any]:
    settings = common.settings()
    async with opened(settings) as db:
        known = await known_tenant(db, tenant)
        policy = settings.tenant(known).policy
        async with db.reading() as conn:
            verified = await verify_tenant(conn, known)
            wrong = [*await broken(conn, known, policy), *await recomputed(conn, known)]
    return {
        "chains": verified.chains,
        "anchors": verified.anchors,
        "promises": len(PROMISES),
        "erased": verified.erased,
        "findings": [*verified.findings, *map(str, wrong)],
    }
