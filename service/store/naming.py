"""Finds a ticket by its own id or by the help desk's."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.errors import NotFound
from service.store.schema import tickets


async def ticket_of(conn: AsyncConnection, tenant: str, ticket: str) -> str:
    """The id of a ticket named by its own id or by `ext:<external id>`. Raises `NotFound`."""
    named = tickets.c.external_id == ticket.removeprefix("ext:") if ticket.startswith("ext:") else tickets.c.id == ticket
    found = (await conn.execute(select(tickets.c.id).where(tickets.c.tenant == tenant, named))).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found
