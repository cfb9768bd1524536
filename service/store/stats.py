"""Counts what operators look at, for one tenant, since a moment or for ever; both /ops and the metrics read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.ledger import Account
from service.store.money_schema import actions, approvals, ledger
from service.store.schema import deliveries, escalations, journal, journal_payloads, outbox, tickets, workers
from service.store.workers import db_now

SAMPLE = 5_000
"""How many of the newest durations a percentile is taken from."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose facts, and since when; None is for ever."""

    tenant: str
    since: datetime | None = None

    def where(self, tenant: Any, at: Any) -> list[ColumnElement[bool]]:
        """The conditions on a table's tenant and time columns."""
        return [tenant == self.tenant] if self.since is None else [tenant == self.tenant, at >= self.since]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many things have these labels, and the time of the oldest of them."""

    labels: tuple[str, ...]
    count: int
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class WorkerBeat:
    """A worker process and the age of its last heartbeat in seconds, by the database's clock."""

    id: str
    age_seconds: float
    gone: bool


async def tickets_by(conn: AsyncConnection, scope: Scope, column: str) -> list[Tally]:
    """Tickets that came in, by `status` or `lane`."""
    return await _tally(conn, tickets, tickets.c.tenant, tickets.c.created_at, scope, tickets.c[column])


async def deliveries_received(conn: AsyncConnection, scope: Scope) -> list[Tally]:
    """Webhooks that were accepted, by source."""
    return await _tally(conn, deliveries, deliveries.c.tenant, deliveries.c.received_at, scope, deliveries.c.source)


async def escalations_by(conn: AsyncConnection, scope: Scope, *columns: str) -> list[Tally]:
    """Cases that were opened, by `reason`, `state` or `risk`."""
    labels = [escalations.c[column] for column in columns]
    return await _tally(conn, escalations, escalations.c.tenant, escalations.c.created_at, scope, *labels)


async def approvals_by_state(conn: AsyncConnection, scope: Scope) -> list[Tally]:
    """Approvals that were asked for."""
    return await _tally(conn, approvals, approvals.c.tenant, approvals.c.created_at, scope, approvals.c.state)


async def approvals_decided(conn: AsyncConnection, scope: Scope) -> list[Tally]:
    """Approvals that people said yes or no to in this time, whenever they were asked for, by state."""
    query = _grouped(approvals, approvals.c.decided_at, (approvals.c.state,))
    decided = approvals.c.state.in_(("approved", "used", "denied"))
    return _tallies(await conn.execute(query.where(decided, *scope.where(approvals.c.tenant, approvals.c.decided_at))))


async def approvals_by_rule(conn: AsyncConnection, scope: Scope) -> list[Tally]:
    """Approvals that were asked for, by the rule that asked."""
    return await _tally(conn, approvals, approvals.c.tenant, approvals.c.created_at, scope, approvals.c.rule)


async def actions_by_status(conn: AsyncConnection, scope: Scope) -> list[Tally]:
    """Wanted calls of tools that write or move money, by tool and status."""
    return await _tally(conn, actions, actions.c.tenant, actions.c.created_at, scope, actions.c.tool, actions.c.status)


async def outbox_by_state(conn: AsyncConnection, scope: Scope) -> list[Tally]:
    """Webhooks that we send."""
    return await _tally(conn, outbox, outbox.c.tenant, outbox.c.created_at, scope, outbox.c.state)


async def waiting_tickets(conn: AsyncConnection, scope: Scope) -> list[Tally]:
    """Tickets with events that no worker has handled, by queue, and since when the oldest has not moved."""
    query = _grouped(tickets, tickets.c.beat, (tickets.c.queue,))
    return _tallies(await conn.execute(query.where(tickets.c.pending > 0, tickets.c.tenant == scope.tenant)))


async def refusals_by_rule(conn: AsyncConnection, scope: Scope) -> list[Tally]:
    """Calls that were refused, by the rule that spoke, or else the code."""
    data = journal_payloads.c.data
    rule = func.coalesce(data["rule"].as_string(), data["code"].as_string(), "erased")
    same = (journal_payloads.c.stream == journal.c.stream) & (journal_payloads.c.seq == journal.c.seq)
    query = (
        select(rule.label("rule"), func.count().label("count"), func.min(journal.c.at).label("oldest"))
        .select_from(journal.outerjoin(journal_payloads, same))
        .where(journal.c.kind.in_(("tool.refused", "action.refused")), *scope.where(journal.c.tenant, journal.c.at))
        .group_by(rule)
    )
    return _tallies(await conn.execute(query))


async def money_back(conn: AsyncConnection, scope: Scope) -> list[Tally]:
    """Money that went back in this time, whenever it was asked for, by currency: `count` is the sum in minor units.

    What is only promised, for goods on their way back, has not gone yet; what came back to the shop is taken off.
    """
    query = (
        select(ledger.c.currency, func.sum(ledger.c.amount_minor).label("count"), func.min(ledger.c.at).label("oldest"))
        .where(ledger.c.account == Account.PAID, *scope.where(ledger.c.tenant, ledger.c.at))
        .group_by(ledger.c.currency)
    )
    return _tallies(await conn.execute(query))


async def model_cost(conn: AsyncConnection, scope: Scope) -> int:
    """What the model cost on the tickets that came in, in micro-USD."""
    spent = func.coalesce(func.sum(tickets.c.budget["spent"]["microusd"].as_integer()), 0)
    return int((await conn.execute(select(spent).where(*scope.where(tickets.c.tenant, tickets.c.created_at)))).scalar_one())


async def contained(conn: AsyncConnection, scope: Scope) -> tuple[int, int]:
    """How many tickets ended, and how many of those no person ever had."""
    case = select(escalations.c.id).where(escalations.c.ticket_id == tickets.c.id).exists()
    ended = tickets.c.status.in_(("resolved", "closed"))
    query = select(func.count(), func.count().filter(~case)).where(ended, *scope.where(tickets.c.tenant, tickets.c.created_at))
    row = (await conn.execute(query)).one()
    return row[0], row[1]


async def worker_beats(conn: AsyncConnection, most: int = 50) -> list[WorkerBeat]:
    """The newest worker processes."""
    query = select(workers, db_now().label("now")).order_by(workers.c.gone, workers.c.started_at.desc()).limit(most)
    return [WorkerBeat(row.id, (row.now - row.beat).total_seconds(), bool(row.gone)) for row in await conn.execute(query)]


async def arrivals(conn: AsyncConnection, scope: Scope) -> Sequence[datetime]:
    """When the tickets came in, for drawing."""
    query = select(tickets.c.created_at).where(*scope.where(tickets.c.tenant, tickets.c.created_at))
    return (await conn.execute(query.order_by(tickets.c.created_at.desc()).limit(SAMPLE * 10))).scalars().all()


def _grouped(table: Any, at: Any, labels: Sequence[Any]) -> Select[*tuple[Any, ...]]:
    columns = (*labels, func.count().label("count"), func.min(at, type_=at.type).label("oldest"))
    return select(*columns).select_from(table).group_by(*labels)


async def _tally(conn: AsyncConnection, table: Any, tenant: Any, at: Any, scope: Scope, *labels: Any) -> list[Tally]:
    return _tallies(await conn.execute(_grouped(table, at, labels).where(*scope.where(tenant, at))))


def _tallies(rows: Any) -> list[Tally]:
    found = [Tally(tuple(str(label) for label in row[:-2]), int(row[-2]), row[-1]) for row in rows]
    return sorted(found, key=lambda tally: (-tally.count, tally.labels))
