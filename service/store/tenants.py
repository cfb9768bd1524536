"""Tenant rows."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.schema import tenants
from service.store.upsert import insert_into


async def ensure_tenant(conn: AsyncConnection, name: str, now: datetime) -> None:
    """Make the tenant unless it is there."""
    await conn.execute(insert_into(conn, tenants).values(name=name, created_at=now).on_conflict_do_nothing())


async def add_tenant(conn: AsyncConnection, name: str, now: datetime) -> None:
    """Make a new tenant; a `BrokenRule` says that it is there."""
    await conn.execute(insert(tenants).values(name=name, created_at=now))


async def tenant_names(conn: AsyncConnection) -> Sequence[str]:
    """All tenants, in order."""
    return (await conn.execute(select(tenants.c.name).order_by(tenants.c.name))).scalars().all()
