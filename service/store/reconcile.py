"""What the sweep does about actions that nobody works on: looks up what was sent, and frees what never was."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, exists, or_, select

from service.store.action_rows import from_row
from service.store.actions import SqlActionBook
from service.store.database import Database
from service.store.money_schema import actions
from service.store.schema import events
from service.store.workers import db_now
from tools.ports import Action, ActionStatus, Clock
from tools.runner import ToolRunner

UNKNOWN_EVERY = timedelta(seconds=30)
"""How long an action that is still unknown rests after it was sent before it is looked up again."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What one sweep found: actions whose end is known now, that are still unknown, and that were never sent."""

    settled: int = 0
    unknown: int = 0
    released: int = 0


async def reconcile(database: Database, book: SqlActionBook, runner: ToolRunner, clock: Clock, limit: int = 100) -> Reconciled:
    """Go once over the actions without a live executor.

    A turn's action is alive while its event is not done, for then a drain runs it again; a person's until its lease ends.
    """
    settled = unknown = released = 0
    for action in await stranded(database, clock, limit):
        if action.status is ActionStatus.RESERVED:
            released += (await book.release(action)).status is ActionStatus.EXPIRED
        elif (await runner.reconcile(action)).status.ended:
            settled += 1
        else:
            unknown += 1
    return Reconciled(settled, unknown, released)


async def stranded(database: Database, clock: Clock, limit: int = 100) -> tuple[Action, ...]:
    """The actions under way that no live executor has, oldest first."""
    handled = exists().where(events.c.ticket_id == actions.c.ticket_id, events.c.seq == actions.c.event_seq, events.c.done)
    abandoned = or_(
        and_(actions.c.fence.is_not(None), handled), and_(actions.c.fence.is_(None), actions.c.lease_until < db_now())
    )
    waiting = and_(actions.c.status.in_((ActionStatus.RESERVED, ActionStatus.SENT)), abandoned)
    doubtful = and_(actions.c.status == ActionStatus.UNKNOWN, actions.c.sent_at <= clock() - UNKNOWN_EVERY)
    query = select(actions).where(or_(waiting, doubtful)).order_by(actions.c.created_at).limit(limit)
    async with database.reading() as conn:
        return tuple(from_row(row) for row in await conn.execute(query))
