"""Who acts when a tool is called outside of a turn: it comes from the ticket and the credential, never from the request."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.errors import NotFound
from service.store.arrivals import UNVERIFIED
from service.store.schema import customers, tickets
from tools.commerce import CustomerId
from tools.ports import Caller, Lane, PersonId, TenantName, TicketId, Verification
from workflows.ticket import TicketStatus


async def caller_for(conn: AsyncConnection, tenant: str, ticket_id: str, person: PersonId) -> Caller:
    """The person on this ticket of their tenant; they have asked the customer themselves. Raises `NotFound`."""
    return await _caller(conn, tenant, ticket_id, Lane.HUMAN, person)


async def machine_for(conn: AsyncConnection, tenant: str, ticket_id: str, person: PersonId | None) -> Caller:
    """A machine from outside on this ticket, let in by a person or a key: it may do what the agent may, and no more.

    What it wants to change is put to the customer, but not while people have the ticket. Raises `NotFound`.
    """
    return await _caller(conn, tenant, ticket_id, Lane.AGENT, person)


async def _caller(conn: AsyncConnection, tenant: str, ticket_id: str, lane: Lane, person: PersonId | None) -> Caller:
    query = (
        select(tickets.c.verification, tickets.c.intent, tickets.c.lane, tickets.c.status, customers.c.external_id)
        .join(customers)
        .where(tickets.c.id == ticket_id, tickets.c.tenant == tenant)
    )
    row = (await conn.execute(query)).first()
    if row is None:
        raise NotFound
    vouched = row.verification != Verification.NONE and not row.external_id.startswith(UNVERIFIED)
    with_people = row.lane == Lane.HUMAN and row.status == TicketStatus.ESCALATED
    return Caller(
        tenant=TenantName(tenant),
        ticket=TicketId(ticket_id),
        customer=CustomerId(row.external_id) if vouched else None,
        verification=Verification(row.verification),
        lane=lane,
        person=person,
        intent=row.intent,
        asks=lane is not Lane.HUMAN and not with_people,
    )
