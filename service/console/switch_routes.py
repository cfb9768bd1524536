"""Kill switches: what is off, who threw it and why, and what was under way when it was thrown."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from classifier.intents import Intent
from service.auth import session
from service.console import roles
from service.console.pages import page
from service.console.security import allowed_form
from service.errors import Refused
from service.store import people, shell
from service.store.sessions import Session
from service.store.switches import Scope

router = APIRouter()


@router.get("/console/switches")
async def show_switches(request: Request, viewer: Annotated[Session, Depends(session)]) -> Response:
    """Every switch of the tenant."""
    return await _page(request, viewer)


@router.post("/console/switches")
async def throw(
    request: Request,
    viewer: Annotated[Session, Depends(allowed_form(roles.SWITCHERS))],
    scope: Annotated[Scope, Form()],
    name: Annotated[str, Form(max_length=64)],
    on: Annotated[Literal["on", "off"], Form()],
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Throw a switch, with a reason, or lift it; the page lists what it could no longer stop."""
    person = viewer.person
    try:
        switches = request.app.state.services.switches
        await switches.throw(person.tenant, scope, name, on == "on", reason.strip(), person.id)
    except Refused as refused:
        return await _page(request, viewer, problem=refused)
    return RedirectResponse("/console/switches", 303)


async def _page(request: Request, viewer: Session, problem: Refused | None = None) -> Response:
    services = request.app.state.services
    rows = await services.switches.all(viewer.person.tenant)
    async with services.db.reading() as conn:
        moving = await shell.moving(conn, viewer.person.tenant)
        names = {person.id: person.called for person in await people.everyone(conn, viewer.person.tenant)}
    known = {row.name for row in rows if row.scope == "intent"}
    status = problem.status if problem else 200
    context = {
        "switches": rows,
        "names": names,
        "intents": [intent for intent in Intent if intent not in known],
        "problem": problem,
        "moving": moving,
    }
    return await page(request, viewer, "switches", "switches.html", status, **context)
