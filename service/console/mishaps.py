"""What people see when a request is refused or fails: a page, or a message on the page that they are on."""

from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from service.auth import SignedOut
from service.console.pages import html
from service.errors import Refused
from service.store.outages import is_outage

LOGIN = "/console/login"

# An error goes to the message line of the page that asked, instead of into the region that it wanted to change.
_TO_MESSAGE_LINE = {"HX-Retarget": "#problem", "HX-Reswap": "innerHTML", "HX-Reselect": "#problem-text"}

_TITLES = {
    401: "Sign in first",
    403: "Not allowed",
    404: "Not here",
    405: "Not like this",
    409: "It has changed",
    410: "This link is used up",
    422: "Something is missing",
    429: "Too many attempts",
    503: "Not now",
}


def install_mishaps(site: FastAPI) -> None:
    """Answer every refusal and failure of the site in HTML."""
    site.add_exception_handler(SignedOut, _on_signed_out)
    site.add_exception_handler(Refused, _on_refused)
    site.add_exception_handler(RequestValidationError, _on_validation)
    site.add_exception_handler(HTTPException, _on_http)
    site.add_exception_handler(Exception, _on_failure)


async def _on_signed_out(request: Request, error: Exception) -> Response:
    if request.method == "GET" and not _by_script(request):
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"{LOGIN}?next={quote(path, safe='/')}", 303)
    if not _by_script(request):
        return _answer(request, 401, "Your session has ended. Sign in to go on.")
    # A page on which somebody has begun to write does not follow the redirect, and shows this instead.
    told = "Your session has ended. What you have written is still here: sign in in another tab, then go on."
    return _answer(request, 401, told, {"HX-Redirect": LOGIN}, door=LOGIN)


async def _on_refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return _answer(request, error.status, error.detail, error.headers)


async def _on_validation(request: Request, error: Exception) -> Response:
    return _answer(request, 422, "A field is missing, too long, or holds what this page does not offer.")


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    known = {404: "There is no such page here.", 405: "This page cannot be used that way."}
    return _answer(request, error.status_code, known.get(error.status_code, "The request was not accepted."))


async def _on_failure(request: Request, error: Exception) -> Response:
    if is_outage(error):
        # A commit whose answer got lost looks the same from here as one that never was.
        advice = (
            "Try again soon."
            if request.method == "GET"
            else "It is not known whether this was done; look before you try again."
        )
        return _answer(request, 503, f"The database cannot be reached right now. {advice}")
    return _answer(request, 500, "Something went wrong here. The request's id finds it in the log.")


def _by_script(request: Request) -> bool:
    return "hx-request" in request.headers or "text/event-stream" in request.headers.get("accept", "")


def _answer(
    request: Request, status: int, detail: str, headers: dict[str, str] | None = None, *, door: str | None = None
) -> Response:
    extra = {**(headers or {}), **(_TO_MESSAGE_LINE if "hx-request" in request.headers else {})}
    title = _TITLES.get(status, "Something went wrong")
    identity = request.scope.get("state", {}).get("request_id")
    return html("problem.html", status, extra, title=title, detail=detail, request_id=identity, door=door)
