"""What our own books say about a wanted action, read under the locks that its reservation holds."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store import locks, switches
from service.store.action_rows import LIVE, SPENT
from service.store.columns import UtcTime
from service.store.money_schema import action_fingerprints, actions, autonomy
from tools.autonomy import Level
from tools.limits import Policy
from tools.ports import ActionId, ActionStatus, BookFacts, Caller, Effect, Proposal, Switch

CHANGES = ("change_customer_address", "change_order_address", "change_order_payment")
"""The tools that start the cool-down."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the action itself stands: its id when it exists, the customer's yes and people's votes."""

    action_id: ActionId | None = None
    confirmed: bool = False
    votes: int = 0
    denied: bool = False
    digest_matches: bool = True


async def take_locks(conn: AsyncConnection, caller: Caller, proposal: Proposal, policy: Policy, now: datetime) -> None:
    """Lock what the decision reads, in one order for everybody: order, customer, fingerprints sorted, tenant-day, tool."""
    wanted = [("order", proposal.order_id), ("customer", caller.customer)]
    if proposal.money is not None:
        wanted += [("fingerprint", one) for one in sorted({leg.fingerprint for leg in proposal.legs if leg.fingerprint})]
        wanted.append(("day", f"{now.date().isoformat()} {proposal.money.currency}"))
    if policy.tool_limit(proposal.tool).tenant_day is not None:
        wanted.append(("tool", proposal.tool))
    await locks.take(conn, caller.tenant, [(kind, ref) for kind, ref in wanted if ref])


async def read_facts(
    conn: AsyncConnection,
    caller: Caller,
    proposal: Proposal,
    policy: Policy,
    now: datetime,
    standing: Standing,
    newer_message: bool,
) -> BookFacts:
    """Everything that the policy asks of our books; the action's own row does not count."""
    killed = await switches.hold(conn, _who(caller, proposal))
    return await _facts(conn, caller, proposal, policy, now, standing, killed, newer_message)


async def look_at_facts(conn: AsyncConnection, caller: Caller, proposal: Proposal, policy: Policy, now: datetime) -> BookFacts:
    """The same of a wish that has no action yet, without any lock."""
    killed = await switches.peek(conn, _who(caller, proposal))
    standing = Standing(confirmed=proposal.attested_by is not None)
    return await _facts(conn, caller, proposal, policy, now, standing, killed, newer_message=False)


async def _facts(
    conn: AsyncConnection,
    caller: Caller,
    proposal: Proposal,
    policy: Policy,
    now: datetime,
    standing: Standing,
    killed: Switch | None,
    newer_message: bool,
) -> BookFacts:
    # Who changes a level waits for the switch's row, which is held by now, so the level that is read here stands.
    statement = _SUMS if policy.tool_limit(proposal.tool).tenant_day is None else _SUMS_WITH_TENANT
    sums = (await conn.execute(statement, _values(caller, proposal, policy, now, standing))).one()
    return BookFacts(
        killed=killed,
        newer_message=newer_message,
        window_minor=max(int(sums.of_customer or 0), int(sums.of_fingerprint or 0)),
        tenant_day_minor=int(sums.of_day or 0),
        confirmed=standing.confirmed,
        votes=standing.votes,
        denied=standing.denied,
        approval_digest_matches=standing.digest_matches,
        actions_last_hour=sums.recent,
        tool_by_customer=sums.tool_by_customer,
        tool_by_tenant=sums.tool_by_tenant if statement is _SUMS_WITH_TENANT else 0,
        changed_at=sums.changed_at,
        level=Level(sums.level) if sums.level else None,
        **await _on_order(conn, caller, proposal, policy, now, standing.action_id),
    )


def _who(caller: Caller, proposal: Proposal) -> switches.Who:
    return switches.Who(caller.tenant, caller.lane, proposal.tool, caller.intent)


_OTHERS = and_(actions.c.tenant == bindparam("tenant"), actions.c.id != bindparam("own"))
_UNAPPROVED = and_(_OTHERS, actions.c.currency == bindparam("currency"), actions.c.status.in_(SPENT), ~actions.c.approved)
_IN_WINDOW = and_(_UNAPPROVED, actions.c.reserved_at > bindparam("window", type_=UtcTime()))

_OF_FINGERPRINTS = (
    select(func.sum(actions.c.amount_minor).label("total"))
    .join(action_fingerprints, action_fingerprints.c.action_id == actions.c.id)
    .where(
        action_fingerprints.c.tenant == bindparam("tenant"),
        action_fingerprints.c.fingerprint.in_(bindparam("prints", expanding=True)),
        _IN_WINDOW,
    )
    .group_by(action_fingerprints.c.fingerprint)
    .subquery()
)
_OF_DAY = select(func.sum(actions.c.amount_minor)).where(
    _UNAPPROVED, actions.c.reserved_at >= bindparam("midnight", type_=UtcTime())
)

