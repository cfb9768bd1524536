"""The rows that one incoming message makes: customer, ticket, message, delivery, event."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service import ids
from service.payload import IncomingMessage
from service.store import arrival_statements as statements
from service.store.schema import customers, deliveries, events, messages, tickets
from service.store.wakeups import EventKind
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
    """One message on its way in, with the delivery that brought it.

    `proven` says that its sender, whom nobody vouches for, has typed a right code on this ticket a short while ago.
    """

    tenant: str
    source: str
    webhook_id: str
    body_sha256: bytes
    sender: Sender
    incoming: IncomingMessage
    message_id: str
    language: str
    proven: bool = False


async def make_room(conn: AsyncConnection, arrival: Arrival, now: datetime) -> Any:
    """Create the ticket or lock it, and take the next event number; returns the ticket's counters and whose it is."""
    sender = _customer(arrival, now)
    values = {
        "id": ids.new("tkt"),
        "tenant": arrival.tenant,
        "external_id": arrival.incoming.ticket.external_id,
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
    if conn.dialect.name == "sqlite":
        values["customer_id"] = (await conn.execute(statements.take_customer("sqlite"), sender)).scalar_one()
    values = sender | statements.values_for(tickets, values)
    ticket = (await conn.execute(statements.take_ticket(conn.dialect.name), values)).one()
    if (
        arrival.sender.customer
        and ticket.verification == Verification.NONE
        and await _claimed_the_same(conn, ticket.id, arrival)
    ):
        # The customer is bound once, from a verified identity: this is the first one on a ticket that had none.
        customer_id = (await conn.execute(statements.take_customer(conn.dialect.name), sender)).scalar_one()
        bound = update(tickets).where(tickets.c.id == ticket.id)
        bound = bound.values(customer_id=customer_id, verification=Verification.CHANNEL).returning(*statements.COUNTERS)
        return (await conn.execute(bound)).one()
    return ticket


async def add_mail(conn: AsyncConnection, arrival: Arrival, ticket: Any, now: datetime) -> bool:
    """Store the text, its delivery, and the event that wakes the ticket.

    False when the ticket has a message with this external id, its own replies included, or the delivery id was there; what
    was written then has to be rolled back.
    """
    message = arrival.incoming.message
    said = {
        "id": arrival.message_id,
        "ticket_id": ticket.id,
        "external_id": message.external_id,
        "author": await _author(conn, arrival, ticket),
        "text": message.text,
        "sent_at": message.sent_at,
        "seq": ticket.seq,
        "verified": arrival.sender.customer is not None or arrival.proven,
        "sender": arrival.sender.claimed,
        "attachments": [attachment.model_dump(mode="json") for attachment in message.attachments],
        "position": ticket.seq * POSITIONS,
        "created_at": now,
    }
    event = {
        "ticket_id": ticket.id,
        "seq": ticket.seq,
        "kind": EventKind.MESSAGE,
        "ref": arrival.message_id,
        "data": {},
        "created_at": now,
    }
    delivery = _delivery(arrival, ticket.id, arrival.message_id, now)
    values = statements.values_for(messages, said) | delivery | statements.values_for(events, event)
    if conn.dialect.name != "sqlite":
        return (await conn.execute(statements.new_mail(), values)).first() is not None
    for statement in (statements.new_message("sqlite"), statements.new_delivery("sqlite")):
        if (await conn.execute(statement, values)).first() is None:
            return False
    await conn.execute(statements.NEW_EVENT, values)
    return True


POSITIONS = 1_000
"""Room for our own messages between two events: a position is the event number times this, plus a place."""


async def add_delivery(conn: AsyncConnection, arrival: Arrival, ticket_id: str, message_id: str, now: datetime) -> bool:
    """Remember the delivery id for ever; False when it was there."""
    values = _delivery(arrival, ticket_id, message_id, now)
    return (await conn.execute(statements.new_delivery(conn.dialect.name), values)).first() is not None


def _delivery(arrival: Arrival, ticket_id: str, message_id: str, now: datetime) -> dict[str, Any]:
    row = {
        "tenant": arrival.tenant,
        "source": arrival.source,
        "webhook_id": arrival.webhook_id,
        "body_sha256": arrival.body_sha256,
        "ticket_id": ticket_id,
        "message_id": message_id,
        "received_at": now,
    }
    return statements.values_for(deliveries, row)


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


def _customer(arrival: Arrival, now: datetime) -> dict[str, Any]:
    sender = arrival.sender
    # Nobody vouches for an unverified sender, so each of their tickets has a customer of its own that is nobody's account.
    values = {
        "id": ids.new("cst"),
        "tenant": arrival.tenant,
        "external_id": sender.customer or f"{statements.UNVERIFIED}{arrival.incoming.ticket.external_id}",
        "email": sender.email,
        "name": sender.name,
        "created_at": now,
    }
    return statements.values_for(customers, values)


async def _author(conn: AsyncConnection, arrival: Arrival, ticket: Any) -> Author:
    if ticket.seq == 1:
        return Author.CUSTOMER
    if ticket.verification == Verification.NONE and arrival.sender.customer is None:
        return Author.CUSTOMER if await _claimed_the_same(conn, ticket.id, arrival) else Author.THIRD_PARTY
    if ticket.verification == Verification.CODE and arrival.sender.customer is None:
        # A code bound this ticket, so nobody vouches for its own sender either; what a message may do is another matter.
        same = await _claimed_the_same(conn, ticket.id, arrival, unvouched=True)
        return Author.CUSTOMER if same else Author.THIRD_PARTY
    bound = (await conn.execute(select(customers.c.external_id).where(customers.c.id == ticket.customer_id))).scalar_one()
    return Author.CUSTOMER if arrival.sender.customer == bound else Author.THIRD_PARTY


async def _claimed_the_same(conn: AsyncConnection, ticket_id: str, arrival: Arrival, *, unvouched: bool = False) -> bool:
    """Whether the sender is named like the ticket's first; with `unvouched`, one whom nobody had vouched for either."""
    first = select(messages.c.sender, messages.c.verified).where(
        messages.c.ticket_id == ticket_id, messages.c.author == Author.CUSTOMER
    )
    row = (await conn.execute(first.order_by(messages.c.position).limit(1))).first()
    return row is not None and row.sender == arrival.sender.claimed and not (unvouched and row.verified)
