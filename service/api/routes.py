"""All routes of the JSON API, with the refusals that each of them may answer."""

from typing import Any

from fastapi import APIRouter

from service.api import (
    actions,
    approvals,
    autonomy,
    confirmation,
    escalations,
    messages,
    settlement,
    switches,
    tickets,
    tools,
)
from service.openapi import refusal

REFUSALS: dict[int | str, dict[str, Any]] = {
    400: refusal("The body is not strict JSON."),
    401: refusal("No valid key."),
    403: refusal("The key's scope, its person's role, or the policy does not allow this."),
    404: refusal("There is no such thing in the key's tenant."),
    409: refusal("The thing is no longer in the state that this needs."),
    422: refusal("The request does not have the expected shape."),
    503: refusal("The database is away or full; send this again after `Retry-After` seconds."),
}

router = APIRouter(prefix="/v1", responses=REFUSALS)
for part in (tickets, messages, actions, confirmation, settlement, approvals, escalations, switches, autonomy, tools):
    router.include_router(part.router)
