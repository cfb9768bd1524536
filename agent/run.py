"""What the agent loop needs of its run: a journal that it can be resumed from, and one fenced commit before each step."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from tools.ports import Json
from workflows.run import Run
from workflows.ticket import Spending


class Stop(StrEnum):
    """Every way in which an agent run ends without an answer; the first group is decided in `begin_step`."""

    TAKEN_OVER = "taken_over"
    KILLED = "killed"
    NEWER_MESSAGE = "newer_message"
    MAX_STEPS = "max_steps"
    TOKEN_CAP = "token_cap"  # noqa: S105 (a budget, not a password)
    COST_CAP = "cost_cap"
    TIME = "time"
    TOOL_CALL_CAP = "tool_call_cap"

    NO_PROGRESS = "no_progress"
    TOOL_ERRORS = "tool_errors"
    BACKEND_DOWN = "backend_down"
    IN_DOUBT = "in_doubt"
    BAD_REPLIES = "bad_replies"
    EMPTY_REPLY = "empty_reply"
    CONTEXT_FULL = "context_full"
    REFUSAL = "refusal"
    GUARD = "guard"
    MODEL_UNAVAILABLE = "model_unavailable"
    MODEL_REJECTED = "model_rejected"
    NOT_CONFIGURED = "not_configured"
    HANDED_OVER = "handed_over"
    FOR_PEOPLE = "for_people"


@dataclass(frozen=True, slots=True)
class RecordedStep:
    """One step of this run as the journal holds it.

    `number` counts from 1; step 0 holds the reads made before the first question. `reply` is what `record_reply` was
    given, None while it is not known what the model said. `results` are the recorded results of the step's calls, by
    tool_use id; a step whose results are missing is one that died between its reply and the next step.
    """

    number: int
    reply: Json | None = None
    results: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the journal holds of this run, in order, and what the ticket has spent in its life.

    `spent` includes the reservations that nobody settled, since a step that died may have been paid for.
    """

    steps: tuple[RecordedStep, ...] = ()
    spent: Spending = field(default_factory=Spending)


class AgentRun(Run, Protocol):
    """A run that remembers its steps. Each coroutine is one short transaction, the writing ones fenced (`FencedOff`)."""

    @property
    def id(self) -> str:
        """Names this run; the same when the turn is run again after a crash, and never another run's."""
        ...

    async def recorded(self) -> Recorded:
        """What was journalled before: a resumed run asks neither the model nor a tool again for what stands here."""
        ...

    async def begin_step(self, number: int, reserve: Spending, results: Mapping[str, Json]) -> Stop | None:
        """Record the results of the step before, and reserve the worst case of this one, in one commit.

        Checks takeover, kill switches, a newer customer message and the budget (`agent.budget.first_over` with the
        ticket's row locked) and returns the ending that applies, having recorded the results and reserved nothing.
        Results already recorded are left as they are. Beginning a step a second time means that the first attempt's
        answer was lost: its reservation then counts as spent, and a new one is made.
        """
        ...

    async def record_reply(self, number: int, reply: Json | None, spent: Spending) -> None:
        """Record what the model said and settle the step's reservation at `spent`.

        None says that the model certainly did no work: the step may be begun again.
        """
        ...
