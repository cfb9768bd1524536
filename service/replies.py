"""Delivers the outbox to the help desk: signed Standard Webhooks, at least once, each try marked before it is made.

A try is marked under the ticket's lock, so a claim and a send never cross: what a person claimed first becomes a note.
Tries run beside each other, one for a ticket and a bounded number of them, so that one which gets no answer holds up no other.
"""

import asyncio
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import structlog
from standardwebhooks import Webhook

from service.codes import OUTBOUND, CodeDesk
from service.store import outbox, questions, tenancy, turns
from service.store.database import Connection, Database
from tools.ports import Clock

log = structlog.get_logger()

RETRY_AFTER = tuple(timedelta(seconds=s) for s in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400))
"""The wait after each failed try, as the Standard Webhooks specification recommends; after the last one the webhook is dead."""

AT_ONCE = 8
"""How many tickets' webhooks are tried at the same time."""

EXPIRED = "expired"
"""The error of a code whose time was over before anybody took it."""

POLL_SECONDS = 0.1
TIMEOUT_SECONDS = 15.0
"""How long one try may take as a whole: a receiver whose answer never ends must not hold up everybody's replies."""


class Deliverer:
    """Sends what waits in the outbox to one address. `key_for` gives the tenant's newest signing key, or None."""

    def __init__(self, db: Database, clock: Clock, url: str, key_for: Callable[[str], bytes | None], codes: CodeDesk) -> None:
        self._db = db
        self._clock = clock
        self._url = url
        self._key_for = key_for
        self._codes = codes
        self._client = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, limits=httpx.Limits(max_connections=AT_ONCE))
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._trying: set[str] = set()

    async def run(self) -> None:
        """Deliver until cancelled, which ends the tries too; a failure of the database waits for the next look."""
        async with asyncio.TaskGroup() as tries:
            while True:
                try:
                    begun = await self._begin(tries)
                except Exception as error:  # The loop must outlive the database; nothing was marked yet.
                    log.error("outbox.look_failed", error=type(error).__name__)
                    begun = 0
                await asyncio.sleep(0 if begun == AT_ONCE else POLL_SECONDS)

    async def deliver_due(self) -> int:
        """Try once what is due now, and wait for the answers; returns how many webhooks were tried."""
        async with asyncio.TaskGroup() as tries:
            return await self._begin(tries)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _begin(self, tries: asyncio.TaskGroup) -> int:
        """Begin a try of each webhook that is due, as soon as there is a slot for it; returns how many."""
        with tenancy.across_tenants():
            async with self._db.reading() as conn:
                # What is being tried may not be marked yet, and must not keep others off the list.
                due = await outbox.due(conn, self._clock(), AT_ONCE + len(self._trying))
        new = [row for row in due if row.ticket_id not in self._trying][:AT_ONCE]
        for row in new:
            await self._slots.acquire()
            self._trying.add(row.ticket_id)
            tries.create_task(self._deliver(row))
        return len(new)

    async def _deliver(self, due: Any) -> None:
        try:
            with tenancy.within(due.tenant):
                await self._try(due.id, due.ticket_id)
        except Exception as error:  # The other tries go on; if this one was marked, it is made again after its lease.
            log.error("outbox.try_broken", outbox_id=due.id, ticket_id=due.ticket_id, error=type(error).__name__)
            await asyncio.sleep(POLL_SECONDS)
        finally:
            self._trying.discard(due.ticket_id)
            self._slots.release()

    async def _try(self, outbox_id: str, ticket_id: str) -> None:
        async with self._db.begin() as conn:
            row = await self._mark(conn, outbox_id, ticket_id)
        if row is None:
            return
        error = await self._post(row)
        now = self._clock()
        async with self._db.begin() as conn:
            if error is None:
                await outbox.sent(conn, row, now)
                return
            again = row.attempts <= len(RETRY_AFTER) and error not in ("410", EXPIRED)
            wait = RETRY_AFTER[min(row.attempts, len(RETRY_AFTER)) - 1] * random.uniform(1.0, 1.2)
            await outbox.failed(conn, row, error, now + wait if again else None)
        log.warning("outbox.try_failed", outbox_id=outbox_id, ticket_id=ticket_id, attempts=row.attempts, error=error)

    async def _mark(self, conn: Connection, outbox_id: str, ticket_id: str) -> Any:
        ticket = await turns.lock(conn, ticket_id, None)
        row = await outbox.start_sending(conn, outbox_id, self._clock())
        if row is None:
            return None
        if ticket.owner and row.kind == "ticket.reply" and not row.by_person:
            await self._hold_back(conn, row)
            return None
        if row.message_id:
            await questions.mark_delivered(conn, row.message_id, self._clock())
        return row

    async def _hold_back(self, conn: Connection, row: Any) -> None:
        """A person owns the ticket, and the bot does not speak on it any more.

        What was never tried becomes a note. What was tried may have arrived, so it stays the bot's, and is not tried again.
        """
        if row.attempts == 1:
            await outbox.become_note(conn, row.id, row.message_id)
        else:
            await outbox.failed(conn, row, "ticket_claimed", None)

    def _filled(self, row: Any) -> dict[str, Any] | None:
        """What is sent: a code is put in at this moment and stands nowhere else; None when it does not work any more."""
        if row.kind != OUTBOUND:
            return row.body
        verification = row.body["verification"]
        if datetime.fromisoformat(verification["expires_at"]) <= self._clock():
            return None
        code = self._codes.code(row.tenant, verification["id"])
        return {**row.body, "verification": {**verification, "code": code}}

    async def _post(self, row: Any) -> str | None:
        key = self._key_for(row.tenant)
        if key is None:
            return "no_secret"
        created: datetime = row.created_at
        data = self._filled(row)
        if data is None:
            return EXPIRED
        body = json.dumps({"type": row.kind, "timestamp": created.isoformat(), "data": data})
        now = datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": row.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(key).sign(row.id, now, body),
        }
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                answer = await self._client.post(self._url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            return type(error).__name__
        return None if answer.is_success else str(answer.status_code)
