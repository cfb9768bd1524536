"""The way in for tickets: Standard Webhooks, verified over the raw body before anything is read from it."""

import base64
import hmac
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from standardwebhooks.webhooks import hmac_data
from starlette.datastructures import Headers

from service import strict_json
from service.errors import WebhookUnauthenticated
from service.openapi import json_body, refusal
from service.payload import EXAMPLE, Delivery
from service.problem import invalid

TOLERANCE_SECONDS = 300  # either side of our clock

# A full stop would make `id.timestamp.body` mean two things; the rest has no place in an id.
_ID = re.compile(r"[A-Za-z0-9_:=+/~@-]{1,200}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_NO_KEY = (b"\0" * 32,)

HEADERS = [
    {"name": name, "in": "header", "required": True, "schema": {"type": "string"}, "description": meaning}
    for name, meaning in (
        ("webhook-id", "The delivery's own id, the same on every try; letters, digits and _:=+/~@-"),
        ("webhook-timestamp", "When it was sent, in seconds since 1970; at most five minutes from our clock."),
        ("webhook-signature", "One or more of `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`."),
    )
]

ACCEPTED = {"ticket_id": "tkt_9f3c1b2a4d5e6f708192a3b4c5", "message_id": "msg_0a1b2c3d4e5f60718293a4b5c6", "duplicate": False}

ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "It was here before.", "content": {"application/json": {"example": ACCEPTED | {"duplicate": True}}}},
    202: {"description": "It is stored.", "content": {"application/json": {"example": ACCEPTED}}},
    400: refusal("The body is not strict JSON."),
    401: refusal("The signature, the time or the tenant is not good; the answer is the same for every cause."),
    409: refusal("This webhook-id came with another body before."),
    413: refusal("The body is over 256 KiB."),
    415: refusal("The body has a content encoding."),
    422: refusal("The body does not have the shape of a message."),
    503: refusal("Nothing can be stored now; send this again after `Retry-After` seconds."),
}

log = structlog.get_logger()
router = APIRouter(tags=["webhooks"])


@router.post(
    "/v1/webhooks/{tenant}/standard",
    status_code=202,
    summary="Take in one message of a ticket",
    responses=ANSWERS,
    openapi_extra=json_body(Delivery, EXAMPLE) | {"parameters": HEADERS},
)
async def standard(request: Request, tenant: Annotated[str, Path()]) -> JSONResponse:
    """Store a message that a help desk sends, signed as Standard Webhooks; 202, or 200 when it was here before."""
    services = request.app.state.services
    body = await request.body()
    keys = services.settings.webhook_keys.get(tenant, ())
    webhook_id = authenticate(keys, request.headers, body, services.clock())
    delivery = _delivery(body)
    accepted = await services.intake.accept(tenant, "standard", webhook_id, body, delivery.data)
    answer = {"ticket_id": accepted.ticket_id, "message_id": accepted.message_id, "duplicate": accepted.duplicate}
    return JSONResponse(answer, 200 if accepted.duplicate else 202)


def authenticate(keys: Sequence[bytes], headers: Headers, body: bytes, now: datetime) -> str:
    """The webhook's id, when one of the keys signed exactly this id, time and body.

    Raises `WebhookUnauthenticated`, the same for every cause and after the same work.
    """
    webhook_id, timestamp, signatures = (
        _only(headers, name) for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    )
    signed = b".".join((webhook_id.encode(), timestamp.encode(), body))
    matches = _matches(keys or _NO_KEY, signed, signatures)
    fresh = bool(_SECONDS.fullmatch(timestamp)) and abs(now.timestamp() - int(timestamp)) <= TOLERANCE_SECONDS
    if not (keys and matches and fresh and _ID.fullmatch(webhook_id)):
        log.info("webhook.unauthenticated", has_secret=bool(keys), fresh=fresh, signature_matches=bool(keys) and matches)
        raise WebhookUnauthenticated
    return webhook_id


def _only(headers: Headers, name: str) -> str:
    """The header's one value; none, or several, are the empty text, which nothing accepts."""
    values = headers.getlist(name)
    return values[0] if len(values) == 1 else ""


def _matches(keys: Sequence[bytes], signed: bytes, header: str) -> bool:
    """Whether a `v1` signature of the header is the signature under one of the keys; every pair is compared."""
    given = [part.removeprefix("v1,").encode() for part in header.split(" ") if part.startswith("v1,")]
    found = False
    for key in keys:
        expected = base64.b64encode(hmac_data(key, signed))
        for signature in given[:16]:
            found |= hmac.compare_digest(expected, signature)
    return found


def _delivery(body: bytes) -> Delivery:
    value = strict_json.loads(body)
    try:
        return Delivery.model_validate(value)
    except ValidationError as error:
        raise invalid(error) from None
