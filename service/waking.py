"""What wakes a ticket besides a message: a channel's yes or no, decided votes, a settled effect, a timer, a hand-back, and
what a machine from outside wants.

These run in every lane. On a person's ticket the action still happens, and what the bot would say becomes a note.
"""

from service.conductor import Conductor
from service.store import questions, timers, turns
from service.store.action_rows import of_ticket
from service.store.aftermath import News
from service.store.database import Database
from service.store.journal import Entry
from service.store.ticket_row import TicketRow
from service.store.wakeups import EventKind
from service.turn import Turn, TurnRun
from tools.ports import ActionId, ActionStatus, Clock, Lane
from tools.results import result_of
from workflows.flow import Declined, Silence
from workflows.outcome import Close, Reason, Reply
from workflows.replies import render
from workflows.ticket import TicketStatus
from workflows.wording import first_name

_UNDER_WAY = {ActionStatus.RESERVED, ActionStatus.SENT, ActionStatus.UNKNOWN}
"""An action in one of these wakes its ticket when it has ended."""


class Waking:
    """Handles every event that is not a message."""

    def __init__(self, db: Database, clock: Clock, conductor: Conductor) -> None:
        self._db = db
        self._clock = clock
        self._conductor = conductor

    async def handle(self, turn: Turn) -> bool:
        """Go on where the ticket stands; whether this drain goes on."""
        event, run = turn.events[0], self._conductor.run_for(turn)
        match event.kind:
            case EventKind.CONFIRMATION:
                return await self._answered(turn, run, ActionId(event.ref or ""), yes=event.data.get("answer") == "yes")
            case EventKind.SETTLED if event.data.get("news") == News.CONTRADICTED:
                told = f"The shop's books show that {event.ref} has happened after all; it stands here as failed."
                return await self._passed_on(turn, run, Reason.OUTCOME_UNKNOWN, told)
            case EventKind.SETTLED if event.data.get("news"):
                return await self._conductor.after_news(turn, run, ActionId(event.ref or ""), event.data)
            case EventKind.APPROVAL if event.data.get("again"):
                return await self._tried_again(turn, run, ActionId(event.ref or ""))
            case EventKind.APPROVAL | EventKind.SETTLED:
                return await self._conductor.after_action(turn, run, await run.resume(ActionId(event.ref or "")))
            case EventKind.TIMER:
                return await self._rang(turn, run)
            case EventKind.PROPOSED:
                return await self._wanted(turn, run, ActionId(event.ref or ""))
            case EventKind.PERSON_WANTED:
                return await self._passed_on(turn, run, Reason(event.data["reason"]), event.data["summary"])
            case _:
                return await self._handed_back(turn, run)

    async def _wanted(self, turn: Turn, run: TurnRun, action: ActionId) -> bool:
        """A machine from outside wants a change: it is put to the customer, unless something has ended or answered it since."""
        async with self._db.reading() as conn:
            actions = await of_ticket(conn, turn.ticket.id)
        waits = any(one.id == action and one.status is ActionStatus.PROPOSED and one.confirmed_by is None for one in actions)
        if not waits:
            return await self._conductor.conclude(turn, run, None)
        if turn.ticket.lane is Lane.HUMAN and turn.ticket.status is TicketStatus.ESCALATED:
            # People took the ticket in the meantime; they ask the customer themselves.
            await self._end(turn, action)
            return await self._conductor.conclude(turn, run, None)
        result = await run.resume(action)
        # Asking needs no shop: the facts that the customer is shown are read again after the yes.
        if result.postponed and result.action:
            result = result_of(result.action)
        return await self._conductor.after_action(turn, run, result)

    async def _tried_again(self, turn: Turn, run: TurnRun, action: ActionId) -> bool:
        """The shop was away when the votes were in: while it stays away there is nothing new to tell."""
        result = await run.resume(action)
        if result.postponed:
            return await self._conductor.conclude(turn, run, None)
        return await self._conductor.after_action(turn, run, result)

    async def _passed_on(self, turn: Turn, run: TurnRun, reason: Reason, summary: str) -> bool:
        """Somebody who is no turn of the ticket asks for a person, or the shop's books contradict one."""
        with_people = turn.ticket.lane is Lane.HUMAN and turn.ticket.status is TicketStatus.ESCALATED
        outcome = None if with_people else self._conductor.to_people(turn, reason, summary)
        return await self._conductor.conclude(turn, run, outcome)

    async def _answered(self, turn: Turn, run: TurnRun, action: ActionId, *, yes: bool) -> bool:
        if yes:
            return await self._conductor.after_action(turn, run, await run.resume(action))
        await self._end(turn, action)
        return await self.declined(turn, run, action, "")

    async def _end(self, turn: Turn, action: ActionId) -> None:
        """End an action that nobody has said yes to."""
        async with self._db.begin() as conn:
            row = TicketRow(await turns.lock(conn, turn.ticket.id, turn.claim.fence), self._clock())
            row.entries += await questions.end_unconfirmed(conn, action, ActionStatus.SUPERSEDED, row.now)
            await row.save(conn, turn.number)

    async def declined(self, turn: Turn, run: TurnRun, action: ActionId | None, text: str) -> bool:
        """The customer said no, and the action, if there was one, has ended."""
        flow = turn.ticket.flow.flow if turn.ticket.flow else ""
        if turn.ticket.lane is Lane.WORKFLOW and flow in self._conductor.flows_for(turn.ticket.tenant):
            return await self._conductor.let_flow_hear(turn, run, flow, Declined(action, text))
        return await self._conductor.conclude(turn, run, Reply(render("declined", first_name=first_name(turn.ticket))))

    async def _rang(self, turn: Turn, run: TurnRun) -> bool:
        question = turn.ticket.question
        if question is None and await self._waits_in_vain(turn):
            return await self._conductor.conclude(turn, run, Reply(render("silence", first_name=first_name(turn.ticket))))
        if question is None or question.expires_at > turn.now:
            # Something answered while the timer rang; there is nothing to do, and the ticket keeps its state.
            return await self._conductor.conclude(turn, run, None)
        # The outcome closes the question and ends what it asked about, in one transaction with what the customer is told.
        run.entries.append(Entry("question.expired", "system", {"question_id": question.id}))
        flow = turn.ticket.flow.flow if turn.ticket.flow else ""
        if turn.ticket.lane is Lane.WORKFLOW and flow in self._conductor.flows_for(turn.ticket.tenant):
            return await self._conductor.let_flow_hear(turn, run, flow, Silence(question))
        return await self._conductor.conclude(turn, run, Reply(render("silence", first_name=first_name(turn.ticket))))

    async def _waits_in_vain(self, turn: Turn) -> bool:
        """Whether the customer is waited for without a question, no timer was set again, and nothing is under way."""
        if turn.ticket.status is not TicketStatus.WAITING_CUSTOMER:
            return False
        async with self._db.reading() as conn:
            actions = await of_ticket(conn, turn.ticket.id)
            return not any(one.status in _UNDER_WAY for one in actions) and not await timers.is_set(conn, turn.ticket.id)

    async def _handed_back(self, turn: Turn, run: TurnRun) -> bool:
        """The rails have the ticket again, and nothing on it waits for an answer: go on waiting for votes, or end."""
        async with self._db.reading() as conn:
            actions = await of_ticket(conn, turn.ticket.id)
        waiting = [one.id for one in actions if one.status is ActionStatus.PROPOSED and one.decision == "needs_approval"]
        if waiting:
            return await self._conductor.after_action(turn, run, await run.resume(waiting[-1]))
        return await self._conductor.conclude(turn, run, Close())
