"""What one ticket may still spend on a step: the worst case is reserved first, so spending never passes what was granted."""

from dataclasses import dataclass

from agent.prices import PriceTable
from agent.run import Stop
from workflows.ticket import Spending

OVERHEAD_TOKENS = 1024
"""Tokens that a server adds on its own to a request with tools."""

_ORDER = (
    ("steps", Stop.MAX_STEPS),
    ("seconds", Stop.TIME),
    ("tokens", Stop.TOKEN_CAP),
    ("microusd", Stop.COST_CAP),
    ("tool_calls", Stop.TOOL_CALL_CAP),
)


def first_over(granted: Spending, spent: Spending, wanted: Spending) -> Stop | None:
    """The first limit that `wanted` on top of `spent` would pass, None when all hold. The journal asks it under its lock."""
    total = spent.plus(wanted)
    for name, stop in _ORDER:
        if getattr(total, name) > getattr(granted, name):
            return stop
    return None


@dataclass(frozen=True, slots=True)
class Measured:
    """The size of an earlier request in bytes, and the input tokens that a model counted for it."""

    size: int
    tokens: int
    model: str


def most_tokens(size: int, measured: Measured | None, models: tuple[str, ...]) -> int:
    """An upper bound of a request's input tokens.

    No token is shorter than a byte. When the request only adds to one that was measured, just the addition is counted in
    bytes. Another model may cut the same text finer, though by far less than two times.
    """
    if measured is None or size < measured.size:
        return size + OVERHEAD_TOKENS
    known = measured.tokens if models == (measured.model,) else 2 * measured.tokens
    return min(size, known + size - measured.size) + OVERHEAD_TOKENS


@dataclass(frozen=True, slots=True)
class Reservation:
    """One step's share: the reply's limit in tokens, the model's time in seconds, and the worst case to reserve."""

    max_tokens: int
    timeout: float
    worst: Spending


@dataclass(frozen=True, slots=True)
class StepLimits:
    """Bounds of a single step: tokens of a reply (wanted and least useful) and seconds of one model call."""

    reply_tokens: int = 1500
    least_reply_tokens: int = 200
    seconds: float = 60.0
    least_seconds: float = 1.0


def reserve(
    granted: Spending,
    spent: Spending,
    input_tokens: int,
    models: tuple[str, ...],
    prices: PriceTable,
    limits: StepLimits,
) -> Reservation | Stop:
    """The largest step that fits what is left, or the limit that leaves no useful one. `spent` includes the time until now."""
    if stop := first_over(granted, spent, Spending(steps=1)):
        return stop
    timeout = min(limits.seconds, granted.seconds - spent.seconds)
    if timeout < limits.least_seconds:
        return Stop.TIME
    by_tokens = granted.tokens - spent.tokens - input_tokens
    by_cost = prices.output_within(models, input_tokens, granted.microusd - spent.microusd)
    max_tokens = min(limits.reply_tokens, by_tokens, by_cost)
    if max_tokens < limits.least_reply_tokens:
        return Stop.TOKEN_CAP if by_tokens <= by_cost else Stop.COST_CAP
    cost = prices.worst(models, input_tokens, max_tokens)
    worst = Spending(steps=1, tokens=input_tokens + max_tokens, microusd=cost, seconds=timeout)
    return first_over(granted, spent, worst) or Reservation(max_tokens, timeout, worst)
