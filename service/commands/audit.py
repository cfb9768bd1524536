"""`deskrail audit`: verify the journal."""

import typer

from service.commands import common
from service.commands.common import AsJson, Tenant
from service.commands.database import known_tenant, opened, run
from service.store.verification import Verified, verify_tenant

app = common.group("Verify the journal.")


@app.command()
def verify(tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Check every hash chain of the tenant, and the anchors that hold them together; exit 1 with what is wrong."""
    verified = run(_verify(tenant))
    if as_json:
        common.print_json({"chains": verified.chains, "anchors": verified.anchors, "findings": verified.findings})
    else:
        for finding in verified.findings:
            typer.echo(finding, err=True)
        state = f"{len(verified.findings)} findings" if verified.findings else "nothing is wrong"
        typer.echo(f"{verified.chains} chains and {verified.anchors} anchors: {state}.", err=bool(verified.findings))
    if verified.findings:
        raise typer.Exit(1)


async def _verify(tenant: str) -> Verified:
    async with opened(common.settings()) as db:
        known = await known_tenant(db, tenant)
        async with db.reading() as conn:
            return await verify_tenant(conn, known)
