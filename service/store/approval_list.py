"""The console's list of approvals: what waits, longest first, and what has ended, the latest first; with facts and votes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.money_schema import actions, approvals, votes
from service.store.pages import Order, Part, fetch
from service.store.schema import customers, tickets
from service.store.story import Vote
from tools.money import Money
from tools.ports import Json

PAGE = 50  # approvals


class Sort(StrEnum):
    """The parts of the list."""

    WAITING = "waiting"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"

    @property
    def states(self) -> tuple[str, ...]:
        """The approvals' states that stand in this part."""
        return _STATES[self]


_STATES: Mapping[Sort, tuple[str, ...]] = {
    Sort.WAITING: ("pending",),
    Sort.APPROVED: ("approved", "used"),
    Sort.DENIED: ("denied",),
    Sort.EXPIRED: ("expired",),
    Sort.WITHDRAWN: ("superseded",),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """One approval with what it is about. `outcome` is the status of its action."""

    id: str
    ticket_id: str
    external_id: str
    customer: str
    tool: str
    order_id: str | None
    money: Money | None
    facts: Mapping[str, Json]
    rule: str
    requester: str
    confirmed_by: str | None
    outcome: str
    state: str
    votes_needed: int
    votes: tuple[Vote, ...]
    created_at: datetime
    expires_at: datetime
    decided_at: datetime | None


async def approvals_in(
    conn: AsyncConnection, tenant: str, sort: Sort, part: Part, names: Mapping[str, str]
) -> tuple[tuple[Listed, ...], str | None]:
    """One page of the tenant's approvals, and the cursor of the next; `names` are people's by their ids.

    Raises `Invalid` for a cursor that no page gave.
    """
    query = (
        select(
            approvals,
            actions.c.tool,
            actions.c.order_id,
            actions.c.amount_minor,
            actions.c.currency,
            actions.c.requester,
            actions.c.confirmed_by,
            actions.c.status.label("outcome"),
            tickets.c.external_id,
            func.coalesce(func.nullif(customers.c.name, ""), customers.c.email, "Unknown sender").label("customer"),
        )
        .join(actions, actions.c.id == approvals.c.action_id)
        .join(tickets, tickets.c.id == approvals.c.ticket_id)
        .join(customers, customers.c.id == tickets.c.customer_id)
        .where(approvals.c.tenant == tenant, approvals.c.state.in_(sort.states))
    )
    waits = sort is Sort.WAITING
    order = Order(approvals.c.created_at if waits else approvals.c.decided_at, approvals.c.id, newest_first=not waits)
    rows, cursor = await fetch(conn, query, order, part)
    given = await _votes(conn, [row.id for row in rows], names)
    return tuple(_listed(row, given[row.id]) for row in rows), cursor


async def _votes(conn: AsyncConnection, ids: Sequence[str], names: Mapping[str, str]) -> Mapping[str, tuple[Vote, ...]]:
    given: defaultdict[str, tuple[Vote, ...]] = defaultdict(tuple)
    query = select(votes).where(votes.c.approval_id.in_(ids)).order_by(votes.c.at, votes.c.person_id)
    for row in await conn.execute(query):
        vote = Vote(row.person_id, names.get(row.person_id, row.person_id), row.decision, row.reason, row.at)
        given[row.approval_id] += (vote,)
    return given


def _listed(row: Any, given: tuple[Vote, ...]) -> Listed:
    fields = {name: getattr(row, name) for name in Listed.__slots__ if hasattr(row, name)}
    money = None if row.amount_minor is None else Money(row.amount_minor, row.currency)
    return Listed(**fields, money=money, votes=given)
