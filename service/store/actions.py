"""The book of actions in our database: each method is one short transaction that locks the ticket's row first."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service import ids
from service.store import action_rows, approvals, ledger, switches, turns
from service.store.action_rows import LIVE, actor_of, entry, from_row
from service.store.book_facts import Standing, read_facts, take_locks
from service.store.database import Database
from service.store.journal import Entry, append_to_ticket
from service.store.money_schema import actions
from service.store.schema import questions
from service.store.switches import Who
from service.store.wakeups import EventKind, Wakeups
from tools.commerce import Receipt
from tools.digest import digest, wish
from tools.errors import Code, FencedOff, MovedOn, RunSuperseded
from tools.limits import Policy
from tools.ports import (
    Action,
    ActionBook,
    ActionId,
    ActionStatus,
    BookFacts,
    Caller,
    Clock,
    Decide,
    Json,
    Proposal,
    Switch,
    TenantName,
    Verdict,
)

PolicyFor = Callable[[TenantName], Policy]


class SqlActionBook(ActionBook):
    """Actions, reservations and decisions. `policy_for` gives the numbers that say how far back the books are read."""

    def __init__(self, database: Database, wakeups: Wakeups, policy_for: PolicyFor, clock: Clock) -> None:
        self._database = database
        self._wakeups = wakeups
        self._policy_for = policy_for
        self._clock = clock

    async def find(self, caller: Caller, *, origin: str | None = None, action: ActionId | None = None) -> Action | None:
        """The ticket's action with this origin or id."""
        wanted = actions.c.origin == origin if origin is not None else actions.c.id == action
        query = select(actions).where(actions.c.tenant == caller.tenant, actions.c.ticket_id == caller.ticket, wanted)
        async with self._database.reading() as conn:
            row = (await conn.execute(query)).first()
        return from_row(row) if row else None

    async def live_on_order(self, caller: Caller, order_id: str) -> tuple[Action, ...]:
        """The tenant's actions on an order that have not ended, oldest first."""
        query = select(actions).where(
            actions.c.tenant == caller.tenant, actions.c.order_id == order_id, actions.c.status.in_(LIVE)
        )
        async with self._database.reading() as conn:
            rows = await conn.execute(query.order_by(actions.c.created_at))
            return tuple(from_row(row) for row in rows)

    async def switch_for(self, caller: Caller, tool: str) -> Switch | None:
        """A switch on the tool stops everybody's reads; one on the tenant, a lane or an intent stops those of bots."""
        who = Who(caller.tenant, caller.lane, tool, caller.intent)
        async with self._database.reading() as conn:
            return await (switches.peek(conn, who, ("tool",)) if caller.person else switches.peek(conn, who))

    async def switch_on(self, action: Action) -> Switch | None:
        """The thrown switch that stops this action, by the lane and the intent that wanted it, if any."""
        async with self._database.reading() as conn:
            row = await action_rows.by_id(conn, action.ticket, action.id)
            return await switches.peek(conn, Who(action.tenant, row.lane, row.tool, row.intent))

    async def propose(self, caller: Caller, proposal: Proposal, decide: Decide, policy_version: str) -> Action:
        """Create the action or meet the one that is there, decide, and reserve: all in one transaction."""
        now = self._clock()
        async with self._database.begin() as conn:
            await _lock(conn, caller)
            known = await action_rows.by_origin(conn, caller.ticket, proposal.origin)
            if known is not None:
                return from_row(known)
            await take_locks(conn, caller, proposal, now)
            newer = await _newer_message(conn, caller)
            entries = await _supersede(conn, caller, proposal, now)
            twin = await _live_twin(conn, caller, proposal)
            if twin is not None:
                await append_to_ticket(conn, caller.ticket, entries, now, caller.event_seq)
                return from_row(twin)
            standing = Standing(confirmed=proposal.attested_by is not None)
            facts = await self._facts(conn, caller, proposal, now, standing, newer)
            verdict = decide(facts)
            action_id = ActionId(ids.new("act"))
            row = await action_rows.add(conn, action_id, caller, proposal, verdict, policy_version, now)
            return await self._decided(conn, caller, row, proposal, verdict, now, entries)

    async def resume(self, caller: Caller, action: Action, proposal: Proposal, decide: Decide, policy_version: str) -> Action:
        """Decide a `proposed` action again: its yes and its votes are facts now, and are used up when it is reserved."""
        now = self._clock()
        async with self._database.begin() as conn:
            await _lock(conn, caller)
            row = await action_rows.by_id(conn, caller.ticket, action.id)
            if row.status != ActionStatus.PROPOSED:
                return from_row(row)
            await take_locks(conn, caller, proposal, now)
            newer = await _newer_message(conn, caller)
            approval = await approvals.current(conn, row.id)
            if approval is not None and approval.state in approvals.USABLE and approval.expires_at <= now:
                return from_row(await approvals.expire_action(conn, approval, row, now))
            confirmed_by = row.confirmed_by or await _yes(conn, row.id)
            standing = await _standing(conn, row, proposal, approval, confirmed=confirmed_by is not None)
            facts = await self._facts(conn, caller, proposal, now, standing, newer)
            verdict = decide(facts)
            row = await action_rows.change(
                conn,
                row.id,
                confirmed_by=confirmed_by,
                approved=verdict.decision == "allow" and approval is not None and approval.state == "approved",
                **action_rows.decided(caller, proposal, verdict, policy_version, now),
            )
            return await self._decided(conn, caller, row, proposal, verdict, now, [])

    async def mark_sent(self, caller: Caller, action: Action) -> Action:
        """Commit `sent`, or end the action when a switch was thrown since it was reserved."""
        now = self._clock()
        async with self._database.begin() as conn:
            await _lock(conn, caller)
            row = await action_rows.by_id(conn, caller.ticket, action.id)
            if row.status != ActionStatus.RESERVED:
                raise MovedOn
            killed = await switches.hold(conn, Who(action.tenant, row.lane, row.tool, row.intent))
            if killed is not None:
                ended = await _end_reserved(conn, row, ActionStatus.REFUSED, Code.KILLED, "switch.killed", now)
                return from_row(ended)
            row = await action_rows.change(conn, row.id, status=ActionStatus.SENT, sent_at=now, fence=caller.fence)
            await append_to_ticket(conn, row.ticket_id, [entry(row, actor_of(caller))], now, row.event_seq)
            return from_row(row)

    async def settle(
        self, action: Action, receipt: Receipt | None, status: ActionStatus, code: str | None, *, wake: bool = False
    ) -> Action:
        """Write how a `sent` or `unknown` action ended; later settlings change nothing."""
        now = self._clock()
        async with self._database.begin() as conn:
            await turns.lock(conn, action.ticket, None)
            row = await action_rows.by_id(conn, action.ticket, action.id)
            if row.status not in (ActionStatus.SENT, ActionStatus.UNKNOWN) or row.status == status:
                return from_row(row)
            if receipt is not None:
                await ledger.settle(conn, row, receipt, now)
            elif status is ActionStatus.FAILED:
                await ledger.release(conn, row, now)
            row = await action_rows.change(
                conn,
                row.id,
                status=status,
                code=code,
                receipt=receipt.model_dump(mode="json") if receipt else None,
                ended_at=now if status.ended else None,
            )
            await append_to_ticket(conn, row.ticket_id, [entry(row, "system")], now, row.event_seq)
            if wake and status.ended:
                await self._wakeups.wake(conn, row.ticket_id, EventKind.SETTLED, row.id, {"status": row.status})
            return from_row(row)

    async def release(self, action: Action) -> Action:
        """End a `reserved` action that nobody will carry out any more, free its money, and wake its ticket."""
        now = self._clock()
        async with self._database.begin() as conn:
            await turns.lock(conn, action.ticket, None)
            row = await action_rows.by_id(conn, action.ticket, action.id)
            if row.status != ActionStatus.RESERVED or row.fence != action.fence:
                return from_row(row)
            row = await _end_reserved(conn, row, ActionStatus.EXPIRED, None, row.rule, now)
            await self._wakeups.wake(conn, row.ticket_id, EventKind.SETTLED, row.id, {"status": row.status})
            return from_row(row)

    async def record_refusal(self, caller: Caller, tool: str, args: Mapping[str, Json], code: str, rule: str | None) -> None:
        """Write one entry for a call that never became an action."""
        async with self._database.begin() as conn:
            await _lock(conn, caller)
            data = {"tool": tool, "args": dict(args), "code": str(code), "rule": rule}
            refusal = [Entry("tool.refused", actor_of(caller), data)]
            await append_to_ticket(conn, caller.ticket, refusal, self._clock(), caller.event_seq)

    async def _facts(
        self,
        conn: AsyncConnection,
        caller: Caller,
        proposal: Proposal,
        now: datetime,
        standing: Standing,
        newer: bool,
    ) -> BookFacts:
        return await read_facts(conn, caller, proposal, self._policy_for(caller.tenant), now, standing, newer)

    async def _decided(
        self,
        conn: AsyncConnection,
        caller: Caller,
        row: Any,
        proposal: Proposal,
        verdict: Verdict,
        now: datetime,
        entries: list[Entry],
    ) -> Action:
        """What follows from a decision: money held, an approval opened or used up, and the journal."""
        if verdict.decision == "needs_approval":
            live = timedelta(hours=self._policy_for(caller.tenant).approval_hours)
            approval_id, opened = await approvals.open_or_keep(conn, row, proposal, verdict, live, now)
            row = await action_rows.change(conn, row.id, approval_id=approval_id)
            entries = [*entries, *opened]
        elif verdict.decision == "allow":
            await approvals.end(conn, row.id, "used" if row.approved else "superseded", now)
            await ledger.reserve(conn, row, now)
        elif verdict.decision == "deny":
            await approvals.end(conn, row.id, "superseded", now)
        await append_to_ticket(conn, row.ticket_id, [*entries, entry(row, actor_of(caller))], now, caller.event_seq)
        return from_row(row)


