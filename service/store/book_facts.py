"""What our own books say about a wanted action, read under the locks that its reservation holds."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store import switches
from service.store.action_rows import LIVE, SPENT
from service.store.money_schema import action_fingerprints, actions, locks
from service.store.upsert import insert_into
from tools.limits import Policy
from tools.ports import ActionId, ActionStatus, BookFacts, Caller, Effect, Proposal

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


async def take_locks(conn: AsyncConnection, caller: Caller, proposal: Proposal, now: datetime) -> None:
    """Lock what the decision reads, in one order for everybody: order, customer, fingerprints sorted, tenant-day."""
    wanted = [("order", proposal.order_id), ("customer", caller.customer)]
    if proposal.money is not None:
        wanted += [("fingerprint", one) for one in sorted({leg.fingerprint for leg in proposal.legs if leg.fingerprint})]
        wanted.append(("day", f"{now.date().isoformat()} {proposal.money.currency}"))
    rows = [{"tenant": caller.tenant, "kind": kind, "ref": ref} for kind, ref in wanted if ref]
    if rows and conn.dialect.name != "sqlite":
        # One statement makes the missing rows and locks the others, in the order of the list.
        statement = insert_into(conn, locks).values(rows)
        keys = ["tenant", "kind", "ref"]
        await conn.execute(statement.on_conflict_do_update(index_elements=keys, set_={"ref": statement.excluded.ref}))


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
    killed = await switches.hold(conn, switches.Who(caller.tenant, caller.lane, proposal.tool, caller.intent))
    on_order = await _on_order(conn, caller, proposal, policy, now, standing.action_id)
    customer = await _of_customer(conn, caller, proposal, policy, now, standing.action_id)
    prints = await _of_fingerprints(conn, caller, proposal, policy, now, standing.action_id)
    return BookFacts(
        killed=killed,
        newer_message=newer_message,
        window_minor=max(int(customer.window or 0), prints),
        tenant_day_minor=await _of_day(conn, caller, proposal, now, standing.action_id),
        confirmed=standing.confirmed,
        votes=standing.votes,
        denied=standing.denied,
        approval_digest_matches=standing.digest_matches,
        actions_last_hour=customer.recent or 0,
        changed_at=customer.changed_at,
        **on_order,
    )


async def _on_order(
    conn: AsyncConnection, caller: Caller, proposal: Proposal, policy: Policy, now: datetime, own: ActionId | None
) -> dict[str, Any]:
    """What is reserved, under way or paid on the order, and who else moves or has moved the same money."""
    if proposal.order_id is None:
        return {}
    query = select(actions).where(
        actions.c.tenant == caller.tenant,
        actions.c.order_id == proposal.order_id,
        actions.c.effect == Effect.MONEY,
        actions.c.status.in_({*LIVE, *SPENT}),
    )
    rows = [row for row in await conn.execute(query.order_by(actions.c.created_at)) if row.id != own]
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


def _unapproved(caller: Caller, proposal: Proposal, since: datetime, own: ActionId | None) -> Any:
    currency = proposal.money.currency if proposal.money else None
    return and_(
        actions.c.tenant == caller.tenant,
        actions.c.currency == currency,
        actions.c.status.in_(SPENT),
        ~actions.c.approved,
        actions.c.reserved_at > since,
        actions.c.id != (own or ""),
    )


async def _of_customer(
    conn: AsyncConnection, caller: Caller, proposal: Proposal, policy: Policy, now: datetime, own: ActionId | None
) -> Any:
    """The customer's unapproved money in the window, what was decided for them in an hour, and their last change."""
    window = _unapproved(caller, proposal, now - policy.window, own)
    recent = and_(actions.c.reserved_at > now - timedelta(hours=1), actions.c.id != (own or ""))
    changed = and_(actions.c.tool.in_(CHANGES), actions.c.status == ActionStatus.SUCCEEDED)
    query = select(
        func.sum(actions.c.amount_minor).filter(window).label("window"),
        func.count().filter(recent).label("recent"),
        func.max(actions.c.ended_at, type_=actions.c.ended_at.type).filter(changed).label("changed_at"),
    ).where(actions.c.tenant == caller.tenant, actions.c.customer == caller.customer)
    return (await conn.execute(query)).one()


async def _of_fingerprints(
    conn: AsyncConnection, caller: Caller, proposal: Proposal, policy: Policy, now: datetime, own: ActionId | None
) -> int:
    """The largest sum of unapproved money in the window over the cards and accounts that this money would reach."""
    prints = {leg.fingerprint for leg in proposal.legs if leg.fingerprint}
    if not prints:
        return 0
    query = (
        select(func.sum(actions.c.amount_minor).label("total"))
        .join(action_fingerprints, action_fingerprints.c.action_id == actions.c.id)
        .where(
            action_fingerprints.c.tenant == caller.tenant,
            action_fingerprints.c.fingerprint.in_(prints),
            _unapproved(caller, proposal, now - policy.window, own),
        )
        .group_by(action_fingerprints.c.fingerprint)
    )
    return max([int(row.total) for row in await conn.execute(query)], default=0)


async def _of_day(conn: AsyncConnection, caller: Caller, proposal: Proposal, now: datetime, own: ActionId | None) -> int:
    """The tenant's unapproved money since midnight, UTC."""
    if proposal.money is None:
        return 0
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    query = select(func.sum(actions.c.amount_minor)).where(
        _unapproved(caller, proposal, midnight - timedelta(microseconds=1), own)
    )
    return int((await conn.execute(query)).scalar_one() or 0)
