"""Finds the question that an answer about an action belongs to."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.errors import NotFound, Stale
from service.store.money_schema import actions
from service.store.schema import questions, tickets


async def ticket_of(conn: AsyncConnection, tenant: str, action_id: str) -> str:
    """The ticket of the tenant's action. Raises `NotFound`."""
    query = select(actions.c.ticket_id).where(actions.c.tenant == tenant, actions.c.id == action_id)
    found = (await conn.execute(query)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


async def open_question(conn: AsyncConnection, ticket_id: str, action_id: str, now: datetime) -> str:
    """The ticket's open question about this action. Raises `Stale` when there is none or its time has passed."""
    query = (
        select(questions.c.id)
        .join(tickets, tickets.c.question_id == questions.c.id)
        .where(
            tickets.c.id == ticket_id,
            questions.c.action_id == action_id,
            questions.c.state == "open",
            questions.c.expires_at > now,
        )
    )
    found = (await conn.execute(query)).scalar_one_or_none()
    if found is None:
        raise Stale
    return found
