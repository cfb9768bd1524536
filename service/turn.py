"""One turn of one ticket: what it has read, the fence it writes under, and the `Run` that flows act through."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from service.store.journal import Entry
from service.store.turns import Claim, Event
from service.store.wakeups import EventKind
from tools.ports import ActionId, Caller, Effect, Json, Lane, ToolResult
from tools.runner import ToolRunner
from workflows.ticket import Author, Message, Ticket


@dataclass(frozen=True, slots=True)
class Turn:
    """A ticket and the events that this turn handles: all unread messages together with a hand-back, or one other event.

    `number` is the newest of them: the turn's number in the journal, and part of the origin of its actions. `seen` is the
    newest event that the turn has read.
    """

    claim: Claim
    ticket: Ticket
    events: tuple[Event, ...]
    now: datetime

    @property
    def number(self) -> int:
        """The newest event of the turn."""
        return self.events[-1].seq

    @property
    def seqs(self) -> tuple[int, ...]:
        """The events that the turn's end marks done."""
        return tuple(event.seq for event in self.events)

    @property
    def rang(self) -> bool:
        """Whether a timer woke the ticket, so that what waits for an answer has waited for too long."""
        return self.events[0].kind is EventKind.TIMER

    @property
    def messages(self) -> tuple[Message, ...]:
        """The unread messages of this turn, oldest first, whoever wrote them."""
        seqs = set(self.seqs)
        return tuple(m for m in self.ticket.messages if m.seq in seqs and m.author in (Author.CUSTOMER, Author.THIRD_PARTY))

    @property
    def heard(self) -> tuple[Message, ...]:
        """What this turn is about: its unread messages, and after a hand-back also those that nobody has answered."""
        if all(event.kind is not EventKind.HANDED_BACK for event in self.events):
            return self.messages
        about = {message.id for message in (*self.ticket.unanswered, *self.messages)}
        return tuple(message for message in self.ticket.messages if message.id in about)

    def caller(self, lane: Lane | None = None) -> Caller:
        """Who acts in this turn; nothing of it comes from text."""
        ticket = self.ticket
        return Caller(
            tenant=ticket.tenant,
            ticket=ticket.id,
            customer=ticket.customer.external_id,
            verification=ticket.customer.verification,
            lane=lane or ticket.lane,
            flow=ticket.flow.flow if ticket.flow else None,
            intent=ticket.intent,
            fence=self.claim.fence,
            event_seq=self.number,
            seen_seq=self.number,
            # An agent works for minutes, so it looks again at every step.
            no_switch=self.claim.no_switch and self.claim.queue != "agent",
            claimed=ticket.customer.claimed,
        )


class TurnRun:
    """The `Run` of a turn: calls go through the runner under the turn's caller, reads are noted for the journal."""

    def __init__(self, turn: Turn, runner: ToolRunner, caller: Caller) -> None:
        self._turn = turn
        self._runner = runner
        self.caller = caller
        self.entries: list[Entry] = []

    @property
    def now(self) -> datetime:
        """The time at which the turn began."""
        return self._turn.now

    def in_flow(self, flow: str) -> "TurnRun":
        """The same run, acting for a flow that the route has just chosen."""
        self.caller = replace(self.caller, flow=flow)
        return self

    async def call(self, tool: str, args: Mapping[str, Json], *, step: str) -> ToolResult:
        """Call a tool; the same step of the same turn is the same action, however often the turn runs again."""
        origin = f"{self._turn.number}:{self.caller.flow or self.caller.lane}:{step}"
        return self._noted(args, await self._runner.call(self.caller, tool, args, origin))

    async def resume(self, action: ActionId) -> ToolResult:
        """Go on with an action that was confirmed or approved."""
        return await self._runner.resume(self.caller, action)

    def note(self, kind: str, data: Mapping[str, Json]) -> None:
        """Add a journal entry that is committed with the turn's outcome."""
        self.entries.append(Entry(kind, "bot", data))

    def _noted(self, args: Mapping[str, Json], result: ToolResult) -> ToolResult:
        # An action's own row and entries tell its story; a read, or a call that never became an action, is noted here.
        if result.action is None or result.action.effect is Effect.READ:
            self.note(
                "tool.called",
                {"tool": result.tool, "args": dict(args), "ok": result.ok, "code": result.code, "rule": result.rule},
            )
        return result
