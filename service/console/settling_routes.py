"""Settling by hand an action whose outcome nobody knows, from the card on its ticket."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from service.console import roles
from service.console.security import allowed_form
from service.console.signin_routes import address_of, sign_in_of
from service.console.ticket_routes import read_story, ticket_page
from service.errors import Conflict, Forbidden, Invalid, NotFound, TooFast
from service.settling import MAX_REFERENCE
from service.signin import SignInFailed
from service.store import action_views
from service.store.sessions import Session

router = APIRouter()


@router.post("/console/actions/{action_id}/settlement")
async def settle(
    request: Request,
    action_id: str,
    settler: Annotated[Session, Depends(allowed_form(roles.SETTLERS))],
    outcome: Annotated[Literal["happened", "not_happened"], Form()],
    reference: Annotated[str, Form(max_length=MAX_REFERENCE)] = "",
    reason: Annotated[str, Form(max_length=2_000)] = "",
    password: Annotated[str, Form(max_length=1_024)] = "",
) -> Response:
    """Say what became of it, with a reason; what took many votes needs a recent sign-in, or the password again."""
    services, person = request.app.state.services, settler.person
    async with services.db.reading() as conn:
        ticket_id = (await action_views.action(conn, person.tenant, action_id)).ticket_id
    told = await read_story(request, settler, ticket_id)
    called = next(one for one in told.called if one.id == action_id)
    try:
        if roles.settling(settler, called, services.clock()).prove:
            await sign_in_of(request).prove(person, password, address_of(request))
        happened = outcome == "happened"
        await services.settling.settle(person, action_id, happened=happened, reference=reference, reason=reason)
    except NotFound:
        raise
    except (Conflict, Forbidden, Invalid, SignInFailed, TooFast) as refused:
        return await ticket_page(request, settler, ticket_id, refused)
    return RedirectResponse(f"/console/tickets/{ticket_id}#i-{action_id}", 303)
