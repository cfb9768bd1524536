"""Who is asking: the bearer of an API key, or a person with a session; as dependencies for routes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from service.errors import Forbidden, Refused, Unauthenticated
from service.store import api_keys, sessions, tenancy
from service.store.people import Person, Role
from service.store.sessions import SEEN_STEP, Session
from tools.ports import TenantName

COOKIE = "deskrail"
"""The session cookie over plain HTTP, as on a loopback address."""

SECURE_COOKIE = "__Host-deskrail"
"""The session cookie over HTTPS; the prefix makes browsers refuse one that another host or an insecure page set."""

bearer = HTTPBearer(auto_error=False, description="An API key, as `deskrail key create` prints it.")


class SignedOut(Refused):
    """Sign in to go on."""

    status = 401
    code = "signed_out"


@dataclass(frozen=True, slots=True)
class Credential:
    """An API key at work: its tenant, what it may do, and the person it acts as."""

    tenant: TenantName
    scopes: frozenset[str]
    person: Person | None
    key_id: str | None


async def credential(request: Request, sent: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> Credential:
    """The bearer's credential. Raises `Unauthenticated` with `WWW-Authenticate`."""
    if sent is None:
        raise Unauthenticated(headers={"WWW-Authenticate": 'Bearer realm="deskrail"'})
    with tenancy.across_tenants():
        async with request.app.state.services.db.reading() as conn:
            key = await api_keys.find(conn, sent.credentials)
    if key is None:
        raise Unauthenticated(headers={"WWW-Authenticate": 'Bearer realm="deskrail", error="invalid_token"'})
    tenancy.enter(key.tenant)
    return Credential(key.tenant, key.scopes, key.person, key.id)


def require(scope: str) -> Callable[[Credential], Awaitable[Credential]]:
    """A dependency: the bearer's credential, which must have this scope."""

    async def scoped(sent: Annotated[Credential, Depends(credential)]) -> Credential:
        if scope not in sent.scopes:
            raise Forbidden(f"This key does not have the scope {scope}.")
        return sent

    return scoped


def cookie_name(request: Request) -> str:
    """The name of the session cookie on this request's scheme."""
    return SECURE_COOKIE if request.url.scheme == "https" else COOKIE


def session_token(request: Request) -> str | None:
    """The token in the session cookie."""
    return request.cookies.get(cookie_name(request))


async def watching(request: Request) -> Session:
    """The live session, without counting the request as use: for streams."""
    services = request.app.state.services
    token = session_token(request)
    if not token:
        raise SignedOut
    with tenancy.across_tenants():
        async with services.db.reading() as conn:
            session = await sessions.find(conn, token, services.settings.session_secret, services.clock())
    if session is None:
        raise SignedOut
    tenancy.enter(session.person.tenant)
    return session


async def session(request: Request, live: Annotated[Session, Depends(watching)]) -> Session:
    """The live session of whoever sent the request; a page that refreshes itself is no use of it. Raises `SignedOut`."""
    services = request.app.state.services
    now = services.clock()
    by_itself = request.method == "GET" and "hx-request" in request.headers
    if now - live.seen_at > SEEN_STEP and not by_itself:
        async with services.db.begin() as conn:
            await sessions.touch(conn, session_token(request) or "", services.settings.session_secret, now)
    return live


async def signed_in(live: Annotated[Session, Depends(session)]) -> Person:
    """The person whose session this is."""
    return live.person


def require_role(*roles: Role) -> Callable[[Person], Awaitable[Person]]:
    """A dependency: the person signed in, who must hold one of these roles now."""

    async def allowed(person: Annotated[Person, Depends(signed_in)]) -> Person:
        if person.role not in roles:
            raise Forbidden("Your role does not allow this.")
        return person

    return allowed
