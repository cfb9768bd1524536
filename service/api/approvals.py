"""Approvals: what waits for votes, and a vote."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path

from service.api import examples
from service.api.access import Reader, ThePart, TheServices
from service.api.bodies import Decision, body_of
from service.api.once import ApiRoute, posting
from service.auth import Credential
from service.errors import Forbidden
from service.openapi import json_body
from service.store import approval_views
from service.store.shapes import ApprovalShape, Page
from tools.ports import ApprovalId

State = Literal["pending", "approved", "denied", "expired", "superseded", "used"]
Decider = Annotated[Credential, Depends(posting("approvals:decide"))]

router = APIRouter(tags=["approvals"], route_class=ApiRoute)


@router.get("/approvals", responses=examples.shows(examples.page(examples.APPROVAL)))
async def list_approvals(
    services: TheServices, reader: Reader, part: ThePart, state: State | None = None
) -> Page[ApprovalShape]:
    """List approvals, those that have waited longest first."""
    async with services.db.reading() as conn:
        return await approval_views.list_approvals(conn, reader.tenant, state, part)


@router.post(
    "/approvals/{approval}/decision",
    responses=examples.shows(examples.APPROVAL),
    openapi_extra=json_body(Decision, examples.DECISION),
)
async def decide(
    services: TheServices,
    decider: Decider,
    approval: Annotated[str, Path(max_length=64)],
    body: Annotated[Decision, Depends(body_of(Decision))],
) -> ApprovalShape:
    """Vote as the key's person, who must be a supervisor and not the requester; `digest` is the one that was shown.

    A no needs its `reason`.
    """
    if decider.person is None:
        raise Forbidden("A decision needs a key that acts as a person.")
    await services.approvals.decide(decider.person, ApprovalId(approval), body.decision, body.reason, body.digest)
    async with services.db.reading() as conn:
        return await approval_views.approval(conn, decider.tenant, approval)
