"""People's votes on an action: opened with a digest, voted on once per person, used once, expired or superseded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import structlog
from sqlalchemy import exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service import ids
from service.errors import AlreadyDecided, ApprovalExpired, ApprovalSuperseded, DigestMismatch, Forbidden, Invalid, NotFound
from service.payload import kept_text
from service.store import action_rows, people, turns
from service.store.access_schema import role_grants
from service.store.database import Database
from service.store.journal import Entry, append_to_ticket
from service.store.money_schema import actions, approvals, votes
from service.store.people import Person, Role
from service.store.schema import escalations, tickets
from service.store.wakeups import EventKind, Wakeups
from tools.digest import digest
from tools.errors import Code
from tools.ports import ActionStatus, ApprovalId, Clock, PersonId, Proposal, Verdict

log = structlog.get_logger()

TENANT_DAY = "refund.tenant_day_cap"
"""The rule whose cap operators hear of: a day of unusually many refunds."""

Choice = Literal["approve", "deny"]

USABLE = ("pending", "approved")
"""The states of an approval that may still lead to an execution."""

_UNDECIDED = (Code.APPROVAL_INVALID, "Nobody decided on this in time.")
_TOO_LATE = (Code.BACKEND_UNAVAILABLE, "This was approved, but the shop's system could not be reached while the approval held.")


@dataclass(frozen=True, slots=True)
class Decided:
    """An approval after somebody's vote."""

    id: ApprovalId
    state: str
    votes_needed: int
    votes: int


class Approvals:
    """Takes people's votes and ends what nobody decided in time."""

    def __init__(self, database: Database, wakeups: Wakeups, clock: Clock) -> None:
        self._database = database
        self._wakeups = wakeups
        self._clock = clock

    async def decide(
        self, person: Person, approval_id: ApprovalId, decision: Choice, reason: str, shown_digest: str
    ) -> Decided:
        """Record a person's vote; the last one that is needed, or a no, wakes the ticket in the same transaction.

        Raises `NotFound`, `Forbidden` (role, own request), `ApprovalSuperseded`, `ApprovalExpired`, `AlreadyDecided`
        (decided, or this person has voted), `DigestMismatch` and `Invalid` (a no without its reason).
        """
        now, reason = self._clock(), kept_text(reason)
        async with self._database.begin() as conn:
            row = await self._locked(conn, person, approval_id)
            await _require_voter(conn, person, row)
            _require_pending(row, now)
            if shown_digest != row.digest:
                raise DigestMismatch
            if decision == "deny" and not reason.strip():
                raise Invalid("Say why you deny it; the team and the record need the reason.")
            await _vote(conn, row, person, decision, reason, now)
            given = await valid_votes(conn, row.id)
            state = "denied" if decision == "deny" else "approved" if given >= row.votes_needed else "pending"
            data = {"approval_id": row.id, "action_id": row.action_id, "decision": decision, "reason": reason, "state": state}
            await append_to_ticket(conn, row.ticket_id, [Entry("approval.voted", f"person:{person.id}", data)], now)
            if state != "pending":
                await _mark(conn, row.id, state, now)
                await self._wake(conn, row, state)
        return Decided(ApprovalId(row.id), state, row.votes_needed, given)

    async def expire(self, limit: int = 100) -> int:
        """End the approvals whose time has passed, and their actions, and tell their tickets; returns how many."""
        async with self._database.reading() as conn:
            due = select(approvals.c.id, approvals.c.ticket_id).where(
                approvals.c.state.in_(USABLE), approvals.c.expires_at <= self._clock()
            )
            rows = (await conn.execute(due.order_by(approvals.c.expires_at).limit(limit))).all()
        return sum([await self._expire_one(row.ticket_id, row.id) for row in rows])

    async def _expire_one(self, ticket_id: str, approval_id: str) -> bool:
        now = self._clock()
        async with self._database.begin() as conn:
            await turns.lock(conn, ticket_id, None)
            row = (await conn.execute(select(approvals).where(approvals.c.id == approval_id))).one()
            action = await action_rows.by_id(conn, ticket_id, row.action_id)
            if row.state not in USABLE or action.status != ActionStatus.PROPOSED:
                return False
            await expire_action(conn, row, action, now)
            await self._wake(conn, row, "expired")
        return True

    async def _locked(self, conn: AsyncConnection, person: Person, approval_id: ApprovalId) -> Any:
        query = select(approvals).where(approvals.c.id == approval_id, approvals.c.tenant == person.tenant)
        found = (await conn.execute(query)).first()
        if found is None:
            raise NotFound
        await turns.lock(conn, found.ticket_id, None)
        return (await conn.execute(query)).one()

    async def _wake(self, conn: AsyncConnection, row: Any, state: str) -> None:
        data = {"approval_id": row.id, "state": state}
        await self._wakeups.wake(conn, row.ticket_id, EventKind.APPROVAL, row.action_id, data)


