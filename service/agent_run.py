"""The agent's durable run: its steps stand in the ticket's journal, its budget on the ticket's row, both in fenced commits."""

from collections.abc import Mapping
from dataclasses import asdict

from agent.budget import first_over
from agent.run import Recorded, RecordedStep, Stop
from service.store import agent_rows, journal, turns
from service.store.database import Connection, Database
from service.store.journal import Entry
from service.store.loading import spending
from service.store.ticket_row import TicketRow
from service.turn import Turn, TurnRun
from tools.ports import Caller, Clock, Json, Lane
from tools.runner import ToolRunner
from workflows.ticket import Spending

STEP = "agent.step"
REPLY = "agent.reply"


class JournalRun(TurnRun):
    """A `TurnRun` that remembers the steps of the agent."""

    def __init__(self, turn: Turn, runner: ToolRunner, caller: Caller, db: Database, clock: Clock, granted: Spending) -> None:
        super().__init__(turn, runner, caller)
        self._db = db
        self._clock = clock
        self._granted = granted

    @property
    def id(self) -> str:
        """The ticket and the turn."""
        return f"{self._turn.ticket.id}:{self._turn.number}"

    async def recorded(self) -> Recorded:
        """The steps of this run, and what the ticket has spent, open reservations included."""
        async with self._db.reading() as conn:
            entries = await journal.read_turn(conn, self._turn.ticket.id, self._turn.number, (STEP, REPLY))
            budget = await agent_rows.budget_of(conn, self._turn.ticket.id)
        replies: dict[int, Json] = {}
        results: dict[int, dict[str, Json]] = {}
        for entry in entries:
            data = entry.data or {}
            number = int(data["number"])
            if entry.kind == REPLY:
                if data["reply"] is not None:
                    replies[number] = data["reply"]
            else:
                results.setdefault(number, {})
                results.setdefault(number - 1, {}).update(data["results"])
        steps = tuple(
            RecordedStep(number, replies.get(number), results.get(number, {})) for number in sorted({*replies, *results})
        )
        return Recorded(steps, spending(budget.get("spent")).plus(spending(budget.get("reserved"))))

    async def begin_step(self, number: int, reserve: Spending, results: Mapping[str, Json]) -> Stop | None:
        """Record the results of the step before and reserve this one, unless something ends the run."""
        async with self._db.begin() as conn:
            before = await turns.lock(conn, self._turn.ticket.id, self._turn.claim.fence)
            row = TicketRow(before, self._clock())
            spent = spending(before.budget.get("spent")).plus(spending(before.budget.get("reserved")))
            stop = await self._stop(conn, before) or first_over(self._granted, spent, reserve)
            reserved = None if stop else asdict(reserve)
            row.values["budget"] = {"granted": asdict(self._granted), "spent": asdict(spent), "reserved": reserved}
            row.values["beat"] = row.now
            if stop is None or results:
                data = {"number": number, "results": dict(results), "reserved": reserved, "stop": stop}
                row.entries.append(Entry(STEP, "bot", data))
            row.entries[:0] = self.entries
            await row.save(conn, self._turn.number)
        self.entries.clear()
        return stop

    async def record_reply(self, number: int, reply: Json | None, spent: Spending) -> None:
        """Record what the model said, and settle the reservation."""
        async with self._db.begin() as conn:
            before = await turns.lock(conn, self._turn.ticket.id, self._turn.claim.fence)
            row = TicketRow(before, self._clock())
            total = spending(before.budget.get("spent")).plus(spent)
            row.values["budget"] = {"granted": asdict(self._granted), "spent": asdict(total), "reserved": None}
            row.values["beat"] = row.now
            row.entries.append(Entry(REPLY, "bot", {"number": number, "reply": reply, "spent": asdict(spent)}))
            await row.save(conn, self._turn.number)

    async def _stop(self, conn: Connection, before: turns.Row) -> Stop | None:
        if before.lane == Lane.HUMAN:
            return Stop.TAKEN_OVER
        if await agent_rows.is_stopped(conn, self.caller):
            return Stop.KILLED
        if await turns.newest_message(conn, before.id) > self._turn.number:
            return Stop.NEWER_MESSAGE
        return None
