"""Who acts when a tool is called outside of a turn: it comes from the ticket and the credential, never from the request."""

from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.errors import NotFound
from service.store.arrival_statements import UNVERIFIED
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


async def bot_for(conn: AsyncConnection, tenant: str, ticket_id: str, lane: Lane | None) -> Caller:
    """What a turn of this ticket would act as, in its own lane or in another; for looking, never for acting.

    A ticket that people have is looked at as the agent would. Raises `NotFound`.
    """
    row = await _read(conn, tenant, ticket_id)
    lane = lane or (Lane.AGENT if row.lane == Lane.HUMAN else Lane(row.lane))
    return replace(_made(row, tenant, ticket_id, lane, None), flow=row.flow, asks=True)


async def _caller(conn: AsyncConnection, tenant: str, ticket_id: str, lane: Lane, person: PersonId | None) -> Caller:
    return _made(await _read(conn, tenant, ticket_id), tenant, ticket_id, lane, person)


async def _read(conn: AsyncConnection, tenant: str, ticket_id: str) -> Any:
    ticket = (tickets.c.verification, tickets.c.intent, tickets.c.lane, tickets.c.status, tickets.c.flow)
    query = (
        select(*ticket, customers.c.external_id, customers.c.email)
        .join(customers)
        .where(tickets.c.id == ticket_id, tickets.c.tenant == tenant)
    )
    row = (await conn.execute(query)).first()
    if row is None:
        raise NotFound
    return row


def _made(row: Any, tenant: str, ticket_id: str, lane: Lane, person: PersonId | None) -> Caller:
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
        claimed=row.email,
        asks=lane is not Lane.HUMAN and not with_people,
    )
