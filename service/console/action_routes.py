"""Doing by hand what the machine was only allowed to propose, from the card on its ticket."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from service.console import roles
from service.console.security import allowed_form
from service.console.ticket_routes import read_story, ticket_page
from service.console.watched import watched
from service.errors import Conflict, Invalid
from service.refusals import ToolRefused, check
from service.store import action_views
from service.store.autonomy_record import OBSERVED
from service.store.callers import caller_for
from service.store.sessions import Session
from tools.catalogue import CATALOGUE

router = APIRouter()


@router.post("/console/actions/{action_id}/by-hand")
async def do_by_hand(
    request: Request,
    action_id: str,
    worker: Annotated[Session, Depends(allowed_form(roles.WORKERS))],
    confirmed: Annotated[bool, Form()] = False,
    key: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Do what a watched tool would have done, as this person: the same arguments, and the customer's yes attested.

    A wish that somebody has done or replaced since the page was shown is not done on top of that.
    """
    services, person = request.app.state.services, worker.person
    async with services.db.reading() as conn:
        wish = await action_views.action(conn, person.tenant, action_id)
        caller = await caller_for(conn, person.tenant, wish.ticket_id, person.id)
    told = await read_story(request, worker, wish.ticket_id)
    origin = f"by-hand:{action_id}:{key or secrets.token_urlsafe(16)}"
    try:
        if wish.rule != OBSERVED:
            raise Conflict("This is no wish of a tool that is only being watched.")
        if CATALOGUE[wish.tool].confirms and not confirmed:
            raise Invalid("Ask the customer first, and say here that they said yes.")
        waits = any(one.called.id == action_id for one in watched(told))
        if not waits and await services.book.find(caller, origin=origin) is None:
            raise Conflict("This waits for nobody any more; the ticket shows what was done.")
        result = await services.runner.call(caller, wish.tool, wish.args, origin, confirmed=confirmed)
        check(result)
    except (Conflict, Invalid, ToolRefused) as refused:
        return await ticket_page(request, worker, wish.ticket_id, refused)
    return RedirectResponse(f"/console/tickets/{wish.ticket_id}", 303)
