"""What a flow is to the pipeline: it hears something about its ticket and returns an outcome."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

from tools.ports import ActionId, ToolResult
from workflows.outcome import Outcome
from workflows.run import Run
from workflows.ticket import Question, Ticket


@dataclass(frozen=True, slots=True)
class Said:
    """The customer wrote something that starts or changes this flow; `text` is cleaned and holds all that is unanswered."""

    text: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The customer answered the flow's slot question."""

    text: str
    question: Question


@dataclass(frozen=True, slots=True)
class Declined:
    """The customer said no to the action, which has been superseded; None when nothing had been offered yet."""

    action: ActionId | None
    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A confirmed or approved action was resumed: it succeeded, waits for votes, was refused, expired, or is in doubt."""

    result: ToolResult


@dataclass(frozen=True, slots=True)
class Silence:
    """The open question expired without an answer."""

    question: Question


@dataclass(frozen=True, slots=True)
class Resumed:
    """It is this flow's turn again, from where the ticket's progress stands; nobody has said anything new to it."""


Heard = Said | Answered | Declined | Ended | Silence | Resumed


class Flow(Protocol):
    """One intent's conversation. It keeps nothing between turns but the state and slots in its outcome's `progress`."""

    name: ClassVar[str]

    async def hear(self, ticket: Ticket, run: Run, heard: Heard) -> Outcome:
        """Take the conversation one turn further."""
        ...
