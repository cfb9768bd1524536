"""Looks at actions whose outcome is not known: what each has said, and the right to try one more time.

A further attempt and a person's word about the outcome exclude each other: whoever tries says so first, in a row of the same
ticket that the person's transaction locks.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, or_, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store import action_rows, turns
from service.store.money_schema import actions
from service.store.workers import db_now
from tools.ports import Action, ActionStatus, Json, Saw

TRY_SECONDS = 60
"""How long one more attempt may last, with its looks and the settling; longer than any tool's timeout for one call."""

KEPT = 5
"""How many different answers in a row are kept."""

NOT_TRIED = or_(actions.c.trying_until.is_(None), actions.c.trying_until < db_now())
"""Nobody is trying to carry the action out once more."""

_UNSETTLED = actions.c.status.in_((ActionStatus.SENT, ActionStatus.UNKNOWN))
_TAKE = (
    update(actions)
    .where(actions.c.id == bindparam("action"), _UNSETTLED, NOT_TRIED)
    .values(trying_until=db_now(text(str(TRY_SECONDS))))
    .returning(actions.c.id)
)


async def note(conn: AsyncConnection, action: Action, saw: Saw, now: datetime, *, tried: bool) -> None:
    """Keep what a look has said; `tried` says that it followed one more attempt, which is over now."""
    await turns.lock_chain(conn, action.ticket, None)
    row = await action_rows.by_id(conn, action.ticket, action.id)
    until = None if tried else row.trying_until
    await action_rows.change(conn, action.id, looks=joined(row.looks, saw, now), trying_until=until)


async def take(conn: AsyncConnection, action: Action) -> bool:
    """Whether the action is still to be settled and nobody tries it, so that the caller may try it once more."""
    await turns.lock_chain(conn, action.ticket, None)
    return (await conn.execute(_TAKE, {"action": action.id})).first() is not None


def joined(known: Sequence[Mapping[str, Json]], saw: Saw, now: datetime) -> list[Mapping[str, Json]]:
    """The answers with one more; the same one again only makes the last one longer."""
    at = now.isoformat()
    if known and known[-1]["answer"] == saw:
        return [*known[:-1], {**known[-1], "last": at, "times": known[-1]["times"] + 1}]
    return [*known, {"answer": saw.value, "since": at, "last": at, "times": 1}][-KEPT:]