async def _lock(conn: AsyncConnection, caller: Caller) -> None:
    """The ticket's row, locked for this caller. Raises `FencedOff`, also for another tenant's ticket."""
    ticket = await turns.lock(conn, caller.ticket, caller.fence)
    if ticket.tenant != caller.tenant:
        raise FencedOff


async def _newer_message(conn: AsyncConnection, caller: Caller) -> bool:
    """Whether the customer has written past what the caller has read. Raises `RunSuperseded` for a turn."""
    if caller.seen_seq is None:
        return False
    newer = await turns.newest_message(conn, caller.ticket) > caller.seen_seq
    if newer and caller.fence is not None:
        raise RunSuperseded
    return newer


async def _supersede(conn: AsyncConnection, caller: Caller, proposal: Proposal, now: datetime) -> list[Entry]:
    """A new proposal replaces the ticket's unconfirmed ones; the very same wish of a bot stays, of a person it is replaced."""
    if not proposal.confirms:
        return []
    unconfirmed = [
        actions.c.ticket_id == caller.ticket,
        actions.c.status == ActionStatus.PROPOSED,
        actions.c.decision == "needs_confirmation",
    ]
    if caller.person is None:
        unconfirmed.append(actions.c.wish != wish(proposal))
    query = update(actions).where(*unconfirmed)
    rows = await conn.execute(
        query.values(status=ActionStatus.SUPERSEDED, code=Code.SUPERSEDED, ended_at=now).returning(actions)
    )
    return [entry(row, actor_of(caller)) for row in rows]


