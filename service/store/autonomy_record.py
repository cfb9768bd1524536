"""What became of the machine's wishes, tool by tool: how people decided on them, and what was undone afterwards."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.money_schema import actions, approvals
from service.store.schema import tickets
from tools.autonomy import Outcome, Record
from tools.case import BOT
from tools.errors import Code
from tools.ports import ActionStatus, Lane, TenantName
from workflows.ticket import TicketStatus

READ_AT_MOST = 5_000
"""How many of a tenant's newest decisions are looked at; enough for every tool's streak."""

OBSERVED = "autonomy.observe"

_theirs = actions.alias("theirs")


def _by_hand(*same: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a person has since done something with the same tool."""
    later = and_(
        _theirs.c.tenant == actions.c.tenant,
        _theirs.c.tool == actions.c.tool,
        _theirs.c.requester != BOT,
        _theirs.c.lane == Lane.HUMAN,
        _theirs.c.status == ActionStatus.SUCCEEDED,
        _theirs.c.created_at >= actions.c.created_at,
    )
    return exists().where(later, *same)


_CAME_BACK = and_(actions.c.status == ActionStatus.FAILED, actions.c.code == Code.REVERSED)
"""What the merchant's system accepted or did for the machine, and reported later as come to nothing."""

_same_ticket = _theirs.c.ticket_id == actions.c.ticket_id
_same_wish = _theirs.c.wish == actions.c.wish
_same_thing = and_(
    _theirs.c.customer == actions.c.customer,
    or_(_theirs.c.order_id == actions.c.order_id, and_(_theirs.c.order_id.is_(None), actions.c.order_id.is_(None))),
)

_DECIDED = (
    select(
        actions.c.tool,
        actions.c.ticket_id,
        actions.c.wish,
        actions.c.rule,
        actions.c.status,
        approvals.c.state.label("approval"),
        tickets.c.status.label("ticket"),
        _by_hand(_same_ticket, _same_wish).label("by_hand"),
        _by_hand(_same_ticket, ~_same_wish).label("otherwise"),
    )
    .join(tickets, tickets.c.id == actions.c.ticket_id)
    .outerjoin(approvals, approvals.c.id == actions.c.approval_id)
    .order_by(actions.c.created_at.desc(), actions.c.id.desc())
    .limit(READ_AT_MOST)
)


async def records(conn: AsyncConnection, tenant: TenantName, since: datetime) -> Mapping[str, Record]:
    """The record of every tool that the machine has wanted since then, by the tool's name."""
    by_machine = or_(actions.c.requester == BOT, actions.c.lane != Lane.HUMAN)
    wanted = and_(actions.c.tenant == tenant, by_machine, actions.c.created_at >= since)
    people = or_(actions.c.approval_id.is_not(None), actions.c.rule == OBSERVED)
    rows = (await conn.execute(_DECIDED.where(wanted, people))).all()
    alone = select(actions.c.tool, func.count().label("times")).where(
        wanted, or_(actions.c.status == ActionStatus.SUCCEEDED, _CAME_BACK), actions.c.approved.is_(False)
    )
    undone = select(actions.c.tool, func.count().label("times")).where(wanted, _reversed())
    return _records(
        rows,
        {row.tool: row.times for row in await conn.execute(alone.group_by(actions.c.tool))},
        {row.tool: row.times for row in await conn.execute(undone.group_by(actions.c.tool))},
    )


def _reversed() -> ColumnElement[bool]:
    """Done by the machine and undone since: it came back, or a person changed the same thing again, by the same tool.

    Money that goes back a second time is not the first one undone, so of a person's only what moved none counts.
    """
    changed_again = and_(actions.c.amount_minor.is_(None), _by_hand(_same_thing, ~_same_wish))
    return or_(_CAME_BACK, and_(actions.c.status == ActionStatus.SUCCEEDED, changed_again))


def _records(rows: Iterable[Any], alone: Mapping[str, int], undone: Mapping[str, int]) -> Mapping[str, Record]:
    decided: dict[str, list[Outcome]] = defaultdict(list)
    waiting: dict[str, int] = defaultdict(int)
    seen: set[tuple[str, str, str]] = set()
    for row in rows:
        # The machine may want the same thing again when the customer writes again; people decide on it once.
        if (key := (row.tool, row.ticket_id, row.wish)) in seen:
            continue
        seen.add(key)
        outcome = _outcome(row)
        if outcome is not None:
            decided[row.tool].append(outcome)
        elif row.approval == "pending" or row.rule == OBSERVED:
            waiting[row.tool] += 1
    tools = {*decided, *waiting, *alone, *undone}
    return {tool: Record(tuple(decided[tool]), undone.get(tool, 0), alone.get(tool, 0), waiting[tool]) for tool in tools}


def _outcome(row: Any) -> Outcome | None:
    """What people made of one wish; None while they have not decided, or when it lapsed without them."""
    if row.by_hand or row.approval in ("approved", "used"):
        return Outcome.AS_PROPOSED
    if row.otherwise and (row.approval == "denied" or row.rule == OBSERVED):
        return Outcome.CHANGED
    over = row.ticket in (TicketStatus.RESOLVED, TicketStatus.CLOSED)
    if row.approval == "denied" or (row.rule == OBSERVED and over):
        return Outcome.DENIED
    return None
