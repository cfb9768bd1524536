"""Tickets: lists, one whole ticket, its journal, and the journal as a stream of events."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from service.api import examples
from service.api.access import Reader, ThePart, TheServices, TheTicket, granted, ticket_in, ticket_shape
from service.api.once import ApiRoute
from service.store import views
from service.store.shapes import JournalShape, Page, TicketShape
from service.store.views import TicketFilter
from tools.ports import Lane
from workflows.ticket import TicketStatus

ENTRIES = 200  # journal entries in one part
POLL_SECONDS = 1.0
STREAM_SECONDS = 600.0
"""A stream ends after this long; the client comes back with `Last-Event-ID`, and its key is looked at again."""

router = APIRouter(tags=["tickets"], route_class=ApiRoute)


@router.get("/tickets", responses=examples.shows(examples.page(examples.TICKET)))
async def list_tickets(
    services: TheServices,
    reader: Reader,
    part: ThePart,
    status: TicketStatus | None = None,
    lane: Lane | None = None,
    external_id: Annotated[str | None, Query(max_length=200)] = None,
) -> Page[TicketShape]:
    """List tickets, newest first."""
    async with services.db.snapshot() as conn:
        wanted = TicketFilter(status, lane, external_id)
        return await views.list_tickets(conn, reader.tenant, wanted, part, granted(services, reader.tenant))


@router.get("/tickets/{ticket}", responses=examples.shows(examples.TICKET))
async def get_ticket(services: TheServices, reader: Reader, ticket: TheTicket) -> TicketShape:
    """One ticket with its messages, actions, approvals, question and escalation."""
    found = await ticket_in(services, reader.tenant, ticket)
    return await ticket_shape(services, reader.tenant, found)


@router.get("/tickets/{ticket}/journal", responses=examples.shows(examples.page(examples.ENTRY)))
async def get_journal(
    services: TheServices,
    reader: Reader,
    ticket: TheTicket,
    limit: Annotated[int, Query(ge=1, le=1_000)] = ENTRIES,
    cursor: Annotated[int, Query(ge=0, le=2**53, description="The number of the last entry seen.")] = 0,
) -> Page[JournalShape]:
    """The ticket's journal, oldest first: what was said, decided and done, each entry chained to the one before."""
    found = await ticket_in(services, reader.tenant, ticket)
    async with services.db.reading() as conn:
        read = await views.entries(conn, found, cursor, limit + 1)
    more = str(read[limit - 1].seq) if len(read) > limit else None
    return Page[JournalShape](items=read[:limit], next_cursor=more)


async def watched(services: TheServices, reader: Reader, ticket: TheTicket) -> str:
    """The ticket that a stream is about, looked up before the stream begins."""
    return await ticket_in(services, reader.tenant, ticket)


@router.get("/tickets/{ticket}/events", response_class=EventSourceResponse)
async def stream_events(
    services: TheServices,
    ticket_id: Annotated[str, Depends(watched)],
    last_event_id: Annotated[int, Header(ge=0, le=2**53)] = 0,
) -> AsyncIterator[ServerSentEvent]:
    """The journal as server-sent events; `id` is the entry's number, and `Last-Event-ID` goes on after it."""
    until = time.monotonic() + STREAM_SECONDS
    while time.monotonic() < until:
        async with services.db.reading() as conn:
            read = await views.entries(conn, ticket_id, last_event_id, ENTRIES)
        for entry in read:
            last_event_id = entry.seq
            yield ServerSentEvent(data=entry, event=entry.kind, id=str(entry.seq))
        if len(read) < ENTRIES:
            await asyncio.sleep(POLL_SECONDS)
