"""Escalation rows: one live case per ticket."""

from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.schema import escalations, messages
from workflows.ticket import Author


async def live(conn: AsyncConnection, ticket_id: str) -> Any:
    """The ticket's case that is not resolved, or None."""
    query = select(escalations).where(escalations.c.ticket_id == ticket_id, escalations.c.state != "resolved")
    return (await conn.execute(query)).first()


async def find(conn: AsyncConnection, tenant: str, case_id: str) -> Any:
    """A case of this tenant, or None."""
    query = select(escalations).where(escalations.c.id == case_id, escalations.c.tenant == tenant)
    return (await conn.execute(query)).first()


async def add(conn: AsyncConnection, **values: Any) -> None:
    """Write a new case."""
    await conn.execute(insert(escalations).values(**values))


async def change(conn: AsyncConnection, case_id: str, **values: Any) -> None:
    """Change a case and raise its version; the caller holds the ticket's lock."""
    await conn.execute(
        update(escalations).where(escalations.c.id == case_id).values(version=escalations.c.version + 1, **values)
    )


async def last_words(conn: AsyncConnection, ticket_id: str, count: int) -> tuple[str, ...]:
    """The customer's last messages, oldest first."""
    query = select(messages.c.text).where(messages.c.ticket_id == ticket_id, messages.c.author == Author.CUSTOMER)
    newest = (await conn.execute(query.order_by(messages.c.position.desc()).limit(count))).scalars().all()
    return tuple(reversed(newest))
