"""Doing by hand what the machine was only allowed to propose, from the card on its ticket."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from service.console import roles
from service.console.security import allowed_form
from service.console.ticket_routes import ticket_page
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
    """Do what a watched tool would have done, as this person: the same arguments, and the customer's yes attested."""
    services, person = request.app.state.services, worker.person
    async with services.db.reading() as conn:
        watched = await action_views.action(conn, person.tenant, action_id)
        caller = await caller_for(conn, person.tenant, watched.ticket_id, person.id)
    try:
        if watched.rule != OBSERVED:
            raise Conflict("This is no wish of a tool that is only being watched.")
        if CATALOGUE[watched.tool].confirms and not confirmed:
            raise Invalid("Ask the customer first, and say here that they said yes.")
        origin = f"by-hand:{action_id}:{key or secrets.token_urlsafe(16)}"
        result = await services.runner.call(caller, watched.tool, watched.args, origin, confirmed=confirmed)
        check(result)
    except (Conflict, Invalid, ToolRefused) as refused:
        return await ticket_page(request, worker, watched.ticket_id, refused)
    return RedirectResponse(f"/console/tickets/{watched.ticket_id}", 303)
