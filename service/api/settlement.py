"""A person's word on how an action ended whose outcome nobody knew."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from service.api import examples
from service.api.access import TheServices
from service.api.bodies import Settlement, body_of
from service.api.once import ApiRoute, posting
from service.auth import Credential
from service.errors import Forbidden
from service.openapi import json_body
from service.store import action_views
from service.store.shapes import ActionShape

router = APIRouter(tags=["actions"], route_class=ApiRoute)


@router.post(
    "/actions/{action}/settlement",
    responses=examples.shows(examples.ACTION),
    openapi_extra=json_body(Settlement, examples.SETTLEMENT),
)
async def settle(
    services: TheServices,
    settler: Annotated[Credential, Depends(posting("approvals:decide"))],
    action: Annotated[str, Path(max_length=64)],
    body: Annotated[Settlement, Depends(body_of(Settlement))],
) -> ActionShape:
    """Say what became of an action whose outcome is `unknown`, as the key's person: a supervisor or an admin.

    Money is never settled by the person who asked for it. What the shop's own books say by now comes first: then, and when
    somebody else was first, 409 `not_unknown`. The customer is told, and the ticket goes on.
    """
    if settler.person is None:
        raise Forbidden("Settling needs a key that acts as a person.")
    happened = body.outcome == "happened"
    await services.settling.settle(settler.person, action, happened=happened, reference=body.reference, reason=body.reason)
    async with services.db.reading() as conn:
        return await action_views.action(conn, settler.tenant, action)
