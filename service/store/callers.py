"""Who acts when a person calls a tool: everything comes from the ticket and the credential, nothing from the request."""

from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.loading import load_ticket
from tools.ports import Caller, Lane, PersonId


async def caller_for(conn: AsyncConnection, ticket_id: str, person: PersonId) -> Caller:
    """The person on this ticket, which the caller of this function has looked up in the person's tenant."""
    ticket, _ = await load_ticket(conn, ticket_id)
    return Caller(
        tenant=ticket.tenant,
        ticket=ticket.id,
        customer=ticket.customer.external_id,
        verification=ticket.customer.verification,
        lane=Lane.HUMAN,
        person=person,
        intent=ticket.intent,
    )
