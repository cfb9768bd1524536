"""Escalations: what waits for a person, and claiming, releasing and resolving it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path

from service.api import examples
from service.api.access import Reader, ThePart, TheServices, Writer, worker
from service.api.bodies import Resolution, body_of
from service.api.once import ApiRoute
from service.bootstrap import Services
from service.openapi import json_body
from service.store import escalation_views
from service.store.shapes import EscalationShape, Page

State = Literal["open", "claimed", "resolved"]
TheEscalation = Annotated[str, Path(max_length=64)]

router = APIRouter(tags=["escalations"], route_class=ApiRoute)


@router.get("/escalations", responses=examples.shows(examples.page(examples.ESCALATION)))
async def list_escalations(
    services: TheServices, reader: Reader, part: ThePart, state: State | None = None
) -> Page[EscalationShape]:
    """List escalations, those due first first."""
    async with services.db.reading() as conn:
        return await escalation_views.list_escalations(conn, reader.tenant, state, part)


@router.post("/escalations/{escalation}/claim", responses=examples.shows(examples.ESCALATION))
async def claim(services: TheServices, writer: Writer, escalation: TheEscalation) -> EscalationShape:
    """Make the escalation one's own; what the bot had not sent yet becomes a note."""
    await services.desk.claim(worker(writer), escalation)
    return await _shape(services, writer.tenant, escalation)


@router.post("/escalations/{escalation}/release", responses=examples.shows(examples.ESCALATION))
async def release(services: TheServices, writer: Writer, escalation: TheEscalation) -> EscalationShape:
    """Put one's own escalation back into the queue."""
    await services.desk.release(worker(writer), escalation)
    return await _shape(services, writer.tenant, escalation)


@router.post(
    "/escalations/{escalation}/resolve",
    responses=examples.shows(examples.ESCALATION),
    openapi_extra=json_body(Resolution, {"text": "I have sent you a new one."}),
)
async def resolve(
    services: TheServices,
    writer: Writer,
    escalation: TheEscalation,
    body: Annotated[Resolution, Depends(body_of(Resolution, optional=True))],
) -> EscalationShape:
    """End one's own escalation and its ticket, with a last reply if the body has a `text`."""
    await services.desk.resolve(worker(writer), escalation, body.text)
    return await _shape(services, writer.tenant, escalation)


async def _shape(services: Services, tenant: str, escalation: str) -> EscalationShape:
    async with services.db.reading() as conn:
        return await escalation_views.escalation(conn, tenant, escalation)
