"""The path of a ticket: a drain claims it, handles what woke it, and applies what comes back.

Read this first. Messages are understood, routed to a flow or the agent, and the outcome is applied; an approval, a settled
effect, a timer or a hand-back goes on where the ticket stands. Whatever happens here may happen again from the start: every
write is fenced, and an action that was begun is met again, never begun twice.
"""

import structlog

from service.hearing import Hearing
from service.outcomes import Outcomes
from service.store.database import Database
from service.store.loading import load_ticket, take_ticket
from service.store.turns import Event
from service.store.wakeups import EventKind
from service.turn import Turn
from service.waking import Waking
from tools.errors import FencedOff, RunSuperseded
from tools.execution import Crashpoint
from tools.ports import Clock
from workflows.outcome import Escalate, Reason
from workflows.replies import render
from workflows.wording import first_name

log = structlog.get_logger()

POISON_AFTER = 8
"""A ticket whose event has been claimed this often without an end goes to a person."""

SUPERSEDED_AT_MOST = 2
"""How often newer messages may end a run before a person takes the ticket."""


BOUNDARIES = ("after_claim", "after_answer")
"""The boundaries of a turn's beginning, for tests that stop the process at each."""


class Pipeline:
    """Handles drains. `hearing` is the path of messages, `waking` that of everything else."""

    def __init__(
        self, db: Database, clock: Clock, outcomes: Outcomes, hearing: Hearing, waking: Waking, crashpoint: Crashpoint
    ) -> None:
        self._db = db
        self._clock = clock
        self._outcomes = outcomes
        self._hearing = hearing
        self._waking = waking
        self._crash = crashpoint

    async def drain(self, ticket_id: str, wake: int) -> None:
        """Handle the ticket's events until none is left, another queue has it, or another worker does."""
        async with self._db.reading() as conn:
            taken = await take_ticket(conn, ticket_id, wake)
        if taken is None:
            return
        self._crash("after_claim")
        claim, ticket, waiting = taken
        # The turn that every attempt began with is what breaks; whatever waits behind it has not been tried yet.
        suspect = claim.attempts > POISON_AFTER
        with structlog.contextvars.bound_contextvars(ticket_id=ticket_id, wake=wake):
            try:
                while waiting and await self._handle(Turn(claim, ticket, _together(waiting), self._clock()), suspect=suspect):
                    suspect = False
                    async with self._db.reading() as conn:
                        ticket, waiting = await load_ticket(conn, ticket_id)
            except FencedOff:
                log.info("turn.fenced_off", fence=claim.fence)

    async def _handle(self, turn: Turn, *, suspect: bool) -> bool:
        """Handle one turn, or park it when it is `suspect`; whether this drain goes on."""
        if suspect:
            log.error("ticket.parked", attempts=turn.claim.attempts)
            return bool(await self._outcomes.apply(turn, _to_people(turn, Reason.POISON), []))
        try:
            path = self._hearing if turn.heard else self._waking
            return await path.handle(turn)
        except RunSuperseded:
            return await self._overtaken(turn)

    async def _overtaken(self, turn: Turn) -> bool:
        """A newer message waits: it is read together with the older ones, unless that keeps happening."""
        if turn.events[0].kind is not EventKind.MESSAGE:
            return True
        if await self._outcomes.superseded(turn) <= SUPERSEDED_AT_MOST:
            return True
        return bool(await self._outcomes.apply(turn, _to_people(turn, Reason.SUPERSEDED), []))


def _together(waiting: tuple[Event, ...]) -> tuple[Event, ...]:
    """What one turn handles: all unread messages, since the last word counts, or else the oldest other event.

    A hand-back brings older messages that nobody answered, and they are read with the unread ones.
    """
    if not any(event.kind is EventKind.MESSAGE for event in waiting):
        return waiting[:1]
    return tuple(event for event in waiting if event.kind in (EventKind.MESSAGE, EventKind.HANDED_BACK))


def _to_people(turn: Turn, reason: Reason) -> Escalate:
    """What was done before is not known here, so the words claim nothing about it."""
    return Escalate(reason, text=render("passed_on", first_name=first_name(turn.ticket)))
