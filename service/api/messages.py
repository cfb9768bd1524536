"""What a person says and does on a ticket: reply, note, take over, hand back."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from service.api import examples
from service.api.access import TheServices, TheTicket, Writer, ticket_in, ticket_shape, worker
from service.api.bodies import NewMessage, body_of
from service.api.once import ApiRoute, origin_of
from service.openapi import json_body
from service.store import views
from service.store.shapes import MessageShape, TicketShape

router = APIRouter(tags=["tickets"], route_class=ApiRoute)


@router.post(
    "/tickets/{ticket}/messages",
    status_code=201,
    responses=examples.shows(examples.MESSAGE, 201),
    openapi_extra=json_body(NewMessage, {"text": "I have looked into this for you.", "note": False}),
)
async def post_message(
    request: Request,
    services: TheServices,
    writer: Writer,
    ticket: TheTicket,
    body: Annotated[NewMessage, Depends(body_of(NewMessage))],
) -> MessageShape:
    """Reply to the customer, which needs ownership of the ticket, or write a note. The author is the key's person."""
    person = worker(writer)
    found = await ticket_in(services, writer.tenant, ticket)
    message_id = await services.desk.write(person, found, body.text, note=body.note, origin=origin_of(request))
    async with services.db.reading() as conn:
        return await views.message(conn, message_id)


@router.post("/tickets/{ticket}/take-over", responses=examples.shows(examples.TICKET))
async def take_over(services: TheServices, writer: Writer, ticket: TheTicket) -> TicketShape:
    """Take the ticket from the rails: opens its escalation and claims it. A running agent stops between its steps."""
    person = worker(writer)
    found = await ticket_in(services, writer.tenant, ticket)
    await services.desk.take_over(person, found)
    return await ticket_shape(services, writer.tenant, found)


@router.post("/tickets/{ticket}/hand-back", responses=examples.shows(examples.TICKET))
async def hand_back(services: TheServices, writer: Writer, ticket: TheTicket) -> TicketShape:
    """Give one's own ticket back to the rails; messages that nobody answered are handled next."""
    person = worker(writer)
    found = await ticket_in(services, writer.tenant, ticket)
    await services.desk.hand_back(person, found)
    return await ticket_shape(services, writer.tenant, found)
