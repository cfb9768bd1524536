"""A help desk as the service sees it: it signs what customers write and posts it, again when the service is busy."""

import asyncio
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from standardwebhooks import Webhook

from service.errors import Fatal

TRIES = 5
LONGEST_WAIT = 10.0  # seconds, whatever Retry-After says


@dataclass(frozen=True, slots=True)
class Letter:
    """One message on a ticket: who sends it, and whether the help desk vouches for them."""

    ticket: str
    number: int
    subject: str
    channel: str
    customer: str
    email: str
    name: str
    verified: bool
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service said to a webhook."""

    ticket_id: str
    message_id: str
    duplicate: bool


@dataclass(frozen=True, slots=True)
class HelpDesk:
    """Posts to one tenant of a running service."""

    client: httpx.AsyncClient
    url: str
    tenant: str
    signer: Webhook

    @classmethod
    def of(cls, client: httpx.AsyncClient, url: str, tenant: str, key: bytes) -> "HelpDesk":
        """A help desk with this signing key."""
        return cls(client, url.rstrip("/"), tenant, Webhook(key))

    async def send(self, letter: Letter, times: int = 1) -> list[Answer]:
        """Post one message, signed once and sent so often. Raises `Fatal` when the service does not take it."""
        body = json.dumps(_body(letter))
        webhook_id, now = f"msg_{secrets.token_hex(12)}", datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self.signer.sign(webhook_id, now, body),
        }
        return [await self._post(body, headers) for _ in range(times)]

    async def _post(self, body: str, headers: dict[str, str]) -> Answer:
        place = f"{self.url}/v1/webhooks/{self.tenant}/standard"
        for _ in range(TRIES):
            try:
                answer = await self.client.post(place, content=body, headers=headers)
            except httpx.HTTPError as error:
                raise Fatal(f"Nothing answers at {self.url} ({type(error).__name__}); is `deskrail serve` running?") from error
            if answer.status_code not in (429, 503):
                return _read(answer)
            await asyncio.sleep(min(float(answer.headers.get("retry-after", 1)), LONGEST_WAIT))
        raise Fatal(f"The service at {self.url} is too busy to take more.")


def _read(answer: httpx.Response) -> Answer:
    if answer.is_success:
        return Answer(**answer.json())
    code = answer.json().get("code", "") if "json" in answer.headers.get("content-type", "") else ""
    if code == "webhook_unauthenticated":
        raise Fatal("The service does not accept the signature: it runs with another webhook secret, or knows no such tenant.")
    raise Fatal(f"The service refused a webhook: {answer.status_code} {code}".strip() + ".")


def _body(letter: Letter) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    return {
        "type": "ticket.message",
        "timestamp": now,
        "data": {
            "ticket": {"external_id": letter.ticket, "subject": letter.subject, "channel": letter.channel},
            "customer": {
                "external_id": letter.customer,
                "email": letter.email,
                "name": letter.name,
                "verified": letter.verified,
            },
            "message": {
                "external_id": f"{letter.ticket}-{letter.number}",
                "text": letter.text,
                "sent_at": now,
                "attachments": [],
            },
        },
    }
