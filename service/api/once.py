"""Answers a POST once for each Idempotency-Key: the first answer is kept and sent again."""

import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from service.auth import Credential, require
from service.errors import Invalid, Refused
from service.problem import problem, request_id
from service.store import idempotency
from service.store.idempotency import Answer, Held

_KEY = re.compile(r"[\x21-\x7e]{1,200}", re.ASCII)
_TRY_AGAIN = 429
"""An answer with this status, or one from 500 up, did nothing: the same request may be tried again."""


class Replayed(Exception):
    """The request was answered before; carries that answer, and ends the work on this one."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class ApiRoute(APIRoute):
    """A route of the API; what it answers to a held key is kept."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        """The framework's handler, wrapped."""
        handle = super().get_route_handler()

        async def once(request: Request) -> Response:
            try:
                response = await handle(request)
            except Replayed as again:
                first = again.answer
                return Response(first.text, first.status, {"Idempotent-Replayed": "true"}, first.media_type)
            except Refused as refused:
                response = problem(request_id(request), refused)
            except BaseException:  # Whatever ended it, also a client that left: the key is free again.
                await _end(request, None)
                raise
            await _end(request, response)
            return response

        return once


def posting(scope: str) -> Callable[..., Awaitable[Credential]]:
    """A dependency of every POST: the credential, with this scope, and its Idempotency-Key held when it sent one."""

    async def credential_once(
        request: Request,
        credential: Annotated[Credential, Depends(require(scope))],
        key: Annotated[str | None, Header(alias="Idempotency-Key")] = None,
    ) -> Credential:
        if key is not None:
            await _begin(request, credential, key)
        return credential

    return credential_once


def origin_of(request: Request) -> str:
    """A repeated request meets what it made, even when the process died between effect and answer; another one never does."""
    held = _held(request)
    return f"request:{held.origin if held else request_id(request)}"


async def _begin(request: Request, credential: Credential, key: str) -> None:
    if not _KEY.fullmatch(key):
        raise Invalid("Idempotency-Key: 1 to 200 printable ASCII characters")
    services = request.app.state.services
    sha256 = idempotency.fingerprint(request.method, request.url.path, await request.body())
    held = Held(credential.tenant, credential.key_id or "", key, sha256, services.clock())
    async with services.db.begin() as conn:
        first = await idempotency.hold(conn, held)
    if first is not None:
        raise Replayed(first)
    request.state.held = held


def _held(request: Request) -> Held | None:
    return getattr(request.state, "held", None)


async def _end(request: Request, response: Response | None) -> None:
    held = _held(request)
    if held is None:
        return
    async with request.app.state.services.db.begin() as conn:
        if response is None or response.status_code == _TRY_AGAIN or response.status_code >= 500:
            await idempotency.release(conn, held)
        else:
            text = bytes(response.body).decode()
            await idempotency.keep(conn, held, Answer(response.status_code, text, response.media_type or "application/json"))
