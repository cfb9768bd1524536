"""Builds the web application: webhooks, API, reference, health and console, behind one edge."""

from importlib.metadata import version

from fastapi import FastAPI

from service import backend_webhook, health, problem, site, webhooks
from service.api import routes
from service.bootstrap import Services
from service.edge import Edge
from service.reference import page

DESCRIPTION = """Customer support on rails: signed tickets come in, answers go out, and people decide what needs a person.

Send an API key as a bearer token. Reading needs its scope tickets:read; messages, take-over and escalations tickets:write; \
calling tools tools:call; voting approvals:decide; answering for the customer customer:confirm; switches ops:read and \
ops:write. A key that acts as a person may do what that person's role allows, and no more. A key sees its own tenant, and \
whatever belongs to another one is not there. Money is in minor units, times are RFC 3339 in UTC.

Every error is application/problem+json with a code, and with a rule where a policy rule spoke. A POST with an Idempotency-Key \
is done once: the same request gets the first answer again.

Lists take limit (1 to 200) and cursor, and answer next_cursor until they end."""


def create_app(services: Services, *, has_worker: bool = False) -> FastAPI:
    """The application over these services, which the caller starts and stops; `has_worker` says that a worker runs beside it.

    Raises `Fatal` without a session secret.
    """
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
    app.state.has_worker = has_worker
    app.add_middleware(Edge)
    problem.install(app)
    for router in (webhooks.router, backend_webhook.router, routes.router, health.router, page.router):
        app.include_router(router)
    site.install(app, services)
    return app
