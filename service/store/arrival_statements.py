"""The statements that take a message in, each built once; on PostgreSQL several rows go in one round trip."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Table, bindparam, case, insert, select

from service.store.schema import customers, deliveries, events, messages, tickets
from service.store.upsert import insert_on
from service.store.wakeups import next_event

UNVERIFIED = "?"
"""What the id of a customer that nobody vouches for begins with; a sender whose id begins so is not vouched for."""

COUNTERS = (tickets.c.id, tickets.c.seq, tickets.c.pending, tickets.c.wake, tickets.c.customer_id, tickets.c.verification)
"""What whoever takes a message in needs to know of its ticket."""


def given(table: Table, names: Sequence[str]) -> dict[str, BindParameter[Any]]:
    """A parameter for each of these columns, under a name that says the table too."""
    return {name: bindparam(f"{table.name}__{name}", type_=table.c[name].type) for name in names}


def values_for(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as these parameters take it."""
    return {f"{table.name}__{name}": value for name, value in row.items()}


_CUSTOMER = ("id", "tenant", "external_id", "email", "name", "created_at")
_TICKET = (
    *("id", "tenant", "external_id", "verification", "subject", "channel", "status", "lane", "slots", "budget", "language"),
    *("seq", "pending", "wake", "beat", "created_at", "updated_at"),
)
_MESSAGE = (
    *("id", "ticket_id", "external_id", "author", "text", "sent_at", "seq", "verified", "sender", "attachments"),
    *("position", "created_at"),
)
_DELIVERY = ("tenant", "source", "webhook_id", "body_sha256", "ticket_id", "message_id", "received_at")
_EVENT = ("ticket_id", "seq", "kind", "ref", "data", "created_at")


@cache
def take_customer(dialect: str) -> Any:
    """Add the customer, or take over how they are called now; answers their id.

    Whoever nobody vouches for is called as they first said: everybody who writes on their ticket unvouched for meets their row.
    """
    statement = insert_on(dialect, customers).values(given(customers, _CUSTOMER))
    stranger = customers.c.external_id.startswith(UNVERIFIED)
    seen = {name: case((stranger, customers.c[name]), else_=statement.excluded[name]) for name in ("email", "name")}
    return statement.on_conflict_do_update(index_elements=["tenant", "external_id"], set_=seen).returning(customers.c.id)


@cache
def take_ticket(dialect: str) -> Any:
    """Add the ticket, or make room for one more event; answers its counters.

    On PostgreSQL the customer goes with it in the same round trip; SQLite has no writes in a WITH, and needs `customer_id`.
    """
    row, statement = given(tickets, _TICKET), insert_on(dialect, tickets)
    if dialect == "sqlite":
        filled = statement.values(row | given(tickets, ("customer_id",)))
    else:
        sender = take_customer(dialect).cte("sender")
        filled = statement.from_select([*row, "customer_id"], select(*row.values(), sender.c.id))
    return filled.on_conflict_do_update(
        index_elements=["tenant", "external_id"], set_=next_event(statement.excluded.updated_at)
    ).returning(*COUNTERS)


@cache
def new_message(dialect: str) -> Any:
    """Add the message; answers nothing when the ticket has it."""
    return (
        insert_on(dialect, messages)
        .values(given(messages, _MESSAGE))
        .on_conflict_do_nothing(index_elements=["ticket_id", "external_id"])
        .returning(messages.c.id)
    )


@cache
def new_delivery(dialect: str) -> Any:
    """Add the delivery; answers nothing when the source has sent it before."""
    row = given(deliveries, _DELIVERY)
    return insert_on(dialect, deliveries).values(row).on_conflict_do_nothing().returning(deliveries.c.ticket_id)


NEW_EVENT = insert(events).values(given(events, _EVENT))


@cache
def new_mail() -> Any:
    """Message, delivery and event in one round trip on PostgreSQL; answers nothing when one of the first two was there."""
    message = new_message("postgresql").cte("message")
    row = given(deliveries, _DELIVERY)
    # Without the message there is nothing that a delivery could refer to.
    delivery = insert_on("postgresql", deliveries).from_select(list(row), select(*row.values()).select_from(message))
    delivery = delivery.on_conflict_do_nothing().returning(deliveries.c.ticket_id).cte("delivery")
    return select(delivery.c.ticket_id).add_cte(NEW_EVENT.cte("event"))
