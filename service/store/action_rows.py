"""Actions as rows: how one is written, how it changes, and the frozen value that leaves the store."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.bulk import NewRow
from service.store.journal import Entry
from service.store.money_schema import action_fingerprints, actions
from service.store.workers import db_now
from tools.commerce import Receipt
from tools.digest import action_key, wish
from tools.money import Money
from tools.ports import (
    Action,
    ActionId,
    ActionStatus,
    ApprovalId,
    Caller,
    Effect,
    Json,
    Lane,
    MoneyLeg,
    Proposal,
    TenantName,
    TicketId,
    Verdict,
)

PERSON_LEASE_SECONDS = 60
"""How long a person's request may take to carry an action out before the sweep looks after it, by the database's clock."""

LIVE = (ActionStatus.PROPOSED, ActionStatus.RESERVED, ActionStatus.SENT, ActionStatus.UNKNOWN)
SPENT = (ActionStatus.RESERVED, ActionStatus.SENT, ActionStatus.UNKNOWN, ActionStatus.SUCCEEDED)
"""The states in which an action's money counts as spent."""


_ADD = insert(actions).returning(actions)
_ADD_LEASED = insert(actions).values(lease_until=db_now(text(str(PERSON_LEASE_SECONDS)))).returning(actions)
_CHANGE = update(actions).where(actions.c.id == bindparam("action")).returning(actions)
_CHANGE_LEASED = _CHANGE.values(lease_until=db_now(text(str(PERSON_LEASE_SECONDS))))
_BY_ID = select(actions).where(actions.c.ticket_id == bindparam("ticket"), actions.c.id == bindparam("action"))
_MET = select(actions).where(
    actions.c.ticket_id == bindparam("ticket"), or_(actions.c.origin == bindparam("origin_met"), actions.c.status.in_(LIVE))
)
_OF_TICKET = select(actions).where(actions.c.ticket_id == bindparam("ticket")).order_by(actions.c.created_at, actions.c.id)


FIND = select(actions).where(
    actions.c.tenant == bindparam("tenant"), actions.c.ticket_id == bindparam("ticket"), actions.c.id == bindparam("value")
)
FIND_ORIGIN = select(actions).where(
    actions.c.tenant == bindparam("tenant"), actions.c.ticket_id == bindparam("ticket"), actions.c.origin == bindparam("value")
)
ON_ORDER = (
    select(actions)
    .where(
        actions.c.tenant == bindparam("tenant"),
        actions.c.order_id == bindparam("order"),
        actions.c.status.in_((*LIVE, ActionStatus.SUCCEEDED)),
    )
    .order_by(actions.c.created_at)
)


def actor_of(caller: Caller) -> str:
    """Who acts, as the journal names them."""
    return f"person:{caller.person}" if caller.person else "bot"


def status_for(verdict: Verdict) -> ActionStatus:
    """The state that a decision puts an action into."""
    decided = {"allow": ActionStatus.RESERVED, "deny": ActionStatus.REFUSED}
    return decided.get(verdict.decision, ActionStatus.PROPOSED)


async def add(
    conn: AsyncConnection,
    action_id: ActionId,
    caller: Caller,
    proposal: Proposal,
    verdict: Verdict,
    policy_version: str,
    now: datetime,
) -> Any:
    """Write a new action with its first decision; returns the row."""
    values = {
        "id": action_id,
        "tenant": caller.tenant,
        "ticket_id": caller.ticket,
        "origin": proposal.origin,
        "key": action_key(caller.tenant, action_id),
        "tool": proposal.tool,
        "effect": proposal.effect,
        "args": dict(proposal.args),
        "wish": wish(proposal),
        "customer": caller.customer,
        "order_id": proposal.order_id,
        "amount_minor": proposal.money.amount_minor if proposal.money else None,
        "currency": proposal.money.currency if proposal.money else None,
        "legs": [asdict(leg) for leg in proposal.legs],
        "lane": caller.lane,
        "flow": caller.flow,
        "intent": caller.intent,
        "requester": actor_of(caller),
        "confirmed_by": f"person:{proposal.attested_by}" if proposal.attested_by else None,
        "created_at": now,
    }
    values |= decided(caller, proposal, verdict, policy_version, now)
    return (await conn.execute(_ADD if caller.fence is not None else _ADD_LEASED, values)).one()


