"""`GET /metrics`: for a scraper with the metrics' own token, or on the same machine when none is set."""

import hmac
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.errors import Forbidden, Unauthenticated
from service.store import facts, stats, tenancy
from service.store.facts import Facts
from service.store.stats import Scope
from service.store.tenants import tenant_names
from service.telemetry import CONTENT_TYPE, exposition

router = APIRouter(tags=["operations"])

LOOPBACK = {"127.0.0.1", "::1"}


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(request: Request) -> Response:
    """The facts and figures in Prometheus' text format."""
    services = request.app.state.services
    _admit(request, services.settings.metrics_token)
    with tenancy.across_tenants():
        return Response(exposition(*await _gather(services)), media_type=CONTENT_TYPE)


async def _gather(services: Any) -> tuple[list[Facts], list[stats.WorkerBeat]]:
    async with services.db.reading() as conn:
        now = services.clock()
        told = [await facts.read(conn, Scope(tenant), now) for tenant in await tenant_names(conn)]
        return told, await stats.worker_beats(conn)


def _admit(request: Request, token: str | None) -> None:
    if token is not None:
        sent = request.headers.get("authorization", "")
        if not hmac.compare_digest(sent.encode(), f"Bearer {token}".encode()):
            raise Unauthenticated("Send the metrics token.", headers={"WWW-Authenticate": 'Bearer realm="deskrail metrics"'})
        return
    # A proxy on this machine makes every request look local; then the token is the only sign.
    proxied = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    if proxied or request.client is None or request.client.host not in LOOPBACK:
        raise Forbidden("Set DESKRAIL_METRICS_TOKEN to read the metrics from another machine.")
