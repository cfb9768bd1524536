"""A retraction: what waits for a yes or for votes ends, with its approval."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store import action_rows, approvals
from service.store.journal import Entry
from service.store.money_schema import actions
from tools.ports import ActionStatus


async def withdraw(conn: AsyncConnection, ticket_id: str, by: str, now: datetime) -> list[Entry]:
    """Supersede the ticket's proposed actions, which `by` takes back; the caller holds the lock and writes the entries."""
    waiting = select(actions.c.id).where(actions.c.ticket_id == ticket_id, actions.c.status == ActionStatus.PROPOSED)
    entries: list[Entry] = []
    for action_id in (await conn.execute(waiting)).scalars().all():
        await action_rows.change(conn, action_id, status=ActionStatus.SUPERSEDED, code="superseded", ended_at=now)
        await approvals.end(conn, action_id, "superseded", now)
        entries.append(Entry("action.superseded", by, {"action_id": action_id}))
    return entries
