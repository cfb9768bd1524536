"""The book of actions in our database: each method is one short transaction that locks the ticket's row first."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service import ids
from service.store import action_rows, aftermath, approvals, ledger, looks, switches, turns
from service.store.action_rows import actor_of, entry, from_row
from service.store.book_facts import Standing, look_at_facts, read_facts, take_locks
from service.store.bulk import NewRow, store
from service.store.database import Database
from service.store.journal import Entry, append_after, append_to_ticket
from service.store.money_schema import actions
from service.store.schema import questions
from service.store.switches import Who
from service.store.wakeups import EventKind, Wakeups
from tools.book import ActionBook, Decide
from tools.commerce import Failure, Job, Receipt
from tools.digest import digest, wish
from tools.errors import Code, FencedOff, MovedOn, RunSuperseded
from tools.limits import Policy
from tools.ports import (
    Action,
    ActionId,
    ActionStatus,
    BookFacts,
    Caller,
    Clock,
    Json,
    Lane,
    Proposal,
    Saw,
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
        wanted = {"tenant": caller.tenant, "ticket": caller.ticket, "value": action if origin is None else origin}
        async with self._database.reading() as conn:
            row = (await conn.execute(action_rows.FIND if origin is None else action_rows.FIND_ORIGIN, wanted)).first()
        return from_row(row) if row else None

    async def on_order(self, caller: Caller, order_id: str) -> tuple[Action, ...]:
        """The tenant's actions on an order that have not ended or succeeded, oldest first."""
        async with self._database.reading() as conn:
            rows = await conn.execute(action_rows.ON_ORDER, {"tenant": caller.tenant, "order": order_id})
            return tuple(from_row(row) for row in rows)

    async def look(self, caller: Caller, proposal: Proposal) -> tuple[BookFacts, Action | None]:
        """What the books say to a wish, without a lock or a write, and the live action that it would meet."""
        policy = self._policy_for(caller.tenant)
        async with self._database.reading() as conn:
            facts = await look_at_facts(conn, caller, proposal, policy, self._clock())
            twin = _live_twin(caller, proposal, await action_rows.met(conn, caller.ticket, proposal.origin))
        return facts, from_row(twin) if twin else None

    async def switch_for(self, caller: Caller, tool: str) -> Switch | None:
        """A switch on the tool stops everybody's reads; one on the tenant, a lane or an intent stops those of machines."""
        who = Who(caller.tenant, caller.lane, tool, caller.intent)
        async with self._database.reading() as conn:
            return await (switches.peek(conn, who, ("tool",)) if _by_hand(caller) else switches.peek(conn, who))

    async def switch_on(self, action: Action) -> Switch | None:
        """The thrown switch that stops this action, by the lane and the intent that wanted it, if any."""
        async with self._database.reading() as conn:
            return await switches.peek(conn, _who(action))

    async def propose(self, caller: Caller, proposal: Proposal, decide: Decide, policy_version: str) -> Action:
        """Create the action or meet the one that is there, decide, and reserve: all in one transaction."""
        now = self._clock()
        async with self._database.begin() as conn:
            ticket = await _lock(conn, caller)
            met = await action_rows.met(conn, caller.ticket, proposal.origin)
            if known := next((row for row in met if row.origin == proposal.origin), None):
                return from_row(known)
            await take_locks(conn, caller, proposal, self._policy_for(caller.tenant), now)
            newer = await _newer_message(conn, caller)
            entries = await _supersede(conn, caller, proposal, met, now)
            if twin := _live_twin(caller, proposal, met):
                await append_after(conn, ticket, entries, now, caller.event_seq)
                return from_row(twin)
            standing = Standing(confirmed=proposal.attested_by is not None)
            facts = await read_facts(conn, caller, proposal, self._policy_for(caller.tenant), now, standing, newer)
            verdict = decide(facts)
            action_id = ActionId(ids.new("act"))
            row = await action_rows.add(conn, action_id, caller, proposal, verdict, policy_version, now)
            also = action_rows.reached(row, proposal)
            row, followed, held = await self._follow(conn, row, proposal, verdict, now)
            entries += [*followed, entry(row, actor_of(caller))]
            await append_after(conn, ticket, entries, now, caller.event_seq, [*also, *held])
            if caller.fence is None and verdict.decision == "needs_confirmation":
                # No turn is at work that would ask the customer, so one is woken.
                await self._wakeups.wake(conn, row.ticket_id, EventKind.PROPOSED, row.id)
            return from_row(row)

    async def resume(self, caller: Caller, action: Action, proposal: Proposal, decide: Decide, policy_version: str) -> Action:
        """Decide a `proposed` action again: its yes and its votes are facts now, and are used up when it is reserved."""
        now = self._clock()
        async with self._database.begin() as conn:
            ticket = await _lock(conn, caller)
            row = await action_rows.by_id(conn, caller.ticket, action.id)
            if row.status != ActionStatus.PROPOSED:
                return from_row(row)
            await take_locks(conn, caller, proposal, self._policy_for(caller.tenant), now)
            newer = await _newer_message(conn, caller)
            approval = await approvals.current(conn, row.id) if row.approval_id else None
            if approval is not None and approval.state in approvals.USABLE and approval.expires_at <= now:
                return from_row(await approvals.expire_action(conn, approval, row, now))
            confirmed_by = row.confirmed_by or await _yes(conn, row.id)
            standing = await _standing(conn, row, proposal, approval, confirmed=confirmed_by is not None)
            facts = await read_facts(conn, caller, proposal, self._policy_for(caller.tenant), now, standing, newer)
            verdict = decide(facts)
            row = await action_rows.change(
                conn,
                row.id,
                leased=caller.fence is None,
                confirmed_by=confirmed_by,
                approved=verdict.decision == "allow" and approval is not None and approval.state == "approved",
                **action_rows.decided(caller, proposal, verdict, policy_version, now),
            )
            row, followed, held = await self._follow(conn, row, proposal, verdict, now)
            await append_after(conn, ticket, [*followed, entry(row, actor_of(caller))], now, caller.event_seq, held)
            return from_row(row)

    async def mark_sent(self, caller: Caller, action: Action) -> Action:
        """Commit `sent`, or end the action when a switch was thrown since it was reserved."""
        now = self._clock()
        async with self._database.begin() as conn:
            ticket = await _lock(conn, caller)
            if await switches.hold(conn, _who(action)) is not None:
                reserved = await action_rows.by_id(conn, caller.ticket, action.id)
                if reserved.status != ActionStatus.RESERVED:
                    raise MovedOn
                return from_row(await _end_reserved(conn, reserved, ActionStatus.REFUSED, Code.KILLED, "switch.killed", now))
            values = {"action": action.id, "now": now, "by": caller.fence, "event": caller.event_seq}
            row = (await conn.execute(_SEND, values)).first()
            if row is None:
                raise MovedOn
            await append_after(conn, ticket, [entry(row, actor_of(caller))], now, row.event_seq)
            return from_row(row)

    async def settle(
        self, action: Action, receipt: Receipt | None, status: ActionStatus, code: str | None, *, wake: bool = False
    ) -> Action:
        """Write how a `sent` or `unknown` action ended; later settlings change nothing."""
        now = self._clock()
        async with self._database.begin() as conn:
            ticket = await turns.lock_chain(conn, action.ticket, None)
            values = {
                "action": action.id,
                "becomes": status,
                "status": status,
                "code": code,
                "receipt": receipt.model_dump(mode="json") if receipt else None,
                "ended_at": now if status.ended else None,
            }
            row = (await conn.execute(_SETTLE, values)).first()
            if row is None:
                return from_row(await action_rows.by_id(conn, action.ticket, action.id))
            moved: Sequence[NewRow] = ()
            if receipt is not None:
                moved = ledger.settled(row, receipt, now)
            elif status is ActionStatus.FAILED:
                moved = ledger.released(row, now)
            await append_after(conn, ticket, [entry(row, "system")], now, row.event_seq, moved)
            if wake and (status.ended or row.job):
                await self._wakeups.wake(conn, row.ticket_id, EventKind.SETTLED, row.id, {"status": row.status})
            return from_row(row)

    async def accept(self, action: Action, job: Job) -> Action:
        """Note that the backend works on it; the first word about how it ended may have come before, and stands."""
        now = self._clock()
        async with self._database.begin() as conn:
            return from_row(await aftermath.accept(conn, action, job, now))

    async def looked(self, action: Action, saw: Saw, *, tried: bool = False) -> None:
        """Keep what a look that settled nothing has said; `tried` ends one more attempt."""
        async with self._database.begin() as conn:
            await looks.note(conn, action, saw, self._clock(), tried=tried)

    async def try_again(self, action: Action) -> bool:
        """Take a `sent` or `unknown` action for one more attempt, unless it is settled or being tried."""
        async with self._database.begin() as conn:
            return await looks.take(conn, action)

    async def correct(self, action: Action, found: Receipt | Failure) -> Action:
        """Follow what the backend's books say now about a `succeeded` action, and wake its ticket, once for each news."""
        now = self._clock()
        async with self._database.begin() as conn:
            row, told = await aftermath.correct(conn, action, found, now)
            if told is not None:
                await self._wakeups.wake(conn, row.ticket_id, EventKind.SETTLED, row.id, {"status": row.status, **told})
            return from_row(row)

    async def release(self, action: Action) -> Action:
        """End a `reserved` action that nobody will carry out any more, free its money, and wake its ticket."""
        now = self._clock()
        async with self._database.begin() as conn:
            await turns.lock_chain(conn, action.ticket, None)
            row = await action_rows.by_id(conn, action.ticket, action.id)
            if row.status != ActionStatus.RESERVED or row.fence != action.fence:
                return from_row(row)
            over = ActionStatus.EXPIRED, Code.BACKEND_UNAVAILABLE, None
            row = await _end_reserved(conn, row, *over, now, "This was interrupted before it was sent; nothing has been done.")
            await self._wakeups.wake(conn, row.ticket_id, EventKind.SETTLED, row.id, {"status": row.status})
            return from_row(row)

    async def record_refusal(self, caller: Caller, tool: str, args: Mapping[str, Json], code: str, rule: str | None) -> None:
        """Write one entry for a call that never became an action."""
        async with self._database.begin() as conn:
            ticket = await _lock(conn, caller)
            data = {"tool": tool, "args": dict(args), "code": str(code), "rule": rule}
            await append_after(conn, ticket, [Entry("tool.refused", actor_of(caller), data)], self._clock(), caller.event_seq)

    async def _follow(
        self, conn: AsyncConnection, row: Any, proposal: Proposal, verdict: Verdict, now: datetime
    ) -> tuple[Any, Sequence[Entry], Sequence[NewRow]]:
        """What follows from a decision: an approval opened, used up or out of use, and money held.

        Returns the row as it now stands, what to tell, and the rows that hold the money.
        """
        if verdict.decision == "needs_approval":
            live = timedelta(hours=self._policy_for(row.tenant).approval_hours)
            approval_id, opened = await approvals.open_or_keep(conn, row, proposal, verdict, live, now)
            return await action_rows.change(conn, row.id, approval_id=approval_id), opened, ()
        if row.approval_id and verdict.decision != "needs_confirmation":
            await approvals.end(conn, row.id, "used" if row.approved else "superseded", now)
        return row, (), ledger.reserved(row, now) if verdict.decision == "allow" else ()


