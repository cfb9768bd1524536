"""Puts the console and the operations page under the web application, as a site of its own that answers in HTML."""

from typing import Any

from fastapi import Depends, FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from service.console import (
    act_routes,
    action_routes,
    approval_routes,
    live,
    people_routes,
    policy_routes,
    queue_routes,
    settling_routes,
    signin_routes,
    switch_routes,
    ticket_routes,
)
from service.console.mishaps import install_mishaps
from service.console.pages import STATIC
from service.console.security import Guard, own_page, storable_form
from service.errors import Fatal
from service.ops import metrics, ops_routes

ROUTERS = (
    signin_routes.router,
    queue_routes.router,
    ticket_routes.router,
    act_routes.router,
    approval_routes.router,
    action_routes.router,
    settling_routes.router,
    switch_routes.router,
    policy_routes.router,
    people_routes.router,
    live.router,
    ops_routes.router,
)

KEPT = "public, max-age=31536000, immutable"
"""Static files carry their content's hash in their address, so they never change."""


TELEMETRY: TelemetryConfig = {"logs": False, "operation_spans": False}
"""No log records: they hold exception texts, and those may hold customers' data."""


class _Assets(StaticFiles):
    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = KEPT
        return response


class Site(BaseRoute):
    """Hands the bare address and everything under `/console` and `/ops` to the site, with its whole path."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the path is the site's."""
        path = scope.get("path", "")
        under = any(path == place or path.startswith(f"{place}/") for place in ("/console", "/ops"))
        mine = scope["type"] == "http" and (path == "/" or under)
        return (Match.FULL, {}) if mine else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the site answer."""
        await self.app(scope, receive, send)


def build_site(services: Any) -> FastAPI:
    """The console and `/ops` over these services. Raises `Fatal` without a session secret."""
    if not services.settings.session_secret:
        raise Fatal("Set DESKRAIL_SESSION_SECRET to a long random text; it signs the console's sessions.")
    guards = [Depends(own_page), Depends(storable_form)]
    site = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, dependencies=guards, telemetry=TELEMETRY)
    site.state.services = services
    site.state.pulse = live.Pulse(services.db)
    site.add_middleware(Guard)
    install_mishaps(site)
    for router in ROUTERS:
        site.include_router(router)
    site.mount("/console/static", _Assets(directory=STATIC))
    return site


def install(app: FastAPI, services: Any) -> FastAPI:
    """Add the site, and the metrics, to the web application; returns the site."""
    site = build_site(services)
    app.include_router(metrics.router)
    app.router.routes.append(Site(site))
    return site
