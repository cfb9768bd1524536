"""How commands reach the database: opened for one command, at this release's version, with clear words when it is away."""

from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from service import loop
from service.clock import wall_clock
from service.errors import Fatal
from service.settings import Settings
from service.store import migrate, tenancy
from service.store.database import Database
from service.store.outages import is_damage, is_outage
from service.store.tenants import ensure_tenant, tenant_names
from tools.ports import TenantName

T = TypeVar("T")

AWAY = "The database cannot be reached, or is full or locked; `deskrail doctor` says more."
DAMAGED = "A database file is damaged, or is none of SQLite's; `deskrail doctor` says which."


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work to its end. Raises `Fatal` when the database is away or damaged."""
    try:
        return loop.run(work)
    except Exception as error:  # Drivers name an outage in many ways; what is none of them is raised again.
        if is_outage(error):
            raise Fatal(AWAY) from error
        if is_damage(error):
            raise Fatal(DAMAGED) from error
        raise


@asynccontextmanager
async def opened(settings: Settings, *, prepare: bool = False) -> AsyncIterator[Database]:
    """The database while the block runs. `prepare` brings it to head first; otherwise it has to be there already."""
    db = Database(settings.database_url)
    try:
        if prepare:
            migrate.upgrade(settings.database_url)
            with tenancy.within("default"):
                async with db.begin() as conn:
                    await ensure_tenant(conn, "default", wall_clock())
        else:
            _require_file(db)
            await _require_head(db)
        yield db
    finally:
        await db.close()


async def known_tenant(db: Database, name: str) -> TenantName:
    """The tenant of this name, for which the command works from here on. Raises `Fatal` when there is none."""
    with tenancy.across_tenants():
        async with db.reading() as conn:
            if name not in await tenant_names(conn):
                raise Fatal(f"There is no tenant {name!r}; `deskrail tenant add {name}` makes one.")
    tenancy.enter(name)
    return TenantName(name)


def _require_file(db: Database) -> None:
    # Connecting would make an empty one.
    if db.is_sqlite and not Path(db.url.database or "").is_file():
        raise Fatal(f"There is no database at {db.url.database} yet; `deskrail migrate` makes one.")


async def _require_head(db: Database) -> None:
    async with db.reading() as conn:
        current = await conn.run_sync(migrate.is_current)
    if not current:
        raise Fatal("The database is not at this release's version; run `deskrail migrate`.")