def reached(row: Any, proposal: Proposal) -> list[NewRow]:
    """The rows that say which cards and accounts a new action's money reaches."""
    prints = sorted({leg.fingerprint for leg in proposal.legs if leg.fingerprint})
    return [(action_fingerprints, {"action_id": row.id, "tenant": row.tenant, "fingerprint": one}) for one in prints]


def decided(caller: Caller, proposal: Proposal, verdict: Verdict, policy_version: str, now: datetime) -> dict[str, Any]:
    """The columns that a decision sets, first or again; the arguments, the money and the key are not among them."""
    status = status_for(verdict)
    return {
        "facts": dict(proposal.facts),
        "status": status,
        "decision": verdict.decision,
        "rule": verdict.rule,
        "sentence": verdict.sentence,
        "policy_version": policy_version,
        "code": verdict.code if status is ActionStatus.REFUSED else None,
        "fence": caller.fence,
        "event_seq": caller.event_seq,
        "reserved_at": now if status is ActionStatus.RESERVED else None,
        "ended_at": now if status is ActionStatus.REFUSED else None,
    }


async def change(conn: AsyncConnection, action_id: str, *, leased: bool = False, **values: Any) -> Any:
    """Change an action whose ticket the caller has locked; returns the row as it now stands.

    With `leased`, a person's request has the action for itself for a while.
    """
    return (await conn.execute(_CHANGE_LEASED if leased else _CHANGE, {"action": action_id, **values})).one()


async def by_id(conn: AsyncConnection, ticket: str, action_id: str) -> Any:
    """The ticket's action with this id, or None."""
    return (await conn.execute(_BY_ID, {"ticket": ticket, "action": action_id})).first()


async def of_ticket(conn: AsyncConnection, ticket: str) -> tuple[Action, ...]:
    """The ticket's actions, oldest first."""
    return tuple(from_row(row) for row in await conn.execute(_OF_TICKET, {"ticket": ticket}))


async def met(conn: AsyncConnection, ticket: str, origin: str) -> Sequence[Any]:
    """The ticket's action with this origin, and those that have not ended, oldest first."""
    rows = (await conn.execute(_MET, {"ticket": ticket, "origin_met": origin})).all()
    return sorted(rows, key=lambda row: (row.created_at, row.id))


def entry(row: Any, actor: str, kind: str | None = None, more: Mapping[str, Json] | None = None) -> Entry:
    """The journal's entry of an action as it now stands: ids and decisions, and `more`; no customer text."""
    amount = {"amount_minor": row.amount_minor, "currency": row.currency} if row.amount_minor is not None else None
    return Entry(
        kind or f"action.{row.status}",
        actor,
        {
            "action_id": row.id,
            "tool": row.tool,
            "order_id": row.order_id,
            "amount": amount,
            "decision": row.decision,
            "rule": row.rule,
            "code": row.code,
            "policy_version": row.policy_version,
            "confirmed_by": row.confirmed_by,
            "approval_id": row.approval_id,
            "receipt": row.receipt["reference"] if row.receipt else None,
        }
        | ({"job": row.job} if row.job else {})
        | dict(more or {}),
    )


def from_row(row: Any) -> Action:
    """The frozen action."""
    return Action(
        id=ActionId(row.id),
        tenant=TenantName(row.tenant),
        ticket=TicketId(row.ticket_id),
        origin=row.origin,
        tool=row.tool,
        effect=Effect(row.effect),
        args=row.args,
        status=ActionStatus(row.status),
        key=row.key,
        decision=row.decision,
        rule=row.rule,
        policy_version=row.policy_version,
        code=row.code,
        order_id=row.order_id,
        money=Money(row.amount_minor, row.currency) if row.amount_minor is not None else None,
        legs=tuple(MoneyLeg(leg["method_id"], leg["amount_minor"], leg["fingerprint"]) for leg in row.legs),
        facts=row.facts,
        receipt=Receipt.model_validate(row.receipt) if row.receipt else None,
        approval_id=ApprovalId(row.approval_id) if row.approval_id else None,
        confirmed_by=row.confirmed_by,
        flow=row.flow,
        intent=row.intent,
        lane=Lane(row.lane),
        fence=row.fence,
        sentence=row.sentence,
        requester=row.requester,
        job=row.job,
        sent_at=row.sent_at,
    )
