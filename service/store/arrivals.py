"""The rows that one incoming message makes: customer, ticket, message, delivery, event."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service import ids
from service.payload import IncomingMessage
from service.store.schema import customers, deliveries, events, messages, tickets
from service.store.upsert import insert_on, per_dialect
from service.store.wakeups import EventKind, next_event
from tools.ports import Lane, Verification
from workflows.ticket import Author, TicketStatus


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote: `customer` is the merchant's own id when somebody we trust vouches for it, `claimed` what the sender says."""

    customer: str | None
    claimed: str
    email: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message on its way in, with the delivery that brought it."""

    tenant: str
    source: str
    webhook_id: str
    body_sha256: bytes
    sender: Sender
    incoming: IncomingMessage
    message_id: str
    language: str


_COUNTERS = (tickets.c.id, tickets.c.seq, tickets.c.pending, tickets.c.wake, tickets.c.customer_id, tickets.c.verification)


@per_dialect
def _take_ticket(dialect: str) -> Any:
    statement = insert_on(dialect, tickets)
    return statement.on_conflict_do_update(
        index_elements=["tenant", "external_id"], set_=next_event(statement.excluded.updated_at)
    ).returning(*_COUNTERS)


@per_dialect
def _take_customer(dialect: str) -> Any:
    statement = insert_on(dialect, customers)
    seen = {"email": statement.excluded.email, "name": statement.excluded.name}
    return statement.on_conflict_do_update(index_elements=["tenant", "external_id"], set_=seen).returning(customers.c.id)


@per_dialect
def _new_message(dialect: str) -> Any:
    return (
        insert_on(dialect, messages)
        .on_conflict_do_nothing(index_elements=["ticket_id", "external_id"])
        .returning(messages.c.id)
    )


@per_dialect
def _new_delivery(dialect: str) -> Any:
    return insert_on(dialect, deliveries).on_conflict_do_nothing().returning(deliveries.c.ticket_id)


_NEW_EVENT = insert(events)


async def make_room(conn: AsyncConnection, arrival: Arrival, now: datetime) -> Any:
    """Create the ticket or lock it, and take the next event number; returns the ticket's counters and whose it is."""
    customer_id = await _customer(conn, arrival, now)
    values = {
        "id": ids.new("tkt"),
        "tenant": arrival.tenant,
        "external_id": arrival.incoming.ticket.external_id,
        "customer_id": customer_id,
        "verification": Verification.CHANNEL if arrival.sender.customer else Verification.NONE,
        "subject": arrival.incoming.ticket.subject,
        "channel": arrival.incoming.ticket.channel,
        "status": TicketStatus.NEW,
        "lane": Lane.WORKFLOW,
        "slots": {},
        "budget": {},
        "language": arrival.language,
        "seq": 1,
        "pending": 1,
        "wake": 1,
        "beat": now,
        "created_at": now,
        "updated_at": now,
    }
    ticket = (await conn.execute(_take_ticket(conn), values)).one()
    if (
        arrival.sender.customer
        and ticket.verification == Verification.NONE
        and await _claimed_the_same(conn, ticket.id, arrival)
    ):
        # The customer is bound once, from a verified identity: this is the first one on a ticket that had none.
        bound = update(tickets).where(tickets.c.id == ticket.id)
        bound = bound.values(customer_id=customer_id, verification=Verification.CHANNEL).returning(*_COUNTERS)
        return (await conn.execute(bound)).one()
    return ticket


async def add_message(conn: AsyncConnection, arrival: Arrival, ticket: Any, now: datetime) -> bool:
    """Store the text; False when the ticket has a message with this external id, its own replies included."""
    message = arrival.incoming.message
    values = {
        "id": arrival.message_id,
        "ticket_id": ticket.id,
        "external_id": message.external_id,
        "author": await _author(conn, arrival, ticket),
        "text": message.text,
        "sent_at": message.sent_at,
        "seq": ticket.seq,
        "verified": arrival.sender.customer is not None,
        "sender": arrival.sender.claimed,
        "attachments": [attachment.model_dump(mode="json") for attachment in message.attachments],
        "position": ticket.seq * POSITIONS,
        "created_at": now,
    }
    return (await conn.execute(_new_message(conn), values)).first() is not None


