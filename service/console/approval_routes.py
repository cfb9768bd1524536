"""Approvals: the list of what waits and what was decided, and deciding from the card on the ticket."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from service.auth import session
from service.console import live, roles
from service.console.pages import page
from service.console.security import allowed_form
from service.console.signin_routes import address_of, sign_in_of
from service.console.ticket_routes import ticket_page
from service.errors import Conflict, Forbidden, Invalid, NotFound, TooFast
from service.signin import SignInFailed
from service.store import approval_views, story
from service.store.approval_list import PAGE, Sort, approvals_in
from service.store.pages import Part
from service.store.sessions import Session
from tools.ports import ApprovalId

router = APIRouter()


@router.get("/console/approvals")
async def list_approvals(
    request: Request,
    viewer: Annotated[Session, Depends(session)],
    show: Sort = Sort.WAITING,
    after: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """What waits for votes, longest first, or how others ended, the latest first."""
    person, db = viewer.person, request.app.state.services.db
    seen = await live.version(db, live.Topic(person.tenant, "queue"))
    async with db.reading() as conn:
        names = await story.names_of(conn, person.tenant)
        items, cursor = await approvals_in(conn, person.tenant, show, Part(PAGE, after or None), names)
    context = {"items": items, "next": cursor, "after": after, "show": show, "tabs": list(Sort), "names": names, "seen": seen}
    return await page(request, viewer, "approvals", "approvals.html", **context)


@router.get("/console/approvals/{approval_id}")
async def show_approval(request: Request, approval_id: str, viewer: Annotated[Session, Depends(session)]) -> Response:
    """To the ticket that the approval stands on."""
    async with request.app.state.services.db.reading() as conn:
        found = await approval_views.approval(conn, viewer.person.tenant, approval_id)
    return RedirectResponse(f"/console/tickets/{found.action.ticket_id}#{approval_id}", 303)


@router.post("/console/approvals/{approval_id}/decision")
async def decide(
    request: Request,
    approval_id: str,
    voter: Annotated[Session, Depends(allowed_form(roles.APPROVERS))],
    decision: Annotated[Literal["approve", "deny"], Form()],
    digest: Annotated[str, Form(max_length=64)],
    ticket_id: Annotated[str, Form(max_length=64)],
    reason: Annotated[str, Form(max_length=2_000)] = "",
    password: Annotated[str, Form(max_length=1_024)] = "",
) -> Response:
    """Vote. A no needs its reason; a vote on a large amount needs a recent sign-in, or the voter's password again."""
    services, person = request.app.state.services, voter.person
    try:
        async with services.db.reading() as conn:
            asked = await approval_views.approval(conn, person.tenant, approval_id)
        if decision == "approve" and roles.must_prove(asked.votes_needed, voter, services.clock()):
            await sign_in_of(request).prove(person, password, address_of(request))
        await services.approvals.decide(person, ApprovalId(approval_id), decision, reason.strip(), digest)
    except NotFound:
        raise
    except (Conflict, Forbidden, Invalid, SignInFailed, TooFast) as refused:
        return await ticket_page(request, voter, ticket_id, refused)
    return RedirectResponse(f"/console/tickets/{ticket_id}", 303)
