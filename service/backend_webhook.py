"""The way in for the merchant's own system: Standard Webhooks that say what became of an effect which we had asked for."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service import strict_json
from service.openapi import json_body, refusal
from service.payload import Moment
from service.problem import invalid
from service.store import tenancy
from service.webhooks import HEADERS, authenticate


class EffectKey(BaseModel):
    """Which effect it is about: the idempotency key that we sent with it. Other fields are ignored."""

    model_config = ConfigDict(frozen=True)

    key: Annotated[str, Field(pattern=r"^[0-9a-f]{64}(:refund)?$")]


class EffectEvent(BaseModel):
    """What a merchant's system tells about an effect: it is done now, or it has failed after all."""

    model_config = ConfigDict(frozen=True)

    type: Literal["effect.settled", "effect.failed"]
    timestamp: Moment
    data: EffectKey


EXAMPLE = {
    "type": "effect.failed",
    "timestamp": "2026-11-21T09:30:00Z",
    "data": {"key": "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"},
}

HEARD = {"action_id": "act_9f3c1b2a4d5e6f708192a3b4c5", "status": "failed", "duplicate": False}

ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "It was heard before.",
        "content": {"application/json": {"example": HEARD | {"duplicate": True}}},
    },
    202: {"description": "It is followed.", "content": {"application/json": {"example": HEARD}}},
    400: refusal("The body is not strict JSON."),
    401: refusal("The signature, the time or the tenant is not good; the answer is the same for every cause."),
    404: refusal("No effect with this key was ever sent to this tenant's system."),
    409: refusal("This webhook-id came with another body before."),
    413: refusal("The body is over 256 KiB."),
    415: refusal("The body has a content encoding."),
    422: refusal("The body does not have the shape of an event."),
    503: refusal("The merchant's books cannot be read now; send this again after `Retry-After` seconds."),
}

router = APIRouter(tags=["webhooks"])


@router.post(
    "/v1/webhooks/{tenant}/backend",
    status_code=202,
    summary="Hear what became of an effect in the merchant's system",
    responses=ANSWERS,
    openapi_extra=json_body(EffectEvent, EXAMPLE) | {"parameters": HEADERS},
)
async def backend(request: Request, tenant: Annotated[str, Path()]) -> JSONResponse:
    """Look an effect up because the merchant's system says that something happened to it; what its books say then counts.

    Signed as Standard Webhooks with the tenant's backend secret, which is not the help desk's.
    """
    services = request.app.state.services
    body = await request.body()
    keys = services.settings.backend_keys.get(tenant, ())
    webhook_id = authenticate(keys, request.headers, body, services.clock())
    value = strict_json.loads(body)
    try:
        event = EffectEvent.model_validate(value)
    except ValidationError as error:
        raise invalid(error) from None
    tenancy.enter(tenant)
    heard = await services.backend_news.hear(tenant, webhook_id, body, event.type, event.data.key)
    answer = {"action_id": heard.action.id, "status": heard.action.status.value, "duplicate": heard.duplicate}
    return JSONResponse(answer, 200 if heard.duplicate else 202)
