"""Reads escalations as the API shows them."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.errors import NotFound
from service.store.pages import Order, Part, fetch
from service.store.schema import escalations
from service.store.shapes import EscalationShape, Page


async def escalation(conn: AsyncConnection, tenant: str, escalation_id: str) -> EscalationShape:
    """One escalation of the tenant. Raises `NotFound`."""
    query = select(escalations).where(escalations.c.tenant == tenant, escalations.c.id == escalation_id)
    row = (await conn.execute(query)).first()
    if row is None:
        raise NotFound
    return _shape(row)


async def latest_escalations(conn: AsyncConnection, ticket_ids: Iterable[str]) -> dict[str, EscalationShape]:
    """The newest escalation of each ticket that has one, by ticket; one that is not resolved is newer than all others."""
    query = select(escalations).where(escalations.c.ticket_id.in_(list(ticket_ids)))
    rows = await conn.execute(query.order_by(escalations.c.state != "resolved", escalations.c.created_at))
    return {row.ticket_id: _shape(row) for row in rows}


async def list_escalations(conn: AsyncConnection, tenant: str, state: str | None, part: Part) -> Page[EscalationShape]:
    """The tenant's escalations, those due first first."""
    query = select(escalations).where(escalations.c.tenant == tenant)
    if state is not None:
        query = query.where(escalations.c.state == state)
    rows, cursor = await fetch(conn, query, Order(escalations.c.due_at, escalations.c.id), part)
    return Page[EscalationShape](items=[_shape(row) for row in rows], next_cursor=cursor)


def _shape(row: Any) -> EscalationShape:
    return EscalationShape(
        id=row.id,
        ticket_id=row.ticket_id,
        reason=row.reason,
        brief=row.brief,
        state=row.state,
        owner=row.owner,
        due_at=row.due_at,
        risk=row.risk,
    )
