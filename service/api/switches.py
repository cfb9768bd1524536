"""Kill switches: how they stand, and throwing one."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Path

from service.api import examples
from service.api.access import TheServices
from service.api.bodies import SwitchChange, body_of
from service.api.once import ApiRoute
from service.auth import Credential, require
from service.errors import Forbidden
from service.openapi import json_body
from service.store.people import SWITCHERS
from service.store.shapes import InFlightShape, Page, SwitchShape
from service.store.switches import InFlight, Scope, SwitchRow

router = APIRouter(tags=["switches"], route_class=ApiRoute)


@router.get("/switches", responses=examples.shows(examples.page(examples.SWITCH)))
async def list_switches(
    services: TheServices, reader: Annotated[Credential, Depends(require("ops:read"))]
) -> Page[SwitchShape]:
    """Every switch of the tenant: its own, its effects, lanes and tools, and every intent that was ever switched."""
    rows = await services.switches.all(reader.tenant)
    return Page[SwitchShape](items=[_shape(row, row.in_flight) for row in rows], next_cursor=None)


@router.put(
    "/switches/{scope}/{name}",
    responses=examples.shows(examples.SWITCH),
    openapi_extra=json_body(SwitchChange, {"on": True, "reason": "The shop's system answers twice."}),
)
async def throw(
    services: TheServices,
    writer: Annotated[Credential, Depends(require("ops:write"))],
    scope: Scope,
    name: Annotated[str, Path(max_length=64)],
    body: Annotated[SwitchChange, Depends(body_of(SwitchChange))],
) -> SwitchShape:
    """Throw a switch or put it back.

    From the answer on, nothing that it stops is decided or sent; what was in flight is listed.
    """
    if writer.person is None or writer.person.role not in SWITCHERS:
        raise Forbidden("A switch needs a key that acts as a supervisor or an admin.")
    row, running = await services.switches.throw(writer.tenant, scope, name, body.on, body.reason, writer.person.id)
    return _shape(row, running)


def _shape(row: SwitchRow, running: Sequence[InFlight]) -> SwitchShape:
    flying = [
        InFlightShape(id=one.id, ticket_id=one.ticket, tool=one.tool, status=one.status, status_now=one.now) for one in running
    ]
    return SwitchShape(scope=row.scope, name=row.name, on=row.on, reason=row.reason, by=row.by, at=row.at, in_flight=flying)
