"""What guards every page: headers that keep foreign code out, and the check that unsafe requests come from our own pages."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Form, Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.auth import require_role, session
from service.errors import CsrfFailed, Invalid
from service.store.people import Person, Role
from service.store.sessions import Session

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)

PAGE_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}

_SAFE = {"GET", "HEAD", "OPTIONS"}


class Guard:
    """Plain ASGI, so that event streams pass through it untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Put the headers on every answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in PAGE_HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, guarded)


async def own_page(request: Request) -> None:
    """A dependency of every route: an unsafe request must come from our own page, or the person's own hand.

    Browsers say so themselves, in `Sec-Fetch-Site` or at least in `Origin`; who says nothing is not believed.
    """
    if request.method in _SAFE:
        return
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        own = site in ("same-origin", "none")
    else:
        origin = request.headers.get("origin")
        own = origin is not None and urlsplit(origin).netloc == request.headers.get("host")
    if not own:
        raise CsrfFailed


async def storable_form(request: Request) -> None:
    """A dependency of every route: no field of a form holds NUL, which nobody types and PostgreSQL cannot store."""
    if request.method in _SAFE:
        return
    if any("\0" in text for field in (await request.form()).multi_items() for text in field if isinstance(text, str)):
        raise Invalid


async def own_form(live: Annotated[Session, Depends(session)], form_token: Annotated[str, Form()] = "") -> Session:
    """A dependency of every route that changes something: the session, and the token that its forms carry."""
    if not hmac.compare_digest(form_token.encode(), live.csrf.encode()):
        raise CsrfFailed
    return live


def allowed(held: frozenset[Role]) -> Callable[[Session, Person], Awaitable[Session]]:
    """A dependency of pages that not every role may read."""

    async def check(
        live: Annotated[Session, Depends(session)], _person: Annotated[Person, Depends(require_role(*held))]
    ) -> Session:
        return live

    return check


def allowed_form(held: frozenset[Role]) -> Callable[[Session, Person], Awaitable[Session]]:
    """A dependency of routes that change something and that not every role may use."""

    async def check(
        live: Annotated[Session, Depends(own_form)], _person: Annotated[Person, Depends(require_role(*held))]
    ) -> Session:
        return live

    return check