POSITIONS = 1_000
"""Room for our own messages between two events: a position is the event number times this, plus a place."""


async def add_delivery(conn: AsyncConnection, arrival: Arrival, ticket_id: str, message_id: str, now: datetime) -> bool:
    """Remember the delivery id for ever; False when it was there."""
    values = {
        "tenant": arrival.tenant,
        "source": arrival.source,
        "webhook_id": arrival.webhook_id,
        "body_sha256": arrival.body_sha256,
        "ticket_id": ticket_id,
        "message_id": message_id,
        "received_at": now,
    }
    return (await conn.execute(_new_delivery(conn), values)).first() is not None


async def add_event(conn: AsyncConnection, arrival: Arrival, ticket: Any, now: datetime) -> None:
    """The event that wakes the ticket."""
    values = {
        "ticket_id": ticket.id,
        "seq": ticket.seq,
        "kind": EventKind.MESSAGE,
        "ref": arrival.message_id,
        "data": {},
        "created_at": now,
    }
    await conn.execute(_NEW_EVENT, values)


async def find_delivery(conn: AsyncConnection, arrival: Arrival) -> Any:
    """The delivery with this id, or None."""
    query = select(deliveries).where(
        deliveries.c.tenant == arrival.tenant,
        deliveries.c.source == arrival.source,
        deliveries.c.webhook_id == arrival.webhook_id,
    )
    return (await conn.execute(query)).first()


async def find_message(conn: AsyncConnection, arrival: Arrival) -> Any:
    """The message that this ticket has under this external id."""
    query = (
        select(messages.c.id, messages.c.ticket_id)
        .join(tickets)
        .where(
            tickets.c.tenant == arrival.tenant,
            tickets.c.external_id == arrival.incoming.ticket.external_id,
            messages.c.external_id == arrival.incoming.message.external_id,
        )
    )
    return (await conn.execute(query)).one()


async def _customer(conn: AsyncConnection, arrival: Arrival, now: datetime) -> str:
    sender = arrival.sender
    # Nobody vouches for an unverified sender, so each of their tickets has a customer of its own that is nobody's account.
    values = {
        "id": ids.new("cst"),
        "tenant": arrival.tenant,
        "external_id": sender.customer or f"{UNVERIFIED}{arrival.incoming.ticket.external_id}",
        "email": sender.email,
        "name": sender.name,
        "created_at": now,
    }
    return (await conn.execute(_take_customer(conn), values)).scalar_one()


UNVERIFIED = "?"
"""What the id of a customer that nobody vouches for begins with; a sender whose id begins so is not vouched for."""


async def _author(conn: AsyncConnection, arrival: Arrival, ticket: Any) -> Author:
    if ticket.seq == 1:
        return Author.CUSTOMER
    if ticket.verification == Verification.NONE and arrival.sender.customer is None:
        return Author.CUSTOMER if await _claimed_the_same(conn, ticket.id, arrival) else Author.THIRD_PARTY
    bound = (await conn.execute(select(customers.c.external_id).where(customers.c.id == ticket.customer_id))).scalar_one()
    return Author.CUSTOMER if arrival.sender.customer == bound else Author.THIRD_PARTY


async def _claimed_the_same(conn: AsyncConnection, ticket_id: str, arrival: Arrival) -> bool:
    first = select(messages.c.sender).where(messages.c.ticket_id == ticket_id, messages.c.author == Author.CUSTOMER)
    sender = (await conn.execute(first.order_by(messages.c.position).limit(1))).scalar_one_or_none()
    return sender == arrival.sender.claimed
