"""The queue of what waits for people, and the list of all tickets."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from service.auth import session
from service.console import live
from service.console.pages import page
from service.store import queue, ticket_list
from service.store.queue import Show
from service.store.sessions import Session
from service.store.ticket_list import Search
from tools.ports import Lane
from workflows.ticket import TicketStatus

router = APIRouter()

Text = Annotated[str, Query(max_length=200)]


@router.get("/console")
async def show_queue(request: Request, viewer: Annotated[Session, Depends(session)], show: Show = Show.OPEN) -> Response:
    """What waits, riskiest and most urgent first."""
    person, db = viewer.person, request.app.state.services.db
    seen = await live.version(db, live.Topic(person.tenant, "queue"))
    async with db.reading() as conn:
        waiting = await queue.waiting(conn, person.tenant, show, person.id)
    here = "mine" if show is Show.MINE else "queue"
    return await page(request, viewer, here, "queue.html", waiting=waiting, show=show, tabs=list(Show), seen=seen)


@router.get("/console/tickets")
async def list_tickets(
    request: Request,
    viewer: Annotated[Session, Depends(session)],
    q: Text = "",
    status: TicketStatus | Literal[""] = "",
    lane: Lane | Literal[""] = "",
    before: Text = "",
) -> Response:
    """All tickets, newest first."""
    person, db = viewer.person, request.app.state.services.db
    wanted = Search(q, status, lane, before)
    seen = await live.version(db, live.Topic(person.tenant, "tickets"))
    async with db.reading() as conn:
        found = await ticket_list.search(conn, person.tenant, wanted)
    context = {"found": found, "wanted": wanted, "statuses": list(TicketStatus), "lanes": list(Lane), "seen": seen}
    return await page(request, viewer, "tickets", "tickets.html", **context)