async def current(conn: AsyncConnection, action_id: str) -> Any:
    """The newest approval of an action, or None."""
    query = select(approvals).where(approvals.c.action_id == action_id)
    return (await conn.execute(query.order_by(approvals.c.created_at.desc(), approvals.c.id.desc()).limit(1))).first()


async def waiting_on(conn: AsyncConnection, ticket_id: str) -> Any:
    """The ticket's oldest approval that is still to be decided, or None."""
    query = select(approvals).where(approvals.c.ticket_id == ticket_id, approvals.c.state == "pending")
    return (await conn.execute(query.order_by(approvals.c.created_at, approvals.c.id).limit(1))).first()


async def left_undone(conn: AsyncConnection, before: datetime, limit: int) -> Sequence[Any]:
    """The approvals whose action is still open on a ticket that has been at rest since `before`; locks these tickets.

    A ticket that is parked as poison is left to its person: what broke it before would break it again.
    """
    live = escalations.c.state != "resolved"
    parked = exists().where(escalations.c.ticket_id == tickets.c.id, escalations.c.reason == "poison", live)
    query = (
        select(approvals)
        .join(actions, actions.c.id == approvals.c.action_id)
        .join(tickets, tickets.c.id == approvals.c.ticket_id)
        .where(actions.c.status == ActionStatus.PROPOSED, approvals.c.state == "approved")
        .where(tickets.c.pending == 0, tickets.c.updated_at <= before, ~parked)
        .order_by(approvals.c.decided_at)
        .limit(limit)
    )
    return (await conn.execute(query.with_for_update(of=tickets, skip_locked=True))).all()


async def valid_votes(conn: AsyncConnection, approval_id: str) -> int:
    """How many different people approved while they were supervisors and not the requester."""
    held = (
        (role_grants.c.person_id == votes.c.person_id)
        & (role_grants.c.role == Role.SUPERVISOR.value)
        & (role_grants.c.from_at <= votes.c.at)
        & (role_grants.c.to_at.is_(None) | (role_grants.c.to_at > votes.c.at))
    )
    query = (
        select(func.count(func.distinct(votes.c.person_id)))
        .join(role_grants, held)
        .join(approvals, approvals.c.id == votes.c.approval_id)
        .join(actions, actions.c.id == approvals.c.action_id)
        .where(
            votes.c.approval_id == approval_id,
            votes.c.decision == "approve",
            actions.c.requester != "person:" + votes.c.person_id,
        )
    )
    return (await conn.execute(query)).scalar_one()


async def open_or_keep(
    conn: AsyncConnection, action: Any, proposal: Proposal, verdict: Verdict, live: timedelta, now: datetime
) -> tuple[str, Sequence[Entry]]:
    """Ask people about an action; an approval that is open already stays, and needs the more votes of the two."""
    newest = await current(conn, action.id)
    known = newest if newest is not None and newest.state in USABLE else None
    if verdict.rule == TENANT_DAY and (known is None or known.rule != TENANT_DAY):
        log.warning("policy.tenant_day_reached", tenant=action.tenant, ticket_id=action.ticket_id, action_id=action.id)
    return await _keep(conn, known, verdict) if known else await _open(conn, action, proposal, verdict, live, now)


