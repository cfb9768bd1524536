"""Hears that something happened to an effect in the merchant's system, and follows what that system's books say about it.

An event is a signed hint and no more: whatever it says, the effect is looked up by its key, and only what is found there
counts. So an event that is old, repeated, out of order or wrong can change nothing.
"""

import hashlib
from dataclasses import dataclass

import structlog

from service.errors import NotFound, Unavailable
from service.store import backend_events, tenancy
from service.store.database import Database
from tools.errors import BackendUnavailable
from tools.orders import SECOND
from tools.ports import Action, Clock
from tools.runner import ToolRunner

log = structlog.get_logger()

RETRY_AFTER = "30"
"""How many seconds the sender should wait when the merchant's books cannot be read."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The action that an event was about as it stands now, and whether the event was heard before."""

    action: Action
    duplicate: bool


class BackendNews:
    """The one way in for what merchants' systems tell later."""

    def __init__(self, db: Database, runner: ToolRunner, clock: Clock) -> None:
        self._db = db
        self._runner = runner
        self._clock = clock

    async def hear(self, tenant: str, webhook_id: str, raw: bytes, kind: str, key: str) -> Heard:
        """Follow one event. Raises `NotFound` for a key that we never sent to this tenant's system, `WebhookIdConflict`,
        and `Unavailable` when the books cannot be read: then nothing is remembered, and the event should come again."""
        with tenancy.within(tenant):
            return await self._follow(tenant, webhook_id, raw, kind, key)

    async def _follow(self, tenant: str, webhook_id: str, raw: bytes, kind: str, key: str) -> Heard:
        sha256 = hashlib.sha256(raw).digest()
        async with self._db.reading() as conn:
            duplicate = await backend_events.known(conn, tenant, webhook_id, sha256)
            action = await backend_events.action_of(conn, tenant, key.removesuffix(SECOND))
        if action is None:
            raise NotFound
        if duplicate:
            return Heard(action, duplicate=True)
        try:
            after = await self._runner.follow_up(action)
        except BackendUnavailable as away:
            raise Unavailable(away.detail, headers={"Retry-After": RETRY_AFTER}) from away
        async with self._db.begin() as conn:
            await backend_events.remember(
                conn,
                tenant=tenant,
                webhook_id=webhook_id,
                body_sha256=sha256,
                action_id=action.id,
                kind=kind,
                received_at=self._clock(),
            )
        log.info("backend.event", action_id=action.id, kind=kind, before=action.status.value, after=after.status.value)
        return Heard(after, duplicate=False)
