"""Autonomy: how far each tool may go without people, what it has earned, and an admin's word that changes it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from service.api import examples
from service.api.access import TheServices
from service.api.bodies import LevelChange, body_of
from service.api.once import ApiRoute
from service.auth import Credential, require
from service.bootstrap import Services
from service.errors import Forbidden
from service.openapi import json_body
from service.store.autonomy_view import Standing, standings
from service.store.shapes import Amount, AutonomyShape, Page, RecordShape
from tools.autonomy import MEANING, Level, Outcome
from tools.ports import TenantName

router = APIRouter(tags=["autonomy"], route_class=ApiRoute)


@router.get("/autonomy", responses=examples.shows(examples.page(examples.AUTONOMY)))
async def list_levels(
    services: TheServices, reader: Annotated[Credential, Depends(require("ops:read"))]
) -> Page[AutonomyShape]:
    """Every tool that acts: its level, its record, and the level that it has earned, which only an admin gives it."""
    found = await _standings(services, reader.tenant)
    return Page[AutonomyShape](items=[_shape(one) for one in found], next_cursor=None)


@router.put(
    "/autonomy/{tool}",
    responses=examples.shows(examples.AUTONOMY),
    openapi_extra=json_body(LevelChange, {"level": "approve_all", "reason": "Two wrong refunds on Friday."}),
)
async def change_level(
    services: TheServices,
    writer: Annotated[Credential, Depends(require("ops:write"))],
    tool: Annotated[str, Path(max_length=64)],
    body: Annotated[LevelChange, Depends(body_of(LevelChange))],
) -> AutonomyShape:
    """Set how far a tool may go. From the answer on, every decision is made at the new level.

    Needs a key that acts as an admin. With `was`, the level is changed only if it still is that one.
    """
    if writer.person is None:
        raise Forbidden("This needs a key that acts as a person.")
    policy = services.policy_for(writer.tenant)
    was = None if body.was is None else Level(body.was)
    await services.autonomy.change(writer.person, policy, tool, Level(body.level), body.reason, was)
    return _shape(next(one for one in await _standings(services, writer.tenant) if one.row.tool == tool))


async def _standings(services: Services, tenant: TenantName) -> tuple[Standing, ...]:
    async with services.db.reading() as conn:
        return await standings(conn, tenant, services.policy_for(tenant), services.clock())


def _shape(one: Standing) -> AutonomyShape:
    row, record = one.row, one.record
    alone = None if one.alone is None else [Amount(amount_minor=m.amount_minor, currency=m.currency) for m in one.alone]
    return AutonomyShape(
        tool=row.tool,
        level=row.level.value,
        meaning=MEANING[row.level],
        default=row.default.value,
        reason=row.reason,
        by=row.by,
        at=row.at,
        alone_up_to=alone,
        record=RecordShape(
            days=one.days,
            as_proposed=record.count(Outcome.AS_PROPOSED),
            changed=record.count(Outcome.CHANGED),
            denied=record.count(Outcome.DENIED),
            reversed=record.reversed,
            alone=record.alone,
            waiting=record.waiting,
            streak=record.streak,
        ),
        proposed=one.proposal.level.value if one.proposal.level else None,
        why=one.proposal.why,
    )
