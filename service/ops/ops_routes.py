"""The /ops page: what came in, what it cost, what waits, and whether the workers live."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from service.auth import session
from service.console import live
from service.console.pages import page
from service.ops.sparkline import spark
from service.store import facts, stats
from service.store.sessions import Session
from service.store.stats import Scope
from service.telemetry import oldest_waiting

STRETCHES = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}

router = APIRouter()


@router.get("/ops")
async def show_ops(
    request: Request,
    viewer: Annotated[Session, Depends(session)],
    last: Annotated[str, Query(pattern="^(hour|day|week|month)$")] = "day",
) -> Response:
    """The tenant's numbers over a stretch of time."""
    services, tenant = request.app.state.services, viewer.person.tenant
    now = services.clock()
    scope = Scope(tenant, now - STRETCHES[last])
    seen = await live.version(services.db, live.Topic(tenant, "tickets"))
    async with services.db.reading() as conn:
        told = await facts.read(conn, scope, now)
        drawn = spark(await stats.arrivals(conn, scope), now - STRETCHES[last], now)
        workers = await stats.worker_beats(conn)
    return await page(
        request,
        viewer,
        "ops",
        "ops.html",
        facts=told,
        spark=drawn,
        workers=workers,
        oldest=oldest_waiting(told),
        last=last,
        stretches=list(STRETCHES),
        seen=seen,
    )
