"""The outbox: signed webhooks that wait to be delivered, at least once, each under one stable id."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service import ids
from service.store.bulk import NewRow
from service.store.schema import messages, outbox
from tools.ports import Json
from workflows.ticket import Author

LEASE = timedelta(seconds=60)
"""How long a sender may take with one message before another worker may try it again."""

_AFTER_THE_REPLY = timedelta(microseconds=1)


def new(
    tenant: str,
    ticket_id: str,
    kind: str,
    body: Mapping[str, Json],
    now: datetime,
    *,
    message_id: str | None = None,
    by_person: bool = False,
) -> NewRow:
    """A webhook to be sent; the receiver sees its id as `webhook-id` on every try."""
    # A transaction holds at most one reply and one other webhook, and what became of the ticket is told after what was said.
    created_at = now if kind == "ticket.reply" else now + _AFTER_THE_REPLY
    values = {
        "id": ids.new("out"),
        "tenant": tenant,
        "ticket_id": ticket_id,
        "kind": kind,
        "message_id": message_id,
        "by_person": by_person,
        "body": body,
        "state": "pending",
        "next_at": now,
        "created_at": created_at,
    }
    return outbox, values


async def due(conn: AsyncConnection, now: datetime, limit: int) -> Sequence[Any]:
    """Webhooks whose time has come, oldest first, one per ticket so that a ticket's replies stay in order."""
    first = select(outbox.c.ticket_id, outbox.c.created_at, outbox.c.id).where(outbox.c.state.in_(("pending", "sending")))
    earlier = first.subquery()
    query = (
        select(outbox.c.id, outbox.c.ticket_id, outbox.c.tenant)
        .where(
            outbox.c.state.in_(("pending", "sending")),
            outbox.c.next_at <= now,
            ~select(earlier.c.id)
            .where(
                earlier.c.ticket_id == outbox.c.ticket_id,
                or_(
                    earlier.c.created_at < outbox.c.created_at,
                    (earlier.c.created_at == outbox.c.created_at) & (earlier.c.id < outbox.c.id),
                ),
            )
            .exists(),
        )
        .order_by(outbox.c.next_at)
        .limit(limit)
    )
    return (await conn.execute(query)).all()


async def start_sending(conn: AsyncConnection, outbox_id: str, now: datetime) -> Any:
    """Mark one try, if it is still due; None when another worker has it. The caller holds the ticket's lock."""
    done = await conn.execute(
        update(outbox)
        .where(outbox.c.id == outbox_id, outbox.c.state.in_(("pending", "sending")), outbox.c.next_at <= now)
        .values(state="sending", attempts=outbox.c.attempts + 1, next_at=now + LEASE)
        .returning(outbox)
    )
    return done.first()


async def sent(conn: AsyncConnection, row: Any, now: datetime) -> None:
    """The receiver has taken it, by this try or by an earlier one; what was ended meanwhile stays ended."""
    waits = outbox.c.state.in_(("pending", "sending"))
    taken = {"state": "sent", "sent_at": now, "last_error": None}
    await conn.execute(update(outbox).where(outbox.c.id == row.id, waits).values(taken))


async def failed(conn: AsyncConnection, row: Any, error: str, next_at: datetime | None) -> None:
    """The try that `start_sending` answered with has failed: again at `next_at`, or never when it is None.

    Only while it is still that try: a later one speaks for itself, and what was ended meanwhile stays ended.
    """
    this_try = and_(outbox.c.id == row.id, outbox.c.state == "sending", outbox.c.attempts == row.attempts)
    state = "pending" if next_at else "dead"
    values = {"state": state, "last_error": error[:200], "next_at": next_at or outbox.c.next_at}
    await conn.execute(update(outbox).where(this_try).values(values))


async def become_note(conn: AsyncConnection, outbox_id: str, message_id: str) -> None:
    """What has not been sent, and may not be any more, is a note for the person who has the ticket."""
    await conn.execute(update(outbox).where(outbox.c.id == outbox_id).values(state="note"))
    await conn.execute(update(messages).where(messages.c.id == message_id).values(author=Author.NOTE))


async def hold_back_bot_replies(conn: AsyncConnection, ticket_id: str) -> int:
    """A person has the ticket now: what the bot had not begun to send becomes a note; returns how many."""
    held = await conn.execute(
        update(outbox)
        .where(outbox.c.ticket_id == ticket_id, outbox.c.state == "pending", outbox.c.attempts == 0, ~outbox.c.by_person)
        .where(outbox.c.kind == "ticket.reply")
        .values(state="note")
        .returning(outbox.c.message_id)
    )
    message_ids = [row.message_id for row in held if row.message_id]
    if message_ids:
        await conn.execute(update(messages).where(messages.c.id.in_(message_ids)).values(author=Author.NOTE))
    return len(message_ids)