_OF_TOOL = and_(_OTHERS, actions.c.tool == bindparam("tool"), actions.c.reserved_at > bindparam("yesterday", type_=UtcTime()))
_LEVEL = select(autonomy.c.level).where(autonomy.c.tenant == bindparam("tenant"), autonomy.c.tool == bindparam("tool"))

_SUMS = select(
    # The customer's unapproved money in the window, what was decided for them in an hour and with the tool in a day, and
    # their last change; one that is under way, or that nobody knows the end of, is of this moment.
    func.sum(actions.c.amount_minor).filter(_IN_WINDOW).label("of_customer"),
    func.count().filter(actions.c.reserved_at > bindparam("hour", type_=UtcTime()), _OTHERS).label("recent"),
    func.count().filter(_OF_TOOL).label("tool_by_customer"),
    func.max(func.coalesce(actions.c.ended_at, bindparam("now", type_=UtcTime())), type_=UtcTime())
    .filter(actions.c.tool.in_(CHANGES), actions.c.status.in_(SPENT))
    .label("changed_at"),
    # The largest sum over the cards and accounts that this money would reach, and the tenant's since midnight, UTC.
    select(func.max(_OF_FINGERPRINTS.c.total)).scalar_subquery().label("of_fingerprint"),
    _OF_DAY.correlate(None).scalar_subquery().label("of_day"),
    _LEVEL.scalar_subquery().label("level"),
).where(actions.c.tenant == bindparam("tenant"), actions.c.customer == bindparam("customer"))

_SUMS_WITH_TENANT = _SUMS.add_columns(
    select(func.count()).where(_OF_TOOL).correlate(None).select_from(actions).scalar_subquery().label("tool_by_tenant")
)
"""The same with what the tool has done for all customers, which is read only where a tenant limits it."""

_ON_ORDER = (
    select(actions.c.id, actions.c.status, actions.c.amount_minor, actions.c.args, actions.c.ended_at)
    .where(
        _OTHERS,
        actions.c.order_id == bindparam("order"),
        actions.c.effect == Effect.MONEY,
        actions.c.status.in_({*LIVE, *SPENT}),
    )
    .order_by(actions.c.created_at)
)


def _values(caller: Caller, proposal: Proposal, policy: Policy, now: datetime, standing: Standing) -> dict[str, Any]:
    return {
        "tenant": caller.tenant,
        "own": standing.action_id or "",
        "customer": caller.customer,
        "currency": proposal.money.currency if proposal.money else None,
        "window": now - policy.window,
        "now": now,
        "hour": now - timedelta(hours=1),
        "yesterday": now - timedelta(days=1),
        "tool": proposal.tool,
        "midnight": now.replace(hour=0, minute=0, second=0, microsecond=0),
        "prints": sorted({leg.fingerprint for leg in proposal.legs if leg.fingerprint}),
    }


async def _on_order(
    conn: AsyncConnection, caller: Caller, proposal: Proposal, policy: Policy, now: datetime, own: ActionId | None
) -> dict[str, Any]:
    """What is reserved, under way or paid on the order, and who else moves or has moved the same money."""
    if proposal.order_id is None or proposal.effect is not Effect.MONEY:
        return {}
    values = {"tenant": caller.tenant, "own": own or "", "order": proposal.order_id}
    rows = (await conn.execute(_ON_ORDER, values)).all()
    spent = [row for row in rows if row.status in SPENT]
    since = now - timedelta(days=policy.duplicate_days)
    live = next((row.id for row in rows if row.status in LIVE), None)
    twin = next((row.id for row in rows if row.status == ActionStatus.SUCCEEDED and _same(row, proposal, since)), None)
    return {
        "pending_minor": sum(row.amount_minor or 0 for row in spent if row.status != ActionStatus.SUCCEEDED),
        "booked_minor": sum(row.amount_minor or 0 for row in spent),
        "live_money_on_order": live,
        "succeeded_twin": twin,
    }


def _same(row: Any, proposal: Proposal, since: datetime) -> bool:
    """The same amount, or a line in common, within the days that the policy names."""
    if row.ended_at is None or row.ended_at < since:
        return False
    amount = proposal.money is not None and row.amount_minor == proposal.money.amount_minor
    return amount or bool(set(row.args.get("item_ids", ())) & set(proposal.args.get("item_ids", ())))