_SEND = (
    update(actions)
    .where(actions.c.id == bindparam("action"), actions.c.status == ActionStatus.RESERVED)
    .values(status=ActionStatus.SENT, sent_at=bindparam("now"), fence=bindparam("by"), event_seq=bindparam("event"))
    .returning(actions)
)
_SETTLE = (
    update(actions)
    .where(
        actions.c.id == bindparam("action"),
        actions.c.status.in_((ActionStatus.SENT, ActionStatus.UNKNOWN)),
        actions.c.status != bindparam("becomes"),
    )
    .returning(actions)
)
_YES = (
    select(questions.c.answered_by)
    .where(questions.c.action_id == bindparam("action"), questions.c.state == "confirmed")
    .limit(1)
)


async def _lock(conn: AsyncConnection, caller: Caller) -> Any:
    """The ticket's row, locked for this caller. Raises `FencedOff`, also for another tenant's ticket."""
    ticket = await turns.lock_chain(conn, caller.ticket, caller.fence)
    if ticket.tenant != caller.tenant:
        raise FencedOff
    return ticket


def _who(action: Action) -> Who:
    return Who(action.tenant, action.lane or "", action.tool, action.intent)


async def _newer_message(conn: AsyncConnection, caller: Caller) -> bool:
    """Whether the customer has written past what the caller has read. Raises `RunSuperseded` for a turn."""
    if caller.seen_seq is None:
        return False
    newer = await turns.newest_message(conn, caller.ticket) > caller.seen_seq
    if newer and caller.fence is not None:
        raise RunSuperseded
    return newer


