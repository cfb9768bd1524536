"""The customer's yes or no to one action, brought by a channel that speaks for the verified customer."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from service.api import examples
from service.api.access import TheServices
from service.api.bodies import Confirmation, body_of
from service.api.once import ApiRoute, posting
from service.auth import Credential
from service.openapi import json_body
from service.store import action_views
from service.store.shapes import ActionShape

router = APIRouter(tags=["actions"], route_class=ApiRoute)


@router.post(
    "/actions/{action}/confirmation",
    status_code=202,
    responses=examples.shows(examples.ACTION, 202),
    openapi_extra=json_body(Confirmation, {"answer": "yes"}),
)
async def confirm(
    services: TheServices,
    channel: Annotated[Credential, Depends(posting("customer:confirm"))],
    action: Annotated[str, Path(max_length=64)],
    body: Annotated[Confirmation, Depends(body_of(Confirmation))],
) -> ActionShape:
    """Answer the open question about an action; its ticket goes on at once. Scope: `customer:confirm`."""
    await services.confirmations.answer(channel.tenant, channel.key_id or "", action, yes=body.answer == "yes")
    async with services.db.reading() as conn:
        return await action_views.action(conn, channel.tenant, action)
