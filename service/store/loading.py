"""Builds the frozen ticket that flows and the agent see."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import CTE, Select, Table, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.arrival_statements import UNVERIFIED
from service.store.money_schema import switches
from service.store.schema import customers, events, messages, questions, tickets
from service.store.turns import CLAIM, Claim, Event, undone
from service.store.wakeups import EventKind
from tools.commerce import CustomerId
from tools.ports import ActionId, Json, Lane, TenantName, TicketId, Verification
from workflows.ticket import (
    Author,
    CustomerRef,
    FlowState,
    Message,
    MessageId,
    Question,
    QuestionId,
    QuestionKind,
    Spending,
    Ticket,
    TicketStatus,
)

_ASKED = questions.alias("asked")


def _whole(row: Table | CTE) -> Select[Any]:
    """The ticket with its customer and its open question, and whether any of the tenant's kill switches is thrown."""
    return (
        select(
            row,
            customers.c.external_id.label("customer_external_id"),
            customers.c.email.label("customer_email"),
            customers.c.name.label("customer_name"),
            *(column.label(f"asked_{column.name}") for column in _ASKED.c),
            select(switches.c.name).where(switches.c.tenant == row.c.tenant, switches.c.on).exists().label("switched"),
        )
        .join(customers, customers.c.id == row.c.customer_id)
        # An answered question still stands on the ticket when the turn that recorded the answer died.
        .outerjoin(_ASKED, (_ASKED.c.id == row.c.question_id) & _ASKED.c.state.in_(("open", "confirmed", "declined")))
    )


_TICKET = _whole(tickets).where(tickets.c.id == bindparam("ticket"))
_TAKE = _whole(CLAIM.cte("taken"))
_MESSAGES = (
    select(messages, events.c.done.label("event_done"), events.c.created_at.label("event_at"))
    .outerjoin(events, (events.c.ticket_id == messages.c.ticket_id) & (events.c.seq == messages.c.seq))
    .where(messages.c.ticket_id == bindparam("ticket"))
    .order_by(messages.c.position)
)


async def take_ticket(conn: AsyncConnection, ticket_id: str, wake: int) -> tuple[Claim, Ticket, tuple[Event, ...]] | None:
    """Claim the ticket for a drain and load it as `load_ticket` does; None for a stale drain."""
    values = {"ticket": ticket_id, "newest": wake}
    if conn.dialect.name == "sqlite":
        taken = (await conn.execute(CLAIM, values)).first()
        row = (await conn.execute(_TICKET, values)).one() if taken else None
    else:
        row = (await conn.execute(_TAKE, values)).first()
    if row is None:
        return None
    claim = Claim(ticket_id, wake, row.fence, row.queue, row.attempts, no_switch=not row.switched)
    return claim, *await _loaded(conn, row)


async def load_ticket(conn: AsyncConnection, ticket_id: str) -> tuple[Ticket, tuple[Event, ...]]:
    """The ticket as it stands, with its messages in order and its open question, and the events that nobody has handled."""
    return await _loaded(conn, (await conn.execute(_TICKET, {"ticket": ticket_id})).one())


async def _loaded(conn: AsyncConnection, row: Any) -> tuple[Ticket, tuple[Event, ...]]:
    ticket_id = row.id
    said = (await conn.execute(_MESSAGES, {"ticket": ticket_id})).all()
    unread = tuple(Event(m.seq, EventKind.MESSAGE, m.id, {}, m.event_at) for m in said if m.event_done is False)
    if row.pending > len(unread):
        unread = await undone(conn, ticket_id)
    return _ticket(row, said), unread


def spending(data: Mapping[str, Json] | None) -> Spending:
    """A spending as the ticket's row holds it."""
    return Spending(**data) if data else Spending()


def _ticket(row: Any, said: Sequence[Any]) -> Ticket:
    verified = row.verification != Verification.NONE
    known = verified and not row.customer_external_id.startswith(UNVERIFIED)
    return Ticket(
        id=TicketId(row.id),
        tenant=TenantName(row.tenant),
        external_id=row.external_id,
        status=TicketStatus(row.status),
        lane=Lane(row.lane),
        customer=CustomerRef(
            id=row.customer_id,
            external_id=CustomerId(row.customer_external_id) if known else None,
            verification=Verification(row.verification),
            email=row.customer_email if known else None,
            name=row.customer_name,
            claimed=row.customer_email,
        ),
        subject=row.subject,
        channel=row.channel,
        language=row.language,
        intent=row.intent,
        confidence=row.confidence,
        flow=FlowState(row.flow, row.state or "", row.slots) if row.flow else None,
        messages=tuple(
            Message(MessageId(m.id), Author(m.author), m.text, m.sent_at, m.seq, m.verified, m.external_id, m.answers)
            for m in said
        ),
        question=_question(row),
        spent=spending(row.budget.get("spent")),
        handed_off=row.handed_off,
        superseded_count=row.superseded_count,
        customer_messages=row.customer_messages,
        owner=row.owner,
        version=row.version,
    )


def _question(row: Any) -> Question | None:
    if row.asked_id is None:
        return None
    return Question(
        QuestionId(row.asked_id),
        QuestionKind(row.asked_kind),
        row.asked_text,
        row.asked_asked_at,
        row.asked_expires_at,
        ActionId(row.asked_action_id) if row.asked_action_id else None,
        row.asked_slot,
        row.asked_asked_times,
        row.asked_delivered_at,
    )
