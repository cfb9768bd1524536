"""Reads approvals as the API shows them: the action, the facts that voters see, and the votes so far."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.errors import NotFound
from service.store.action_views import actions_by_id
from service.store.money_schema import approvals, votes
from service.store.pages import Order, Part, fetch
from service.store.shapes import ApprovalShape, Page, VoteShape


async def approval(conn: AsyncConnection, tenant: str, approval_id: str) -> ApprovalShape:
    """One approval of the tenant. Raises `NotFound`."""
    query = select(approvals).where(approvals.c.tenant == tenant, approvals.c.id == approval_id)
    rows = (await conn.execute(query)).all()
    if not rows:
        raise NotFound
    return (await _shapes(conn, rows))[0]


async def approvals_of(conn: AsyncConnection, ticket_ids: Iterable[str]) -> list[ApprovalShape]:
    """All approvals of some tickets, oldest first."""
    query = select(approvals).where(approvals.c.ticket_id.in_(list(ticket_ids)))
    return await _shapes(conn, (await conn.execute(query.order_by(approvals.c.created_at, approvals.c.id))).all())


async def list_approvals(conn: AsyncConnection, tenant: str, state: str | None, part: Part) -> Page[ApprovalShape]:
    """The tenant's approvals, those that have waited longest first."""
    query = select(approvals).where(approvals.c.tenant == tenant)
    if state is not None:
        query = query.where(approvals.c.state == state)
    rows, cursor = await fetch(conn, query, Order(approvals.c.created_at, approvals.c.id), part)
    return Page[ApprovalShape](items=await _shapes(conn, rows), next_cursor=cursor)


async def _shapes(conn: AsyncConnection, rows: Sequence[Any]) -> list[ApprovalShape]:
    found = await actions_by_id(conn, {row.action_id for row in rows})
    cast = select(votes).where(votes.c.approval_id.in_([row.id for row in rows])).order_by(votes.c.at, votes.c.person_id)
    given: dict[str, list[VoteShape]] = defaultdict(list)
    for vote in await conn.execute(cast):
        given[vote.approval_id].append(VoteShape(person=vote.person_id, decision=vote.decision, reason=vote.reason, at=vote.at))
    return [
        ApprovalShape(
            id=row.id,
            action=found[row.action_id],
            facts=row.facts,
            rule=row.rule,
            votes_needed=row.votes_needed,
            votes=given[row.id],
            digest=row.digest,
            expires_at=row.expires_at,
            state=row.state,
        )
        for row in rows
    ]
