"""People and the tenant's own journal: who may sign in, with which role, and what was changed by whom."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from service import accounts
from service.console import roles
from service.console.pages import page
from service.console.security import allowed, allowed_form
from service.errors import Invalid, NotFound, Refused
from service.store import audit, people
from service.store.people import Person, Role
from service.store.sessions import Purpose, Session
from tools.ports import PersonId

AUDIT_PAGE = 200  # entries

router = APIRouter()

Admin = Annotated[Session, Depends(allowed_form(roles.ADMINS))]


@router.get("/console/people")
async def show_people(request: Request, viewer: Annotated[Session, Depends(allowed(roles.ADMINS))]) -> Response:
    """Everybody who may sign in."""
    return await _page(request, viewer)


@router.post("/console/people")
async def add(
    request: Request,
    admin: Admin,
    email: Annotated[str, Form(max_length=320)],
    role: Annotated[Role, Form()],
    name: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Add a person; the page shows the one-time link for them, once."""
    services = request.app.state.services
    try:
        person, token = await accounts.create_person(services.db, services.clock, admin.person.tenant, email, role, name)
    except Refused as refused:
        return await _page(request, admin, problem=refused)
    return await _page(request, admin, link=(person, _link(request, token)))


@router.post("/console/people/{person_id}/link")
async def new_link(request: Request, admin: Admin, person_id: str) -> Response:
    """A new one-time link for somebody who lost theirs or forgot the password."""
    services = request.app.state.services
    person = await _find(request, admin, person_id)
    token = await accounts.make_link(services.db, services.clock, person, Purpose.SET_PASSWORD)
    return await _page(request, admin, link=(person, _link(request, token)))


@router.post("/console/people/{person_id}/role")
async def change_role(request: Request, admin: Admin, person_id: str, role: Annotated[Role, Form()]) -> Response:
    """Give a person another role; they sign in anew."""
    person = await _find(request, admin, person_id)
    if person.id == admin.person.id:
        return await _page(request, admin, problem=Invalid("Somebody else has to change your own role."))
    services = request.app.state.services
    async with services.db.begin() as conn:
        await people.change_role(conn, person, role, f"person:{admin.person.id}", services.clock())
    return RedirectResponse("/console/people", 303)


@router.post("/console/people/{person_id}/active")
async def set_active(request: Request, admin: Admin, person_id: str, active: Annotated[bool, Form()]) -> Response:
    """Lock a person out at once, or let them in again."""
    person = await _find(request, admin, person_id)
    if person.id == admin.person.id:
        return await _page(request, admin, problem=Invalid("You cannot lock yourself out."))
    services = request.app.state.services
    async with services.db.begin() as conn:
        await people.set_active(conn, person, active, f"person:{admin.person.id}", services.clock())
    return RedirectResponse("/console/people", 303)


@router.get("/console/audit")
async def show_audit(
    request: Request,
    viewer: Annotated[Session, Depends(allowed(roles.AUDITORS))],
    before: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """The tenant's own journal, newest first: sign-ins, people, keys and switches."""
    services, tenant = request.app.state.services, viewer.person.tenant
    async with services.db.reading() as conn:
        entries = await audit.newest(conn, tenant, before, AUDIT_PAGE)
        names = {person.id: person.called for person in await people.everyone(conn, tenant)}
    older = entries[-1].seq if entries and entries[-1].seq > 1 else None
    return await page(request, viewer, "audit", "audit.html", entries=entries, names=names, older=older)


async def _find(request: Request, admin: Session, person_id: str) -> Person:
    async with request.app.state.services.db.reading() as conn:
        person = await people.find(conn, PersonId(person_id))
    if person is None or person.tenant != admin.person.tenant:
        raise NotFound
    return person


def _link(request: Request, token: str) -> str:
    return f"{request.url.scheme}://{request.url.netloc}/console/link/{token}"


async def _page(
    request: Request, viewer: Session, problem: Refused | None = None, link: tuple[Person, str] | None = None
) -> Response:
    async with request.app.state.services.db.reading() as conn:
        everyone = await people.everyone(conn, viewer.person.tenant)
    status = problem.status if problem else 200
    context = {"everyone": everyone, "all_roles": list(Role), "problem": problem, "link": link}
    return await page(request, viewer, "people", "people.html", status, **context)
