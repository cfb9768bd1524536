"""How tickets stand at a glance, for whoever plays their customers: at work or at rest, and what they were asked."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.schema import escalations, questions, tickets
from workflows.ticket import TicketStatus

_AT_WORK = (TicketStatus.NEW, TicketStatus.WORKING)


@dataclass(frozen=True, slots=True)
class Asked:
    """The open question that the customer has been sent: its id, and the slot it asks for, or `confirm`."""

    id: str
    about: str


@dataclass(frozen=True, slots=True)
class Standing:
    """One ticket. `settled` says that nothing more happens to it until somebody does something; `reason` is its live case's."""

    id: str
    external_id: str
    status: str
    lane: str
    settled: bool
    asked: Asked | None
    reason: str | None


async def standings(conn: AsyncConnection, tenant: str, external_ids: frozenset[str] | None = None) -> dict[str, Standing]:
    """The tenant's tickets by external id; all of them when no ids are given."""
    query = _standings().where(tickets.c.tenant == tenant)
    if external_ids is not None:
        query = query.where(tickets.c.external_id.in_(external_ids))
    return {row.external_id: _standing(row) for row in await conn.execute(query)}


def _standings() -> Select[*tuple[Any, ...]]:
    open_question = (questions.c.id == tickets.c.question_id) & (questions.c.state == "open")
    live_case = (escalations.c.ticket_id == tickets.c.id) & (escalations.c.state != "resolved")
    return (
        select(
            tickets.c.id,
            tickets.c.external_id,
            tickets.c.status,
            tickets.c.lane,
            tickets.c.pending,
            questions.c.id.label("question"),
            questions.c.slot,
            questions.c.delivered_at,
            escalations.c.reason,
        )
        .outerjoin(questions, open_question)
        .outerjoin(escalations, live_case)
    )


def _standing(row: Any) -> Standing:
    asked = Asked(row.question, row.slot or "confirm") if row.question and row.delivered_at else None
    waits_for_delivery = bool(row.question) and row.delivered_at is None
    settled = row.pending == 0 and row.status not in _AT_WORK and not waits_for_delivery
    return Standing(row.id, row.external_id, row.status, row.lane, settled, asked, row.reason)
