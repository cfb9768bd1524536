"""Applies an outcome: events done, status, lane, flow, question, reply, case and journal, in one fenced transaction.

Everything happens only for whoever marks the turn's events done, so applying twice changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from service.escalation import open_case
from service.settings import TenantSettings
from service.store import cases, erasure, outbox, questions, turns
from service.store.database import Connection, Database
from service.store.journal import Entry
from service.store.ticket_row import TicketRow
from service.store.wakeups import Enqueue
from service.turn import Turn
from tools.execution import Crashpoint, go_on
from tools.ports import ActionId, ActionStatus, Clock, Lane
from workflows.lifecycle import LifecycleEvent
from workflows.outcome import AskCustomer, AwaitApproval, Close, Escalate, HandOff, Outcome, Reply
from workflows.ticket import Author, QuestionKind

BOUNDARIES = ("before_outcome", "after_outcome", "before_hand_over", "after_hand_over")
"""The boundaries of a turn's end, for tests that stop the process at each."""


@dataclass(frozen=True, slots=True)
class Routed:
    """What the route decided, for the ticket's row; None leaves a field as it was."""

    lane: Lane | None = None
    intent: str | None = None
    confidence: float | None = None
    reason: str | None = None
    language: str | None = None


class Outcomes:
    """The writer at the end of a turn. `delivers` says whether replies go out, or stay in the API only."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        enqueue: Enqueue,
        tenant_settings: Callable[[str], TenantSettings],
        *,
        delivers: bool,
        crashpoint: Crashpoint = go_on,
    ) -> None:
        self._db = db
        self._clock = clock
        self._enqueue = enqueue
        self._tenant_settings = tenant_settings
        self._delivers = delivers
        self._crash = crashpoint

    async def apply(self, turn: Turn, outcome: Outcome | None, noted: list[Entry], routed: Routed | None = None) -> int:
        """Write the outcome, or only append the messages when it is None; returns how many events wait now.

        Raises `FencedOff` when the ticket has another owner now.
        """
        async with self._db.begin() as conn:
            before, marked = await turns.lock_and_finish(conn, turn.ticket.id, turn.claim.fence, turn.seqs, self._clock())
            if marked == 0:
                return before.pending
            row = await self._row(conn, turn, before)
            row.values |= {"pending": row.before.pending - marked, "attempts": 0, "version": row.before.version + 1}
            self._hear(row, turn, noted)
            row.values |= _columns(row, routed or Routed())
            if outcome is not None and not turn.messages and await erasure.is_erased(conn, turn.ticket.id):
                outcome = await self._without_a_word(conn, row, outcome)
            if outcome is not None and not row.answered:
                row.happened(LifecycleEvent.CUSTOMER_WROTE if turn.messages else LifecycleEvent.WOKEN)
            if outcome is not None:
                await self._write(conn, row, turn, outcome)
            await self._end_unasked(conn, row, turn, outcome.action_id if isinstance(outcome, AskCustomer) else None)
            await row.save(conn, turn.number)
            self._crash("before_outcome")
        self._crash("after_outcome")
        return row.before.pending - marked

    async def hand_over(
        self, turn: Turn, queue: str, noted: list[Entry], routed: Routed, gave_up: HandOff | None = None
    ) -> None:
        """Give the turn to the other queue: its events stay undone, and the heir's drain is `ticket:wake+1`.

        A flow that `gave_up` has its question closed; it may do so once.
        """
        async with self._db.begin() as conn:
            row = await self._lock(conn, turn)
            if turn.messages and not row.answered:
                row.happened(LifecycleEvent.CUSTOMER_WROTE)
            row.entries += [*noted, Entry("ticket.handed_over", "system", {"queue": queue, "reason": routed.reason})]
            row.values |= _columns(row, routed)
            if gave_up:
                row.entries += await questions.close(conn, row.before, row.now)
                row.values |= {"question_id": None, "handed_off": True}
            if gave_up and gave_up.progress:
                row.progress(gave_up.progress)
            wake = row.before.wake + 1
            row.values |= {"queue": queue, "wake": wake, "attempts": 0}
            await self._end_unasked(conn, row, turn)
            await row.save(conn, turn.number)
            await self._enqueue(conn, row.before.tenant, row.before.id, wake, queue)
            self._crash("before_hand_over")
        self._crash("after_hand_over")

    async def superseded(self, turn: Turn) -> int:
        """A newer message ended the run before it committed an intent; returns how often that has happened."""
        async with self._db.begin() as conn:
            row = await self._lock(conn, turn)
            count = row.before.superseded_count + 1
            row.values["superseded_count"] = count
            row.entries.append(Entry("turn.superseded", "system", {"count": count}))
            await row.save(conn, turn.number)
            return count

    async def _lock(self, conn: Connection, turn: Turn) -> TicketRow:
        before = await turns.lock(conn, turn.ticket.id, turn.claim.fence)
        return await self._row(conn, turn, before)

    async def _row(self, conn: Connection, turn: Turn, before: turns.Row) -> TicketRow:
        if before.lane != Lane.HUMAN:
            return TicketRow(before, self._clock())
        case, answered = await cases.live(conn, before.id), await cases.resolved_over(conn, before.id, turn.number)
        return TicketRow(before, self._clock(), owned=case is not None and case.owner is not None, answered=answered)

    async def _without_a_word(self, conn: Connection, row: TicketRow, outcome: Outcome) -> Outcome:
        """What is left of an outcome whose customer was erased: nobody is told or asked anything, but people are."""
        row.entries += await questions.end_unasked(conn, row.before.id, None, row.now)
        return replace(outcome, text="") if isinstance(outcome, Escalate) else Close()

    async def _end_unasked(self, conn: Connection, row: TicketRow, turn: Turn, asking: ActionId | None = None) -> None:
        """What an earlier run of this turn proposed and this one did not ask about is off; a first run leaves nothing.

        `asking` is what this run asks about: its question is written only with the row.
        """
        if turn.claim.attempts > 1 or row.before.superseded_count:
            open_now = row.values.get("question_id", row.before.question_id)
            row.entries += await questions.end_unasked(conn, turn.ticket.id, open_now, row.now, keep=asking)

    def _hear(self, row: TicketRow, turn: Turn, noted: list[Entry]) -> None:
        messages = turn.messages
        row.values["customer_messages"] = row.before.customer_messages + len(messages)
        for message in messages:
            row.entries.append(Entry("message.received", message.author, {"message_id": message.id, "text": message.text}))
        row.entries += noted

    async def _write(self, conn: Connection, row: TicketRow, turn: Turn, outcome: Outcome) -> None:
        if outcome.progress:
            row.progress(outcome.progress)
        keep = outcome.action_id if isinstance(outcome, AskCustomer | AwaitApproval) else None
        if not row.with_people:
            ended = ActionStatus.EXPIRED if turn.rang else ActionStatus.SUPERSEDED
            row.entries += await questions.close(conn, row.before, row.now, status=ended, keep=keep)
            row.values |= {"question_id": None, "wake_at": None}
        match outcome:
            case Reply():
                self._reply(row, turn, outcome)
            case AskCustomer():
                await self._ask(conn, row, turn, outcome)
            case AwaitApproval():
                row.values["wake_at"] = row.now + self._live(row, "approval")
                self._say(row, turn, outcome.text, answers=True)
            case Escalate():
                await self._escalate(conn, row, turn, outcome)
            case Close() | HandOff():
                row.values["handed_off"] = False
        if isinstance(outcome, Escalate) or not row.answered:
            row.ended(outcome)

    def _reply(self, row: TicketRow, turn: Turn, outcome: Reply) -> None:
        self._say(row, turn, outcome.text, answers=True)
        if outcome.resolves and not row.with_people:
            row.values |= {"handed_off": False, "superseded_count": 0, "resolved_at": row.now}
            self._tell(row, "ticket.resolved", {"ticket": row.names()})
        elif not row.with_people:
            # The words may have asked something, and whoever never answers must not leave the ticket waiting for ever.
            row.values["wake_at"] = row.now + self._live(row, "confirmation")

    async def _ask(self, conn: Connection, row: TicketRow, turn: Turn, outcome: AskCustomer) -> None:
        message_id = self._say(row, turn, outcome.text, answers=False)
        if row.with_people:
            # People took the ticket while this run went on, and they ask the customer themselves.
            row.entries += await questions.end_unconfirmed(conn, outcome.action_id or "", ActionStatus.SUPERSEDED, row.now)
            return
        live = self._live(row, "confirmation")
        delivered = not self._delivers
        question_id, new = await questions.ask(conn, row.before, outcome, message_id, row.now, live, delivered=delivered)
        row.new.append(new)
        row.values |= {"question_id": question_id, "wake_at": row.now + live}
        kind = "question.asked" if outcome.kind is QuestionKind.SLOT else "confirmation.asked"
        data = {"question_id": question_id, "message_id": message_id, "action_id": outcome.action_id, "slot": outcome.slot}
        row.entries.append(Entry(kind, "bot", data))

    async def _escalate(self, conn: Connection, row: TicketRow, turn: Turn, outcome: Escalate) -> None:
        sla = self._tenant_settings(row.before.tenant).sla
        case, entries = await open_case(conn, row.before, outcome.reason, outcome.summary, row.now, sla)
        row.entries += entries
        row.values |= {"lane": Lane.HUMAN, "due_at": case.due_at}
        # A ticket that people gave back without a word may come to them again, and the customer knows already.
        known = {message.text for message in turn.ticket.since_answer if message.author is Author.BOT}
        if outcome.text and outcome.text not in known:
            self._say(row, turn, outcome.text, answers=False)
        if case.new:
            data = {"ticket": row.names(), "escalation": {"id": case.id, "reason": outcome.reason, "risk": case.risk}}
            self._tell(row, "ticket.escalated", data)

    def _say(self, row: TicketRow, turn: Turn, text: str, *, answers: bool) -> str:
        spoken = row.say(text, position=turn.number, answers=answers)
        if spoken.public and self._delivers:
            heard = turn.heard
            body = {
                "ticket": row.names(),
                "message": {"id": spoken.message_id, "text": text, "author": "bot"},
                "in_reply_to": heard[-1].external_id if heard else None,
            }
            self._tell(row, "ticket.reply", body, spoken.message_id)
        return spoken.message_id

    def _tell(self, row: TicketRow, kind: str, data: dict[str, object], message_id: str | None = None) -> None:
        if self._delivers:
            row.new.append(outbox.new(row.before.tenant, row.before.id, kind, data, row.now, message_id=message_id))

    def _live(self, row: TicketRow, what: str) -> timedelta:
        policy = self._tenant_settings(row.before.tenant).policy
        return timedelta(hours=policy.approval_hours if what == "approval" else policy.confirmation_hours)


def _columns(row: TicketRow, routed: Routed) -> dict[str, object]:
    """What the route changes on the row; people who took the ticket while it was being worked keep it."""
    named = {
        "lane": None if row.with_people else routed.lane,
        "intent": routed.intent,
        "confidence": routed.confidence,
        "route_reason": routed.reason,
        "language": routed.language,
    }
    return {name: value for name, value in named.items() if value is not None}
