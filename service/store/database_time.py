"""The database's own clock, for comparing it with ours."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.workers import db_now


async def database_time(conn: AsyncConnection) -> datetime:
    """The time on the database's machine, aware, in UTC."""
    return (await conn.execute(select(db_now()))).scalar_one()
