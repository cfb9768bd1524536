"""How many people must have agreed to money that went back: the caps and the window, counted by hand."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.properties.shop import FINGERPRINTS

ONE_VOTE, TWO_VOTES, WINDOW, DAYS = 50_000, 500_000, 50_000, timedelta(days=30)


@dataclass(frozen=True)
class Given:
    """Money that an action gave back: when that was decided, to whom, and by which methods."""

    action_id: str
    at: datetime
    customer: str
    amount: int
    methods: tuple[str, ...]

    @property
    def purses(self) -> frozenset[str]:
        """Whose window it counts in: the customer's, and each card's whoever uses it."""
        return frozenset({self.customer, *(FINGERPRINTS[method] for method in self.methods if method in FINGERPRINTS)})


@dataclass
class Votes:
    """Who voted for which action, and what went back that nobody voted on."""

    approved: dict[str, set[str]] = field(default_factory=dict)
    unasked: list[Given] = field(default_factory=list)

    def approve(self, action_id: str, name: str) -> None:
        """Somebody who may vote has voted for an action."""
        self.approved.setdefault(action_id, set()).add(name)

    def spent(self, given: Given) -> None:
        """Enough people voted for the amount, and what nobody voted on fits into every window."""
        votes = len(self.approved.get(given.action_id, ()))
        needed = 2 if given.amount > TWO_VOTES else 1 if given.amount > ONE_VOTE else 0
        assert votes >= needed, f"{given.amount} went back on {votes} votes."
        if not votes:
            self.unasked.append(given)
            # An effect may come long after its decision, so each window is counted again.
            for one in self.unasked:
                for purse in one.purses:
                    assert self._in_window(one, purse) <= WINDOW, f"{purse} had more back unasked than the window allows."

    def returned(self, action_id: str) -> None:
        """What an action gave back was returned, so it counts no more."""
        self.unasked = [one for one in self.unasked if one.action_id != action_id]

    def _in_window(self, last: Given, purse: str) -> int:
        return sum(one.amount for one in self.unasked if purse in one.purses and last.at - DAYS < one.at <= last.at)