async def _live_twin(conn: AsyncConnection, caller: Caller, proposal: Proposal) -> Any:
    query = select(actions).where(
        actions.c.ticket_id == caller.ticket, actions.c.status.in_(LIVE), actions.c.wish == wish(proposal)
    )
    return (await conn.execute(query.order_by(actions.c.created_at).limit(1))).first()


async def _yes(conn: AsyncConnection, action_id: str) -> str | None:
    """Who said yes to the question about this one action, if anybody did."""
    query = select(questions.c.answered_by).where(questions.c.action_id == action_id, questions.c.state == "confirmed")
    return (await conn.execute(query.limit(1))).scalar_one_or_none()


async def _standing(conn: AsyncConnection, row: Any, proposal: Proposal, approval: Any, *, confirmed: bool) -> Standing:
    if approval is None:
        return Standing(ActionId(row.id), confirmed)
    usable = approval.state == "approved"
    return Standing(
        ActionId(row.id),
        confirmed,
        votes=await approvals.valid_votes(conn, approval.id) if usable else 0,
        denied=approval.state == "denied",
        digest_matches=approval.digest == digest(row.tenant, row.id, row.tool, row.args, proposal.facts),
    )


async def _end_reserved(
    conn: AsyncConnection, row: Any, status: ActionStatus, code: Code | None, rule: str | None, now: datetime
) -> Any:
    """End an action that was reserved and never sent; what was held for it is free again."""
    await ledger.release(conn, row, now)
    ended = await action_rows.change(conn, row.id, status=status, code=code, rule=rule, sentence="", ended_at=now)
    await append_to_ticket(conn, row.ticket_id, [entry(ended, "system")], now, row.event_seq)
    return ended