async def _open(
    conn: AsyncConnection, action: Any, proposal: Proposal, verdict: Verdict, live: timedelta, now: datetime
) -> tuple[str, Sequence[Entry]]:
    approval_id = ids.new("apr")
    await conn.execute(
        insert(approvals).values(
            id=approval_id,
            tenant=action.tenant,
            ticket_id=action.ticket_id,
            action_id=action.id,
            digest=digest(action.tenant, action.id, action.tool, action.args, proposal.facts),
            facts=dict(proposal.facts),
            rule=verdict.rule,
            votes_needed=verdict.votes,
            state="pending",
            created_at=now,
            expires_at=now + live,
        )
    )
    return approval_id, [_asked("approval.opened", approval_id, action.id, verdict)]


async def _keep(conn: AsyncConnection, known: Any, verdict: Verdict) -> tuple[str, Sequence[Entry]]:
    """Approvers are shown the rule that speaks now, unless the one that spoke before asks for more votes."""
    asked = {"rule": verdict.rule, "votes_needed": verdict.votes} if verdict.votes >= known.votes_needed else {}
    again = {"state": "pending", "decided_at": None} | asked
    await conn.execute(update(approvals).where(approvals.c.id == known.id).values(again))
    changed = asked and (known.rule, known.votes_needed) != (verdict.rule, verdict.votes)
    return known.id, [_asked("approval.changed", known.id, known.action_id, verdict)] if changed else []


def _asked(kind: str, approval_id: str, action_id: str, verdict: Verdict) -> Entry:
    data = {"approval_id": approval_id, "action_id": action_id, "rule": verdict.rule, "votes_needed": verdict.votes}
    return Entry(kind, "system", data)


async def end(conn: AsyncConnection, action_id: str, state: Literal["used", "superseded"], now: datetime) -> None:
    """Use up the action's approval, or put it out of use; a decided no stays a no."""
    await conn.execute(
        update(approvals)
        .where(approvals.c.action_id == action_id, approvals.c.state.in_(USABLE))
        .values(state=state, decided_at=func.coalesce(approvals.c.decided_at, now, type_=approvals.c.decided_at.type))
    )


async def expire_action(conn: AsyncConnection, approval: Any, action: Any, now: datetime) -> Any:
    """The approval's time has passed: it and its action end; returns the action's row.

    What was approved and is still open has waited for the shop all that time.
    """
    await _mark(conn, approval.id, "expired", now)
    code, sentence = _TOO_LATE if approval.state == "approved" else _UNDECIDED
    row = await action_rows.change(conn, action.id, status=ActionStatus.EXPIRED, code=code, sentence=sentence, ended_at=now)
    await append_to_ticket(conn, row.ticket_id, [action_rows.entry(row, "system")], now)
    return row


async def _require_voter(conn: AsyncConnection, person: Person, row: Any) -> None:
    now_known = await people.find(conn, person.id)
    if now_known is None or not now_known.active or now_known.role is not Role.SUPERVISOR:
        raise Forbidden("Supervisors decide on approvals.")
    action = await action_rows.by_id(conn, row.ticket_id, row.action_id)
    if action.requester == f"person:{person.id}":
        raise Forbidden("Somebody else has to decide on your own request.")


def _require_pending(row: Any, now: datetime) -> None:
    if row.state == "superseded":
        raise ApprovalSuperseded
    if row.state == "expired" or (row.state in USABLE and row.expires_at <= now):
        raise ApprovalExpired
    if row.state != "pending":
        raise AlreadyDecided


async def _vote(conn: AsyncConnection, row: Any, person: Person, decision: Choice, reason: str, now: datetime) -> None:
    mine = select(votes.c.decision).where(votes.c.approval_id == row.id, votes.c.person_id == PersonId(person.id))
    if (await conn.execute(mine)).first() is not None:
        raise AlreadyDecided("You have voted on this already.")
    await conn.execute(insert(votes).values(approval_id=row.id, person_id=person.id, decision=decision, reason=reason, at=now))


async def _mark(conn: AsyncConnection, approval_id: str, state: str, now: datetime) -> None:
    await conn.execute(update(approvals).where(approvals.c.id == approval_id).values(state=state, decided_at=now))
