"""What becomes of an action after its answer: work that goes on as a job, money that follows, and effects that come to nothing.

Each change is conditional on how the action stands, so the same news twice, or in another order, changes nothing.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store import action_rows, ledger, turns
from service.store.action_rows import entry, from_row
from service.store.journal import append_to_ticket
from service.store.money_schema import actions
from service.store.schema import events
from service.store.wakeups import EventKind
from tools.commerce import Failure, Job, Receipt
from tools.errors import Code
from tools.ports import Action, ActionStatus, Json


class News(StrEnum):
    """What has happened to an action since it ended."""

    REVERSED = "reversed"
    """Its money has come back to the merchant, or its effect has come to nothing."""
    PAID = "paid"
    """The money that was promised has gone out, or a part of it."""
    LESS = "less"
    """Less money goes back than was promised, or none."""
    CONTRADICTED = "contradicted"
    """It had failed, or a person had found out that it was not done, and the merchant's books show it after all."""


CONTRADICTED = "outcome.contradicted"
"""The entry that says so; what the books show is not booked, because its money has been free since, and may have gone again."""


_ACCEPT = (
    update(actions)
    .where(
        actions.c.id == bindparam("action"),
        actions.c.status.in_((ActionStatus.SENT, ActionStatus.UNKNOWN)),
        actions.c.job.is_(None),
    )
    .values(job=bindparam("reference"))
    .returning(actions)
)
_IF_SUCCEEDED = (
    update(actions).where(actions.c.id == bindparam("action"), actions.c.status == ActionStatus.SUCCEEDED).returning(actions)
)
_REVERSE = _IF_SUCCEEDED.values(
    status=ActionStatus.FAILED, code=Code.REVERSED, receipt=null(), ended_at=bindparam("now", type_=actions.c.ended_at.type)
)
_FOLLOW = _IF_SUCCEEDED.values(receipt=bindparam("later", type_=actions.c.receipt.type))


async def accept(conn: AsyncConnection, action: Action, job: Job, now: datetime) -> Any:
    """Note the job of an action that has been sent; returns the row as it stands."""
    await turns.lock(conn, action.ticket, None)
    row = (await conn.execute(_ACCEPT, {"action": action.id, "reference": job.reference})).first()
    if row is None:
        return await action_rows.by_id(conn, action.ticket, action.id)
    await append_to_ticket(conn, row.ticket_id, [entry(row, "system", "action.accepted")], now, row.event_seq)
    return row


async def correct(
    conn: AsyncConnection, action: Action, found: Receipt | Failure, now: datetime
) -> tuple[Any, Mapping[str, Json] | None]:
    """Follow what the backend's books say now about an action that has ended.

    Returns the row as it stands, and what the ticket has to hear of it: its `news`, with the amounts where money moved.
    """
    await turns.lock(conn, action.ticket, None)
    row = await action_rows.by_id(conn, action.ticket, action.id)
    # A receipt may have been read just before the news came that its money had come back.
    if row.status == ActionStatus.FAILED and row.code != Code.REVERSED and isinstance(found, Receipt):
        if await _contradicted(conn, row):
            return row, None
        contrary = entry(row, "backend", CONTRADICTED, {"found": found.reference})
        await append_to_ticket(conn, row.ticket_id, [contrary], now)
        return row, {"news": News.CONTRADICTED}
    if row.status != ActionStatus.SUCCEEDED:
        return row, None
    held = from_row(row).receipt
    if isinstance(found, Failure):
        return await _reversed(conn, row, held, found, now), {"news": News.REVERSED}
    if held is None or not _goes_on(held, found, row.amount_minor or 0):
        return row, None
    row = await _followed(conn, row, held, found, now)
    return row, _told(held, found)


async def _contradicted(conn: AsyncConnection, row: Any) -> bool:
    """Whether people have been told before that the books contradict them; the caller holds the ticket's lock."""
    told = select(events.c.data).where(
        events.c.ticket_id == row.ticket_id, events.c.kind == EventKind.SETTLED, events.c.ref == row.id
    )
    return any(data.get("news") == News.CONTRADICTED for data in (await conn.execute(told)).scalars())


async def _reversed(conn: AsyncConnection, before: Any, held: Receipt | None, found: Failure, now: datetime) -> Any:
    row = (await conn.execute(_REVERSE, {"action": before.id, "now": now})).one()
    await ledger.reverse(conn, row, now)
    lost = {"lost_receipt": held.reference if held else None, "reason": found.reason}
    await append_to_ticket(conn, row.ticket_id, [entry(row, "backend", "action.reversed", lost)], now)
    return row


async def _followed(conn: AsyncConnection, before: Any, held: Receipt, found: Receipt, now: datetime) -> Any:
    # What moves may be less than was promised, when other money went back on the order in between.
    later = {"amount_minor": found.amount_minor, "legs": found.legs, "data": {**held.data, "paid_by": found.reference}}
    followed = held.model_copy(update=later)
    row = (await conn.execute(_FOLLOW, {"action": before.id, "later": followed.model_dump(mode="json")})).one()
    await ledger.follow(conn, row, followed, now)
    paid = {"paid_by": found.reference, "paid_minor": found.moved_minor - held.moved_minor}
    await append_to_ticket(conn, row.ticket_id, [entry(row, "backend", "action.paid", paid)], now)
    return row


def _told(held: Receipt, found: Receipt) -> Mapping[str, Json]:
    """What has gone out since we last heard, what of it all goes back in the end, and what we had promised before."""
    return {
        "news": News.LESS if found.amount_minor < held.amount_minor else News.PAID,
        "paid_minor": found.moved_minor - held.moved_minor,
        "amount_minor": found.amount_minor,
        "promised_minor": held.amount_minor,
        "rest_minor": found.promised_minor,
    }


def _goes_on(held: Receipt, found: Receipt, asked_minor: int) -> bool:
    """Whether a later receipt goes on from the one we hold: more has moved, never beyond what was asked for, or less follows.

    What has moved only grows, so that an older answer which comes late takes nothing back.
    """
    if not held.moved_minor <= found.moved_minor <= found.amount_minor <= asked_minor:
        return False
    return found.moved_minor > held.moved_minor or found.amount_minor < held.amount_minor