async def _supersede(
    conn: AsyncConnection, caller: Caller, proposal: Proposal, met: Sequence[Any], now: datetime
) -> list[Entry]:
    """A new proposal replaces the ticket's unconfirmed ones; a machine's very same wish stays, a person's replaces it."""
    if not proposal.confirms:
        return []
    replaced = [row for row in met if _unconfirmed(row) and not _twin_of_machine(caller, proposal, row)]
    over = {"status": ActionStatus.SUPERSEDED, "code": Code.SUPERSEDED, "ended_at": now}
    return [entry(await action_rows.change(conn, row.id, **over), actor_of(caller)) for row in replaced]


def _live_twin(caller: Caller, proposal: Proposal, met: Sequence[Any]) -> Any:
    """The ticket's action with the same wish that has not ended, if it was not replaced."""
    same = wish(proposal)
    alive = [row for row in met if row.wish == same and not (_by_hand(caller) and _unconfirmed(row))]
    return alive[0] if alive else None


def _unconfirmed(row: Any) -> bool:
    return row.status == ActionStatus.PROPOSED and row.decision == "needs_confirmation"


def _twin_of_machine(caller: Caller, proposal: Proposal, row: Any) -> bool:
    return not _by_hand(caller) and row.wish == wish(proposal)


def _by_hand(caller: Caller) -> bool:
    """Whether a person calls; a machine that a person has let in from outside is a machine."""
    return caller.lane is Lane.HUMAN


async def _yes(conn: AsyncConnection, action_id: str) -> str | None:
    """Who said yes to the question about this one action, if anybody did."""
    return (await conn.execute(_YES, {"action": action_id})).scalar_one_or_none()


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
    conn: AsyncConnection, row: Any, status: ActionStatus, code: Code, rule: str | None, now: datetime, sentence: str = ""
) -> Any:
    """End an action that was reserved and never sent; what was held for it is free again."""
    await store(conn, ledger.released(row, now))
    ended = await action_rows.change(conn, row.id, status=status, code=code, rule=rule, sentence=sentence, ended_at=now)
    await append_to_ticket(conn, row.ticket_id, [entry(ended, "system")], now, row.event_seq)
    return ended
