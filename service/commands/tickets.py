"""Finds the ticket that a command is about."""

from service.errors import Fatal, NotFound
from service.store.database import Database
from service.store.naming import ticket_of
from tools.ports import TicketId


async def find(db: Database, tenant: str, ticket: str) -> TicketId:
    """The id of the tenant's ticket with this id, or with this external id. Raises `Fatal` when there is none."""
    async with db.reading() as conn:
        for name in (ticket, f"ext:{ticket}"):
            try:
                return TicketId(await ticket_of(conn, tenant, name))
            except NotFound:
                continue
    raise Fatal(f"The tenant {tenant!r} has no ticket {ticket!r}.")
