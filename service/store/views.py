"""Reads tickets as the API shows them; whatever belongs to another tenant is not there."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.errors import NotFound
from service.store import journal
from service.store.action_views import actions_of
from service.store.approval_views import approvals_of
from service.store.escalation_views import latest_escalations
from service.store.pages import Order, Part, fetch
from service.store.schema import customers, messages, questions, tickets
from service.store.shapes import (
    ActionShape,
    ApprovalShape,
    BudgetShape,
    CustomerShape,
    EscalationShape,
    JournalShape,
    MessageShape,
    Page,
    QuestionShape,
    TicketShape,
)
from tools.ports import Json, Verification
from workflows.ticket import Author


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """Which tickets are wanted; None leaves a property open."""

    status: str | None = None
    lane: str | None = None
    external_id: str | None = None


async def ticket(conn: AsyncConnection, tenant: str, ticket_id: str, granted: Mapping[str, Json]) -> TicketShape:
    """One ticket with everything that belongs to it; `granted` is the tenant's budget for one. Raises `NotFound`."""
    query = _tickets().where(tickets.c.tenant == tenant, tickets.c.id == ticket_id)
    rows = (await conn.execute(query)).all()
    if not rows:
        raise NotFound
    return (await _shapes(conn, rows, granted))[0]


async def list_tickets(
    conn: AsyncConnection, tenant: str, wanted: TicketFilter, part: Part, granted: Mapping[str, Json]
) -> Page[TicketShape]:
    """The tenant's tickets, newest first."""
    query = _tickets().where(tickets.c.tenant == tenant)
    for name in ("status", "lane", "external_id"):
        if (value := getattr(wanted, name)) is not None:
            query = query.where(tickets.c[name] == value)
    rows, cursor = await fetch(conn, query, Order(tickets.c.created_at, tickets.c.id, newest_first=True), part)
    return Page[TicketShape](items=await _shapes(conn, rows, granted), next_cursor=cursor)


async def entries(conn: AsyncConnection, ticket: str, after: int, limit: int) -> list[JournalShape]:
    """Entries of a ticket's journal after a number, oldest first; the caller has looked the ticket up in its tenant."""
    return [
        JournalShape(
            seq=entry.seq,
            at=entry.at,
            kind=entry.kind,
            actor=entry.actor,
            turn=entry.turn,
            data=None if entry.data is None else dict(entry.data),
            hash=entry.hash,
        )
        for entry in await journal.read(conn, ticket, after, limit)
    ]


async def message(conn: AsyncConnection, message_id: str) -> MessageShape:
    """A message that the caller has just written."""
    return _message((await conn.execute(select(messages).where(messages.c.id == message_id))).one())


def _tickets() -> Select[Any]:
    return select(tickets, customers.c.external_id.label("customer_external_id")).join(customers)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What belongs to some tickets, by ticket."""

    messages: Mapping[str, list[MessageShape]]
    questions: Mapping[str, QuestionShape]
    actions: Mapping[str, list[ActionShape]]
    approvals: Mapping[str, list[ApprovalShape]]
    escalations: Mapping[str, EscalationShape]


async def _shapes(conn: AsyncConnection, rows: Sequence[Any], granted: Mapping[str, Json]) -> list[TicketShape]:
    parts = await _parts(conn, [row.id for row in rows])
    return [_shape(row, parts, granted) for row in rows]


async def _parts(conn: AsyncConnection, ids: list[str]) -> _Parts:
    acted: dict[str, list[ActionShape]] = defaultdict(list)
    for one in await actions_of(conn, ids):
        acted[one.ticket_id].append(one)
    asked: dict[str, list[ApprovalShape]] = defaultdict(list)
    for approval in await approvals_of(conn, ids):
        asked[approval.action.ticket_id].append(approval)
    return _Parts(await _messages(conn, ids), await _questions(conn, ids), acted, asked, await latest_escalations(conn, ids))


async def _messages(conn: AsyncConnection, ids: Iterable[str]) -> Mapping[str, list[MessageShape]]:
    found: dict[str, list[MessageShape]] = defaultdict(list)
    query = select(messages).where(messages.c.ticket_id.in_(list(ids))).order_by(messages.c.position, messages.c.created_at)
    for row in await conn.execute(query):
        found[row.ticket_id].append(_message(row))
    return found


WRITTEN_BY_OTHERS: frozenset[str] = frozenset({Author.CUSTOMER, Author.THIRD_PARTY})
"""The authors whose messages came from the help desk, under its ids."""


def _message(row: Any) -> MessageShape:
    # Our own messages carry their own id, so that an echo of them is known; the help desk has no other one for them.
    theirs = row.external_id if row.author in WRITTEN_BY_OTHERS else None
    return MessageShape(id=row.id, external_id=theirs, author=row.author, text=row.text, sent_at=row.sent_at)


async def _questions(conn: AsyncConnection, ids: Iterable[str]) -> Mapping[str, QuestionShape]:
    query = (
        select(questions)
        .join(tickets, tickets.c.question_id == questions.c.id)
        .where(tickets.c.id.in_(list(ids)), questions.c.state == "open")
    )
    return {
        row.ticket_id: QuestionShape(
            id=row.id,
            action_id=row.action_id,
            kind=row.kind,
            text=row.text,
            asked_at=row.asked_at,
            expires_at=row.expires_at,
        )
        for row in await conn.execute(query)
    }


def _shape(row: Any, parts: _Parts, granted: Mapping[str, Json]) -> TicketShape:
    spent = row.budget.get("spent") or {}
    vouched = row.verification != Verification.NONE
    return TicketShape(
        id=row.id,
        external_id=row.external_id,
        tenant=row.tenant,
        subject=row.subject,
        channel=row.channel,
        status=row.status,
        lane=row.lane,
        owner=row.owner,
        flow=row.flow,
        state=row.state,
        intent=row.intent,
        confidence=row.confidence,
        route_reason=row.route_reason,
        language=row.language,
        version=row.version,
        customer=CustomerShape(
            id=row.customer_id,
            external_id=row.customer_external_id if vouched else None,
            verification=row.verification,
        ),
        messages=parts.messages.get(row.id, []),
        question=parts.questions.get(row.id),
        actions=parts.actions.get(row.id, []),
        approvals=parts.approvals.get(row.id, []),
        escalation=parts.escalations.get(row.id),
        budget=BudgetShape(spent=spent, granted={**granted, **(row.budget.get("granted") or {})}),
        cost_microusd=spent.get("microusd", 0),
        created_at=row.created_at,
        updated_at=row.updated_at,
        due_at=row.due_at,
    )
