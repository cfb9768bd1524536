"""The pages before a session: signing in by password or one-time link, setting a password, and signing out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from service.auth import cookie_name, session_token
from service.console.pages import html
from service.console.security import own_form
from service.errors import Refused
from service.signin import LinkDead, SignIn
from service.store import sessions, tenancy
from service.store.sessions import SESSION_LIFE, Purpose, Session, SessionToken

HOME = "/console"

router = APIRouter()

Tenant = Annotated[str, Form(max_length=64)]
Email = Annotated[str, Form(max_length=320)]
Password = Annotated[str, Form(max_length=1_024)]


def sign_in_of(request: Request) -> SignIn:
    """The ways in, from the service's settings."""
    services = request.app.state.services
    return SignIn(services.db, services.clock, services.settings.session_secret)


def address_of(request: Request) -> str:
    """Where the request comes from, for counting attempts."""
    return request.client.host if request.client else "unknown"


def enter(request: Request, token: SessionToken, to: str = HOME) -> Response:
    """Go on to a page of the console with the new session's cookie."""
    response = RedirectResponse(local(to), 303)
    response.set_cookie(
        cookie_name(request),
        token,
        max_age=int(SESSION_LIFE.total_seconds()),
        path="/",
        httponly=True,
        secure=request.url.scheme == "https",
        samesite="lax",
    )
    return response


def local(path: str) -> str:
    """A path of the console to go on to; anything else, such as another host's address, becomes the queue."""
    inside = path == HOME or path == "/ops" or path.startswith((HOME + "/", HOME + "?"))
    return path if inside and "\\" not in path and not any(ord(character) < 32 for character in path) else HOME


@router.get("/")
async def front() -> Response:
    """Whoever types the bare address of the service means its console."""
    return RedirectResponse(HOME, 303)


@router.get("/console/login")
async def show(next_page: Annotated[str, Query(alias="next", max_length=500)] = HOME, tenant: str = "default") -> Response:
    """The sign-in form."""
    return html("login.html", next_page=local(next_page), tenant=tenant[:64], email="", problem=None)


@router.post("/console/login")
async def sign_in(
    request: Request,
    email: Email,
    password: Password,
    tenant: Tenant = "default",
    next_page: Annotated[str, Form(max_length=500)] = HOME,
) -> Response:
    """Sign in; a session that this browser had ends."""
    ways_in = sign_in_of(request)
    try:
        token = await ways_in.with_password(tenant, email, password, address_of(request))
    except Refused as refused:
        context = {"next_page": local(next_page), "tenant": tenant, "email": email, "problem": refused.detail}
        return html("login.html", refused.status, refused.headers, **context)
    await _end_old(request)
    return enter(request, token, next_page)


@router.post("/console/logout")
async def sign_out(request: Request, live: Annotated[Session, Depends(own_form)]) -> Response:
    """End the session, here and in the database."""
    await sign_in_of(request).leave(session_token(request) or "", live.person)
    response = RedirectResponse("/console/login", 303)
    response.delete_cookie(cookie_name(request), path="/", secure=request.url.scheme == "https", httponly=True)
    return response


@router.get("/console/link/{token}")
async def follow(request: Request, token: str) -> Response:
    """A one-time link: a sign-in link signs in, a password link shows its form."""
    if "prefetch" in request.headers.get("sec-purpose", ""):
        # A browser that only guesses where its person may go must not use the link up.
        return Response(status_code=503)
    services = request.app.state.services
    with tenancy.across_tenants():
        async with services.db.reading() as conn:
            peeked = await sessions.peek_link(conn, token, services.clock())
    if peeked is None:
        raise LinkDead
    person, purpose = peeked
    if purpose is Purpose.SET_PASSWORD:
        return html("set_password.html", token=token, email=person.email, problem=None)
    opened = await sign_in_of(request).with_link(token)
    await _end_old(request)
    return enter(request, opened)


@router.post("/console/link/{token}")
async def set_password(request: Request, token: str, password: Password, again: Password) -> Response:
    """Set the password and sign in; the link is used up only when the password is accepted."""
    problem = None if password == again else "The two passwords differ."
    opened = None
    if problem is None:
        try:
            opened = await sign_in_of(request).set_password(token, password)
        except LinkDead:
            raise
        except Refused as refused:
            problem = refused.detail
    if opened is None:
        return html("set_password.html", 422, token=token, email="", problem=problem)
    await _end_old(request)
    return enter(request, opened)


async def _end_old(request: Request) -> None:
    services = request.app.state.services
    if old := session_token(request):
        # The session that this browser had may be another tenant's.
        with tenancy.across_tenants():
            async with services.db.begin() as conn:
                await sessions.end(conn, old, services.settings.session_secret)
