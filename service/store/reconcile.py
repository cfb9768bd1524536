"""What the sweep does about actions that nobody works on: looks up what was sent, and frees what never was."""

from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import and_, exists, or_, select, text, update

from service.store import tenancy
from service.store.action_rows import from_row
from service.store.actions import SqlActionBook
from service.store.database import Database
from service.store.money_schema import actions
from service.store.schema import events
from service.store.switches import IN_FLIGHT as UNDER_WAY
from service.store.workers import db_now
from tools.errors import Code
from tools.ports import Action, ActionStatus, Clock
from tools.runner import ToolRunner

LOOK_UP_SECONDS = 30
"""How long a sweep that looks an action up has it for itself, by the database's clock; then it may be looked up again."""

UNKNOWN_RESTS = timedelta(seconds=30)
"""An action that became unknown was looked up then, so the sweep waits this long before it asks again."""

JOB_PATIENCE = timedelta(hours=72)
"""Work that the merchant's system has accepted and not ended after this long is unknown, and a person looks at it."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What one sweep found: actions whose end is known now, that are still unknown, and that were never sent."""

    settled: int = 0
    unknown: int = 0
    released: int = 0


async def reconcile(database: Database, book: SqlActionBook, runner: ToolRunner, clock: Clock, limit: int = 100) -> Reconciled:
    """Go once over the actions without a live executor; what one of them raises is logged and stops no other.

    A turn's action is alive while its event is not done, for then a drain runs it again; a person's until its lease ends.
    """
    ends: list[tuple[ActionStatus, ActionStatus]] = []
    # One is taken at a time: the leases of a whole batch would end while the first of them wait for a slow system.
    while len(ends) < limit and (taken := await take_stranded(database, clock, 1)):
        ends.append(await _go_over(book, runner, clock, taken[0]))
    return Reconciled(
        settled=sum(before is not ActionStatus.RESERVED and after.ended for before, after in ends),
        unknown=sum(not after.ended for _, after in ends),
        released=sum(before is ActionStatus.RESERVED and after.ended for before, after in ends),
    )


async def take_stranded(database: Database, clock: Clock, limit: int = 100) -> tuple[Action, ...]:
    """The actions under way that no live executor has; each is leased, so that one sweep has it at a time.

    Those that nobody has looked at for longest come first, so that many whose end nobody knows keep no newer one waiting.
    """
    handled = exists().where(events.c.ticket_id == actions.c.ticket_id, events.c.seq == actions.c.event_seq, events.c.done)
    free = or_(actions.c.lease_until.is_(None), actions.c.lease_until < db_now())
    doubtful = and_(actions.c.status == ActionStatus.UNKNOWN, actions.c.sent_at <= clock() - UNKNOWN_RESTS)
    abandoned = and_(actions.c.status != ActionStatus.UNKNOWN, or_(actions.c.fence.is_(None), handled))
    stranded = (
        select(actions.c.id)
        .where(actions.c.status.in_(UNDER_WAY), free, or_(doubtful, abandoned))
        .order_by(actions.c.lease_until.asc().nulls_first(), actions.c.created_at)
        .limit(limit)
        .with_for_update(skip_locked=True, of=actions)
    )
    async with database.begin() as conn:
        found = (await conn.execute(stranded)).scalars().all()
        if not found:
            return ()
        lease = update(actions).where(actions.c.id.in_(found)).values(lease_until=db_now(text(str(LOOK_UP_SECONDS))))
        rows = await conn.execute(lease.returning(actions))
        return tuple(sorted((from_row(row) for row in rows), key=lambda action: found.index(action.id)))


async def _go_over(book: SqlActionBook, runner: ToolRunner, clock: Clock, action: Action) -> tuple[ActionStatus, ActionStatus]:
    """How the action stood, and how it stands now."""
    try:
        reserved = action.status is ActionStatus.RESERVED
        with tenancy.within(action.tenant):
            after = await book.release(action) if reserved else await runner.reconcile(action)
            if after.status is ActionStatus.SENT and action.sent_at is not None and action.sent_at <= clock() - JOB_PATIENCE:
                after = await book.settle(after, None, ActionStatus.UNKNOWN, Code.OUTCOME_UNKNOWN, wake=True)
    except Exception as error:  # A sweep must outlive what it sweeps; the lease brings this action back.
        log.error("action.not_reconciled", action_id=action.id, error=type(error).__name__)
        return action.status, action.status
    return action.status, after.status
