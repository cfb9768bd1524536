"""The console's list of all tickets: newest first, searched by the help desk's id, status and lane, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.errors import Invalid
from service.store.access_schema import people
from service.store.schema import customers, tickets

PAGE = 50  # tickets


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for. `text` is the beginning of an external id, or a whole ticket id; `before` is a page's cursor."""

    text: str = ""
    status: str = ""
    lane: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One ticket in the list."""

    id: str
    external_id: str
    subject: str
    customer: str
    status: str
    lane: str
    intent: str | None
    owner_name: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """A page of tickets and the cursor of the next one, None at the end."""

    lines: tuple[Line, ...]
    next_cursor: str | None


async def search(conn: AsyncConnection, tenant: str, wanted: Search) -> Found:
    """One page. Raises `Invalid` for a cursor that no page gave."""
    rows = (await conn.execute(_query(tenant, wanted).limit(PAGE + 1))).all()
    lines = tuple(_line(row) for row in rows[:PAGE])
    more = f"{lines[-1].created_at.isoformat()}~{lines[-1].id}" if len(rows) > PAGE else None
    return Found(lines, more)


async def fingerprint(conn: AsyncConnection, tenant: str) -> Sequence[Any]:
    """What changes when one of the newest tickets does."""
    query = select(tickets.c.id, tickets.c.updated_at).where(tickets.c.tenant == tenant)
    rows = await conn.execute(query.order_by(tickets.c.created_at.desc(), tickets.c.id.desc()).limit(PAGE))
    return [tuple(row) for row in rows]


def _query(tenant: str, wanted: Search) -> Select[*tuple[Any, ...]]:
    query = (
        select(
            tickets,
            func.coalesce(func.nullif(customers.c.name, ""), customers.c.email, "Unknown sender").label("customer_name"),
            func.coalesce(func.nullif(people.c.name, ""), people.c.email).label("owner_name"),
        )
        .join(customers, customers.c.id == tickets.c.customer_id)
        .outerjoin(people, people.c.id == tickets.c.owner)
        .where(tickets.c.tenant == tenant)
        .order_by(tickets.c.created_at.desc(), tickets.c.id.desc())
    )
    if text := wanted.text.strip():
        query = query.where(or_(tickets.c.external_id.startswith(text, autoescape=True), tickets.c.id == text))
    if wanted.status:
        query = query.where(tickets.c.status == wanted.status)
    if wanted.lane:
        query = query.where(tickets.c.lane == wanted.lane)
    return query.where(_older(wanted.before)) if wanted.before else query


def _older(cursor: str) -> Any:
    at, _, ticket_id = cursor.partition("~")
    try:
        moment = datetime.fromisoformat(at)
        # A moment at either end of the calendar has no UTC.
        created = moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid("This is not a page of the list.") from error
    if moment.tzinfo is None:
        raise Invalid("This is not a page of the list.")
    return or_(tickets.c.created_at < created, (tickets.c.created_at == created) & (tickets.c.id < ticket_id))


def _line(row: Any) -> Line:
    return Line(
        row.id,
        row.external_id,
        row.subject,
        row.customer_name,
        row.status,
        row.lane,
        row.intent,
        row.owner_name,
        row.created_at,
        row.updated_at,
    )
