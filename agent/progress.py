"""Notices a run that goes in circles: the same answers again, or steps that bring nothing new."""

from collections import Counter
from collections.abc import Sequence

from agent.calls import Call
from agent.data import dumps
from agent.observed import Observed


class Progress:
    """Counts what each step brought."""

    def __init__(self, same_result: int, stale_steps: int) -> None:
        self._same_result = same_result
        self._stale_steps = stale_steps
        self._seen: Counter[tuple[str, str]] = Counter()
        self._stale = 0

    def stuck(self, results: Sequence[tuple[Call, Observed]]) -> bool:
        """Take in a step; true when one call has brought one result too often, or the last steps brought nothing new."""
        pairs = {(call.signature, dumps(observed.for_model())) for call, observed in results}
        fresh = any(pair not in self._seen for pair in pairs)
        self._seen.update(pairs)
        self._stale = 0 if fresh else self._stale + 1
        return self._stale >= self._stale_steps or any(self._seen[pair] >= self._same_result for pair in pairs)
