"""What the merchant's systems have told us: each event once, by its own id and body."""

from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.errors import WebhookIdConflict
from service.store.action_rows import from_row
from service.store.money_schema import actions, backend_events
from service.store.upsert import insert_into
from tools.ports import Action

_KNOWN = select(backend_events.c.body_sha256).where(
    backend_events.c.tenant == bindparam("tenant"), backend_events.c.webhook_id == bindparam("webhook_id")
)
_BY_KEY = select(actions).where(actions.c.tenant == bindparam("tenant"), actions.c.key == bindparam("key"))


async def known(conn: AsyncConnection, tenant: str, webhook_id: str, body_sha256: bytes) -> bool:
    """Whether this event was heard before. Raises `WebhookIdConflict` when its id came with another body."""
    before = (await conn.execute(_KNOWN, {"tenant": tenant, "webhook_id": webhook_id})).scalar_one_or_none()
    if before is not None and bytes(before) != body_sha256:
        raise WebhookIdConflict
    return before is not None


async def action_of(conn: AsyncConnection, tenant: str, key: str) -> Action | None:
    """The tenant's action whose effect carries this key, if it was sent at all."""
    row = (await conn.execute(_BY_KEY, {"tenant": tenant, "key": key})).first()
    return from_row(row) if row is not None and row.sent_at is not None else None


async def remember(conn: AsyncConnection, **event: Any) -> None:
    """Keep the event's id for ever; one that another delivery of it kept at the same moment stays."""
    await conn.execute(insert_into(conn, backend_events).on_conflict_do_nothing(), event)
