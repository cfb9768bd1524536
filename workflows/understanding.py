"""What a message can mean to the ticket that it is written on."""

from dataclasses import dataclass

from classifier.intents import Intent
from tools.ports import ActionId
from workflows.ticket import Question


@dataclass(frozen=True, slots=True)
class WantsPerson:
    """The customer asks for a person."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The customer said yes to the open question about this action."""

    action: ActionId


@dataclass(frozen=True, slots=True)
class DeclinedAnswer:
    """The customer said no to the open question about this action."""

    action: ActionId
    text: str


@dataclass(frozen=True, slots=True)
class SlotAnswer:
    """The customer answered the flow's question for a detail.

    With `asks_back` they asked something instead that no flow answers: the agent does, and the question comes back.
    """

    text: str
    question: Question
    asks_back: bool = False


@dataclass(frozen=True, slots=True)
class Correction:
    """The customer changes what the running flow is about; the flow hears it as `Said`."""

    text: str


@dataclass(frozen=True, slots=True)
class NewTopic:
    """The customer speaks of something else while a flow is running.

    With `returns` the new topic changes nothing: answer it, then ask the open question again. Without it the new topic comes
    first and the old one after it, unless it is wanted `instead`.
    """

    intent: Intent
    text: str
    returns: bool
    instead: bool = False


@dataclass(frozen=True, slots=True)
class Added:
    """The customer wants the same for another order as well; the open question still stands."""

    text: str


@dataclass(frozen=True, slots=True)
class CancelFlow:
    """The customer drops what they had asked for; an unconfirmed action is superseded and nothing more is done."""

    text: str


@dataclass(frozen=True, slots=True)
class ThanksOnly:
    """A thank-you; it changes nothing."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """The open yes/no question was not answered. It is asked again, and handed off once that is `exhausted`."""

    exhausted: bool


@dataclass(frozen=True, slots=True)
class TooLate:
    """The customer takes back what has been done already; only a person can undo it."""


@dataclass(frozen=True, slots=True)
class Greets:
    """A greeting and nothing else."""


@dataclass(frozen=True, slots=True)
class AsksAfter:
    """The customer asks how it stands while people decide; nothing changes."""


@dataclass(frozen=True, slots=True)
class Revisit:
    """The customer comes back to what was answered: for another order, or to ask how it stands now; `flow` hears it.

    With `resumes` there is nothing to hear: they go on with what had ended by their own no, or because they did not answer.
    """

    flow: str
    text: str
    resumes: bool = False


@dataclass(frozen=True, slots=True)
class Fresh:
    """Nothing on the ticket waits for this message, so it is routed by what it says."""

    text: str


Understanding = (
    WantsPerson
    | Confirmed
    | DeclinedAnswer
    | SlotAnswer
    | Correction
    | Added
    | NewTopic
    | CancelFlow
    | ThanksOnly
    | Unclear
    | TooLate
    | Greets
    | AsksAfter
    | Revisit
    | Fresh
)
