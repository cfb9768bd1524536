"""Who acts when a person calls a tool: everything comes from the ticket and the credential, nothing from the request."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.errors import NotFound
from service.store.arrivals import UNVERIFIED
from service.store.schema import customers, tickets
from tools.commerce import CustomerId
from tools.ports import Caller, Lane, PersonId, TenantName, TicketId, Verification


async def caller_for(conn: AsyncConnection, tenant: str, ticket_id: str, person: PersonId) -> Caller:
    """The person on this ticket of their tenant. Raises `NotFound`."""
    query = (
        select(tickets.c.verification, tickets.c.intent, customers.c.external_id)
        .join(customers)
        .where(tickets.c.id == ticket_id, tickets.c.tenant == tenant)
    )
    row = (await conn.execute(query)).first()
    if row is None:
        raise NotFound
    vouched = row.verification != Verification.NONE and not row.external_id.startswith(UNVERIFIED)
    return Caller(
        tenant=TenantName(tenant),
        ticket=TicketId(ticket_id),
        customer=CustomerId(row.external_id) if vouched else None,
        verification=Verification(row.verification),
        lane=Lane.HUMAN,
        person=person,
        intent=row.intent,
    )
