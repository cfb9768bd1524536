"""Turns every refusal and failure into one shape: `application/problem+json` (RFC 9457), which never repeats input."""

import json
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from service.errors import Invalid, NotFound, Refused, TooLarge

MEDIA_TYPE = "application/problem+json"
MAX_FINDINGS = 5  # places named in one validation error


class MethodNotAllowed(Refused):
    """This path does not take that method."""

    status = 405
    code = "method_not_allowed"


class TooSlow(Refused):
    """The body did not arrive in time."""

    status = 408
    code = "timeout"


class Failed(Refused):
    """Something went wrong here; the request id finds it in the log."""

    status = 500
    code = "internal"


def request_id(request: Request) -> str:
    """The id of this request, as the response's `X-Request-Id` and the log lines carry it."""
    return request.scope["state"]["request_id"]


def problem(identity: str, refused: Refused) -> Response:
    """The answer to a refused request; `identity` is the request's id."""
    body = {
        "type": f"urn:deskrail:problem:{refused.code}",
        "title": HTTPStatus(refused.status).phrase,
        "status": refused.status,
        "code": refused.code,
        "detail": refused.detail,
        "request_id": identity,
    }
    if refused.rule is not None:
        body["rule"] = refused.rule
    return Response(json.dumps(body), refused.status, refused.headers, MEDIA_TYPE)


def invalid(error: ValidationError | RequestValidationError) -> Invalid:
    """The places that have the wrong shape and why, in the schema's own words."""
    found = error.errors(include_input=False) if isinstance(error, ValidationError) else error.errors()
    return Invalid("; ".join(f"{_place(one['loc'], one['type'])}: {one['msg']}" for one in found[:MAX_FINDINGS]))


def install(app: FastAPI) -> None:
    """Answer the framework's own errors, and ours, in the one shape."""

    async def on_refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        return problem(request_id(request), error)

    async def on_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return problem(request_id(request), invalid(error))

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return problem(request_id(request), _refused(error))

    app.add_exception_handler(Refused, on_refused)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HTTPException, on_http)


def _refused(error: HTTPException) -> Refused:
    """The framework's own error as one of ours; its text may hold input and is left out."""
    headers = dict(error.headers or {})
    for known in (NotFound, MethodNotAllowed, TooSlow, TooLarge):
        if error.status_code == known.status:
            return known(headers=headers)
    other = Refused(HTTPStatus(error.status_code).phrase, headers=headers)
    other.status = error.status_code
    return other


def _place(parts: tuple[int | str, ...], kind: str) -> str:
    # The last part of a forbidden extra is a name that the sender made up.
    known = parts[:-1] if kind == "extra_forbidden" else parts
    return ".".join(str(part) for part in known) or "body"
