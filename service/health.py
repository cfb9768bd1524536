"""Whether the process lives, and whether it can do its work."""

from typing import Any

from fastapi import APIRouter, Request

from service.errors import Unavailable
from service.store import readiness

RETRY_AFTER = "5"  # seconds

router = APIRouter(tags=["operations"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(request: Request) -> dict[str, Any]:
    """The database answers and is migrated, and the worker inside this process, if it has one, beats; otherwise 503."""
    services = request.app.state.services
    async with services.db.reading() as conn:
        found = await readiness.read(conn)
        works = not request.app.state.has_worker or (found.migrated and await readiness.beats(conn, services.engine.worker_id))
    if not found.migrated:
        raise Unavailable("The database is not at this release's version.", headers={"Retry-After": RETRY_AFTER})
    if not works:
        raise Unavailable("The worker in this process does not beat.", headers={"Retry-After": RETRY_AFTER})
    return {"status": "ready", "workers": found.workers}
