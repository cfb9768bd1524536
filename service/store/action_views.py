"""Reads actions as the API shows them."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.errors import NotFound
from service.store.money_schema import actions
from service.store.shapes import ActionShape, Amount


async def action(conn: AsyncConnection, tenant: str, action_id: str) -> ActionShape:
    """One action of the tenant. Raises `NotFound`."""
    query = select(actions).where(actions.c.tenant == tenant, actions.c.id == action_id)
    row = (await conn.execute(query)).first()
    if row is None:
        raise NotFound
    return _shape(row)


async def actions_of(conn: AsyncConnection, ticket_ids: Iterable[str]) -> list[ActionShape]:
    """All actions of some tickets, oldest first."""
    query = select(actions).where(actions.c.ticket_id.in_(list(ticket_ids)))
    return [_shape(row) for row in await conn.execute(query.order_by(actions.c.created_at, actions.c.id))]


async def actions_by_id(conn: AsyncConnection, action_ids: Iterable[str]) -> dict[str, ActionShape]:
    """Actions by their ids, which the caller has looked up in its tenant."""
    rows = await conn.execute(select(actions).where(actions.c.id.in_(list(action_ids))))
    return {row.id: _shape(row) for row in rows}


def _shape(row: Any) -> ActionShape:
    return ActionShape(
        id=row.id,
        ticket_id=row.ticket_id,
        tool=row.tool,
        effect=row.effect,
        args=row.args,
        decision=row.decision,
        rule=row.rule,
        policy_version=row.policy_version,
        status=row.status,
        code=row.code,
        amount=None if row.amount_minor is None else Amount(amount_minor=row.amount_minor, currency=row.currency),
        idempotency_key=row.key,
        receipt=row.receipt["reference"] if row.receipt else None,
        sent_at=row.sent_at,
        job=row.job,
        looks=row.looks,
    )
