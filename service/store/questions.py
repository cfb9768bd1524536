"""The one open question of a ticket: asked, answered, or closed together with the unconfirmed action behind it."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service import ids
from service.store.bulk import NewRow
from service.store.journal import Entry
from service.store.money_schema import actions
from service.store.schema import questions
from tools.ports import ActionStatus
from workflows.outcome import AskCustomer


async def ask(
    conn: AsyncConnection,
    ticket: Any,
    outcome: AskCustomer,
    message_id: str,
    now: datetime,
    live: timedelta,
    *,
    delivered: bool,
) -> tuple[str, NewRow]:
    """The question that a message asks, in place of the one that was open: its id and its row.

    The caller holds the ticket's lock, and writes the row.
    """
    times = 1
    if ticket.question_id:
        before = (await conn.execute(select(questions).where(questions.c.id == ticket.question_id))).one()
        same = (before.kind, before.slot, before.action_id) == (outcome.kind, outcome.slot, outcome.action_id)
        times = before.asked_times + (0 if outcome.returns else 1) if same else 1
    question_id = ids.new("qst")
    values = {
        "id": question_id,
        "ticket_id": ticket.id,
        "kind": outcome.kind,
        "slot": outcome.slot,
        "action_id": outcome.action_id,
        "text": outcome.asked or outcome.text,
        "message_id": message_id,
        "asked_times": times,
        "asked_at": now,
        "delivered_at": now if delivered else None,
        "expires_at": now + live,
        "state": "open",
    }
    return question_id, (questions, values)


async def answer(conn: AsyncConnection, question_id: str, state: str, by: str, seq: int, now: datetime) -> bool:
    """Record a `confirmed`, `declined` or `answered`; False when the question is not open any more."""
    done = await conn.execute(
        update(questions)
        .where(questions.c.id == question_id, questions.c.state == "open")
        .values(state=state, answered_by=by, answered_seq=seq, closed_at=now)
    )
    return done.rowcount == 1


async def answer_again(conn: AsyncConnection, question_id: str, state: str, by: str, seq: int, now: datetime) -> None:
    """Record what the customer's messages say together; a turn that runs again may have read a newer one.

    The action behind it is decided only later, so the last word may still replace the one before.
    """
    await conn.execute(
        update(questions)
        .where(questions.c.id == question_id, questions.c.state.in_(("open", "confirmed", "declined")))
        .values(state=state, answered_by=by, answered_seq=seq, closed_at=now)
    )


async def close(
    conn: AsyncConnection,
    ticket: Any,
    now: datetime,
    *,
    status: ActionStatus = ActionStatus.SUPERSEDED,
    keep: str | None = None,
) -> list[Entry]:
    """Close the ticket's question; an unconfirmed action behind it ends with it, except the one to `keep`.

    The caller holds the ticket's lock, writes the entries, and clears `question_id`.
    """
    if not ticket.question_id:
        return []
    ended = update(questions).where(questions.c.id == ticket.question_id).returning(questions.c.action_id, questions.c.state)
    row = (await conn.execute(ended.values(closed_at=now))).one()
    if row.state == "open":
        state = "expired" if status is ActionStatus.EXPIRED else "closed"
        await conn.execute(update(questions).where(questions.c.id == ticket.question_id).values(state=state))
    if row.action_id is None or row.action_id == keep:
        return []
    return await end_unconfirmed(conn, row.action_id, status, now)


async def end_unconfirmed(conn: AsyncConnection, action_id: str, status: ActionStatus, now: datetime) -> list[Entry]:
    """End an action that still waits for a yes; one that was confirmed or reserved goes its own way."""
    done = await conn.execute(
        update(actions)
        .where(
            actions.c.id == action_id,
            actions.c.status == ActionStatus.PROPOSED,
            actions.c.decision == "needs_confirmation",
        )
        .values(status=status, code=status, ended_at=now)
        .returning(actions.c.id)
    )
    return [Entry(f"action.{status}", "system", {"action_id": action_id})] if done.first() else []


async def end_unasked(
    conn: AsyncConnection, ticket_id: str, question_id: str | None, now: datetime, *, keep: str | None = None
) -> list[Entry]:
    """End the actions that wait for a yes to a question that is not the open one, nor about the one to `keep`.

    The caller holds the ticket's lock. A turn that died or was overtaken after it had proposed leaves such an action behind
    when the next one goes another way.
    """
    asked = select(questions.c.action_id).where(questions.c.id == question_id, questions.c.action_id.is_not(None))
    done = await conn.execute(
        update(actions)
        .where(
            actions.c.ticket_id == ticket_id,
            actions.c.status == ActionStatus.PROPOSED,
            actions.c.decision == "needs_confirmation",
            actions.c.id.not_in(asked),
            actions.c.id != (keep or ""),
        )
        .values(status=ActionStatus.SUPERSEDED, code=ActionStatus.SUPERSEDED, ended_at=now)
        .returning(actions.c.id)
    )
    return [Entry("action.superseded", "system", {"action_id": action_id}) for action_id in done.scalars()]


async def mark_delivered(conn: AsyncConnection, message_id: str, now: datetime) -> None:
    """The first attempt to send this message: from here another message can answer the question in it."""
    query = update(questions).where(questions.c.message_id == message_id, questions.c.delivered_at.is_(None))
    await conn.execute(query.values(delivered_at=now))
