"""What the classifier says about one message."""

from dataclasses import dataclass
from enum import StrEnum

from classifier.intents import Intent


class Reason(StrEnum):
    """Why a prediction may be automated (only `confident`) or may not."""

    CONFIDENT = "confident"
    LOW_CONFIDENCE = "low_confidence"
    OUT_OF_SCOPE = "out_of_scope"
    SEVERAL_INTENTS = "several_intents"
    LANGUAGE = "language"
    AUTO_REPLY = "auto_reply"
    EMPTY = "empty"


@dataclass(frozen=True)
class Alternative:
    """One intent that the message may have."""

    intent: Intent
    probability: float
    """Calibrated, 0 to 1."""


@dataclass(frozen=True)
class Part:
    """A stretch of a message that wants something of its own, with what is told around it."""

    intent: Intent
    text: str
    sure: bool = False
    """It asks or demands, under no condition, and is by itself as clear as a message must be to be automated."""


@dataclass(frozen=True)
class Prediction:
    """The intent of one message and whether it may be acted on without a person."""

    intent: Intent
    """The likeliest intent; `out_of_scope` where nothing can be said."""
    confidence: float
    """How likely it is that the best in-scope intent is right, 0 to 1; it is what the threshold is compared with."""
    reason: Reason
    alternatives: tuple[Alternative, ...]
    """The three likeliest intents, best first; empty where nothing was classified."""
    parts: tuple[Part, ...]
    """The passages with an intent of their own, in the order of the text; one for a message with one intent."""
    language: str
    """ISO 639 code; the tenant's default where the text is too short to tell."""
    text: str
    """The customer's own words after cleaning, numbers kept."""
    rest_is_clear: bool = True
    """With several intents: nothing else in the message may be a further wish."""

    @property
    def automatic(self) -> bool:
        """Whether a flow may take the message without a person reading it first."""
        return self.reason is Reason.CONFIDENT

    @property
    def separable(self) -> bool:
        """Whether each of several wishes may be taken by a flow of its own without a person reading the message first."""
        return self.reason is Reason.SEVERAL_INTENTS and self.rest_is_clear and all(part.sure for part in self.parts)

    @property
    def intents(self) -> tuple[Intent, ...]:
        """The distinct intents in the order of the text; more than one only with the reason `several_intents`."""
        return tuple(dict.fromkeys(part.intent for part in self.parts))
