"""Builds the web application: the webhooks, the API, its reference and the health of the process behind one edge."""

from importlib.metadata import version
from typing import Any

from fastapi import FastAPI

from service import health, problem, webhooks
from service.api import routes
from service.edge import Edge
from service.reference import page

DESCRIPTION = """Customer support on rails: signed tickets come in, answers go out, and people decide what needs a person.

Send an API key as a bearer token; it sees its own tenant, and whatever belongs to another one is not there. Money is in minor \
units, times are RFC 3339 in UTC.

Every error is application/problem+json with a code, and with a rule where a policy rule spoke. A POST with an Idempotency-Key \
is done once: the same request gets the first answer again.

Lists take limit (1 to 200) and cursor, and answer next_cursor until they end."""


def create_app(services: Any) -> FastAPI:
    """The application over these services, which the caller starts and stops."""
    app = FastAPI(
        title="Deskrail",
        version=version("deskrail"),
        description=DESCRIPTION,
        # The framework's own pages load their scripts from another host.
        docs_url=None,
        redoc_url=None,
        # Its log records hold exception texts, and those may hold customers' data.
        telemetry={"logs": False, "operation_spans": False},
    )
    app.state.services = services
    app.add_middleware(Edge)
    problem.install(app)
    for router in (webhooks.router, routes.router, health.router, page.router):
        app.include_router(router)
    return app
