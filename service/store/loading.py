"""Builds the frozen ticket that flows and the agent see."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.arrivals import UNVERIFIED
from service.store.schema import customers, messages, questions, tickets
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

_TICKET = (
    select(
        tickets,
        customers.c.external_id.label("customer_external_id"),
        customers.c.email.label("customer_email"),
        customers.c.name.label("customer_name"),
    )
    .join(customers)
    .where(tickets.c.id == bindparam("ticket"))
)
_MESSAGES = select(messages).where(messages.c.ticket_id == bindparam("ticket")).order_by(messages.c.position)


async def load_ticket(conn: AsyncConnection, ticket_id: str) -> Ticket:
    """The ticket as it stands, with its messages in order and its open question."""
    row = (await conn.execute(_TICKET, {"ticket": ticket_id})).one()
    said = (await conn.execute(_MESSAGES, {"ticket": ticket_id})).all()
    question = await find_question(conn, row.question_id) if row.question_id else None
    return _ticket(row, said, question)


async def find_question(conn: AsyncConnection, question_id: str) -> Question | None:
    """The question when it is open or has an answer that no turn has handled."""
    query = select(questions).where(questions.c.id == question_id, questions.c.state.in_(("open", "confirmed", "declined")))
    row = (await conn.execute(query)).first()
    if row is None:
        return None
    return Question(
        QuestionId(row.id),
        QuestionKind(row.kind),
        row.text,
        row.asked_at,
        row.expires_at,
        ActionId(row.action_id) if row.action_id else None,
        row.slot,
        row.asked_times,
        row.delivered_at,
    )


def spending(data: Mapping[str, Json] | None) -> Spending:
    """A spending as the ticket's row holds it."""
    return Spending(**data) if data else Spending()


def _ticket(row: Any, said: Sequence[Any], question: Question | None) -> Ticket:
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
        ),
        subject=row.subject,
        channel=row.channel,
        language=row.language,
        intent=row.intent,
        confidence=row.confidence,
        flow=FlowState(row.flow, row.state or "", row.slots) if row.flow else None,
        messages=tuple(
            Message(MessageId(m.id), Author(m.author), m.text, m.sent_at, m.seq, m.verified, m.external_id) for m in said
        ),
        question=question,
        spent=spending(row.budget.get("spent")),
        handed_off=row.handed_off,
        superseded_count=row.superseded_count,
        customer_messages=row.customer_messages,
        owner=row.owner,
        version=row.version,
    )
