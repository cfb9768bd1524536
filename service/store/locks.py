"""Rows of their own that transactions lock, each after its ticket, to count what others may be adding to at this moment."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


async def take(conn: AsyncConnection, tenant: str, rows: Sequence[tuple[str, str]]) -> None:
    """Lock the tenant's rows of these kinds and names, in this order, until the transaction ends; SQLite has one writer anyway.

    Everybody keeps to one order of kinds: order, customer, fingerprint, day, tool.
    """
    if rows and conn.dialect.name != "sqlite":
        values = {f"kind_{n}": kind for n, (kind, _) in enumerate(rows)} | {f"ref_{n}": ref for n, (_, ref) in enumerate(rows)}
        await conn.execute(_locking(len(rows)), {"tenant": tenant, **values})


@cache
def _locking(count: int) -> Any:
    """One statement makes the missing rows and locks the others, in the order of the list."""
    # As text, because SQLAlchemy would compile an insert of several rows anew for every decision.
    rows = ", ".join(f"(:tenant, :kind_{n}, :ref_{n})" for n in range(count))
    made = f"insert into locks (tenant, kind, ref) values {rows}"  # noqa: S608 - Only parameters' names.
    return text(f"{made} on conflict (tenant, kind, ref) do update set ref = excluded.ref")
