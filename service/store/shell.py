"""What every console page shows around its content: how much waits, and which switches are thrown."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.money_schema import actions, approvals, switches
from service.store.schema import escalations, tickets
from tools.ports import PersonId


@dataclass(frozen=True, slots=True)
class Thrown:
    """A kill switch that is on, and since when."""

    scope: str
    name: str
    reason: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Shell:
    """Escalations that nobody has claimed, pending approvals, what this person has claimed, and the thrown switches."""

    unclaimed: int
    approvals: int
    mine: int
    thrown: tuple[Thrown, ...]


async def read(conn: AsyncConnection, tenant: str, person: PersonId) -> Shell:
    """The frame of one page for one person."""
    unclaimed = _count(escalations, escalations.c.tenant == tenant, escalations.c.state == "open")
    claimed = (escalations.c.tenant == tenant, escalations.c.state == "claimed", escalations.c.owner == person)
    pending = _count(approvals, approvals.c.tenant == tenant, approvals.c.state == "pending")
    query = select(unclaimed.label("unclaimed"), pending.label("approvals"), _count(escalations, *claimed).label("mine"))
    row = (await conn.execute(query)).one()
    return Shell(row.unclaimed, row.approvals, row.mine, await thrown(conn, tenant))


@dataclass(frozen=True, slots=True)
class Moving:
    """An action that is decided or sent and has not ended: a switch that is thrown now cannot stop it for certain."""

    id: str
    ticket: str
    external_id: str
    tool: str
    status: str


async def moving(conn: AsyncConnection, tenant: str) -> tuple[Moving, ...]:
    """The tenant's actions under way, oldest first."""
    query = (
        select(actions.c.id, actions.c.ticket_id, tickets.c.external_id, actions.c.tool, actions.c.status)
        .join(tickets, tickets.c.id == actions.c.ticket_id)
        .where(actions.c.tenant == tenant, actions.c.status.in_(("reserved", "sent", "unknown")))
        .order_by(actions.c.created_at)
    )
    return tuple(Moving(*row) for row in await conn.execute(query))


async def thrown(conn: AsyncConnection, tenant: str) -> tuple[Thrown, ...]:
    """The tenant's switches that are on."""
    query = select(switches).where(switches.c.tenant == tenant, switches.c.on).order_by(switches.c.scope, switches.c.name)
    return tuple(Thrown(row.scope, row.name, row.reason, row.at) for row in await conn.execute(query))


def _count(table: Any, *where: Any) -> Any:
    return select(func.count()).select_from(table).where(*where).scalar_subquery()
