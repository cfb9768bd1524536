"""Autonomy: how far the machine may go with a tool before a person decides. What each level means stands here and nowhere else.

A level binds the machine: flows, the agent, and every channel without a person. What a person wants by their own hand is
that person's act; the other rules bind it as ever.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """The levels, from the one that trusts the machine with nothing to the one that trusts it most."""

    OBSERVE = "observe"
    APPROVE_ALL = "approve_all"
    APPROVE_OVER_CAP = "approve_over_cap"
    AUTO = "auto"

    @property
    def next(self) -> "Level | None":
        """The level above, None above the last."""
        levels = list(Level)
        return levels[levels.index(self) + 1] if self is not levels[-1] else None


MEANING: Mapping[Level, str] = {
    Level.OBSERVE: (
        "The machine only says what it would do. That is recorded and shown to people with the ticket, and never carried out "
        "by the machine, votes or not: a person does it by their own hand, or does something else."
    ),
    Level.APPROVE_ALL: (
        "Each action needs one person's vote, after the customer's yes; two votes above the upper cap. "
        "Then the machine carries it out."
    ),
    Level.APPROVE_OVER_CAP: (
        "The machine acts alone below the caps, and each action above one needs votes: one above the lower cap, the customer's "
        "window or the tenant's day, two above the upper cap."
    ),
    Level.AUTO: (
        "The lower cap of a single action no longer asks. All else holds: two votes above the upper cap, the customer's "
        "window, the tenant's day, duplicates, the cool-down, working hours, unlisted currencies, and every rule that refuses."
    ),
}
"""What each level means, in sentences for people."""


class Outcome(StrEnum):
    """What people made of an action that the machine wanted and did not decide alone."""

    AS_PROPOSED = "as_proposed"
    CHANGED = "changed"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Record:
    """What became of the machine's wishes with one tool within a window of days.

    `decided` is what people made of those that waited for them, newest first. `reversed` counts effects that were undone
    afterwards, `alone` those that the machine carried out without a vote, `waiting` those that people have not decided yet.
    """

    decided: Sequence[Outcome] = ()
    reversed: int = 0
    alone: int = 0
    waiting: int = 0

    def count(self, outcome: Outcome) -> int:
        """How many ended so."""
        return sum(one is outcome for one in self.decided)

    @property
    def streak(self) -> int:
        """How many of the newest were approved as proposed, without a break."""
        for length, outcome in enumerate(self.decided):
            if outcome is not Outcome.AS_PROPOSED:
                return length
        return len(self.decided)


@dataclass(frozen=True, slots=True)
class Proposal:
    """The level that a record has earned, None when it has earned none, and why, in a sentence for the admin who decides."""

    level: Level | None
    why: str


def propose(level: Level, record: Record, streak: int, gains: bool) -> Proposal:
    """The next level, when the newest `streak` decisions of people were all "as proposed" and nothing was reversed.

    `gains` says whether the next level would let the tool do anything more with the tenant's numbers. Nothing here changes a
    level: only an admin does.
    """
    above = level.next
    if above is None:
        return Proposal(None, "There is no higher level.")
    if not gains:
        return Proposal(None, f"With today's numbers, {above} would allow nothing more.")
    if record.reversed:
        return Proposal(None, f"{_times(record.reversed)} reversed within the window; none may be.")
    if record.streak < streak:
        return Proposal(None, f"{record.streak} of the {streak} in a row that people must approve as proposed.")
    return Proposal(above, f"People approved the last {record.streak} as proposed, and nothing was reversed.")


def _times(number: int) -> str:
    return "One was" if number == 1 else f"{number} were"
