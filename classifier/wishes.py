"""Tells a message that wants several things from one that tells its story before it wants one."""

from collections.abc import Sequence
from dataclasses import dataclass

from classifier.intents import Intent

_ANY = frozenset(Intent)
_BACKGROUND: dict[Intent, frozenset[Intent]] = {
    # "It is late", "my number is 4711" and "I ordered it on Monday" lead up to any other wish.
    Intent.ORDER_STATUS: _ANY,
    Intent.DELIVERY_PROBLEM: frozenset({Intent.RETURN_REFUND, Intent.EXCHANGE, Intent.REFUND_STATUS, Intent.HUMAN_PLEASE}),
    Intent.EXCHANGE: frozenset({Intent.RETURN_REFUND, Intent.CHANGE_ORDER}),
    Intent.RETURN_REFUND: frozenset({Intent.REFUND_STATUS, Intent.EXCHANGE}),
    Intent.CHANGE_ORDER: frozenset({Intent.CANCEL_ORDER}),
    Intent.PRODUCT_QUESTION: frozenset({Intent.RETURN_REFUND, Intent.EXCHANGE}),
}
"""For an intent that a passage only tells: the wishes that it explains."""
_PAID_BACK = frozenset({Intent.CANCEL_ORDER, Intent.RETURN_REFUND})
"""Wishes that end in money back; asking when it comes is part of them, unless it is about another order."""


@dataclass(frozen=True)
class Passage:
    """One passage's own intent."""

    intent: Intent
    asks: bool
    """It asks or demands; otherwise it tells."""
    names_order: bool
    """It names an order or another number of its own."""
    confidence: float
    """0 where the passage means nothing by itself, or is about something else than we handle."""
    adds: bool = False
    """It asks for something and says that this is a further wish."""


def stretches(told: Sequence[Passage], at: Sequence[int]) -> list[tuple[Intent, tuple[int, ...]]]:
    """Return each wish with the positions of all its passages: what is told belongs to the wish before it.

    `at` are the positions of the wishes, as `wishes` returns them. What stands before the first belongs to it, and an intent
    that comes again in another place keeps the place where it came first.
    """
    found: dict[Intent, list[int]] = {}
    for number, start in enumerate(at):
        begin = start if number else 0
        end = at[number + 1] if number + 1 < len(at) else len(told)
        found.setdefault(told[start].intent, []).extend(range(begin, end))
    return [(intent, tuple(places)) for intent, places in found.items()]


def wishes(passages: Sequence[Passage], threshold: float) -> tuple[int, ...]:
    """Return the positions of the passages that are sure enough of a wish of their own, in the order of the text."""
    sure = [at for at, passage in enumerate(passages) if passage.confidence >= threshold]
    return tuple(at for at in sure if not _is_background(passages[at], [passages[other] for other in sure]))


def announces_more(told: Sequence[Passage], main: Intent) -> bool:
    """Tell whether a passage announces a further wish than the main one, however unclear that wish is by itself."""
    whole = Passage(main, asks=True, names_order=False, confidence=1.0)
    return any(one.adds and one.intent is not main and not _is_background(one, [whole]) for one in told)


def _is_background(passage: Passage, others: Sequence[Passage]) -> bool:
    """Tell whether another wish explains why this passage is there; anger always goes with something else."""
    intents = {other.intent for other in others} - {passage.intent}
    if passage.intent is Intent.COMPLAINT:
        return bool(intents)
    if passage.intent is Intent.REFUND_STATUS and not passage.names_order and not intents.isdisjoint(_PAID_BACK):
        return True
    asked = {other.intent for other in others if other.asks} - {passage.intent}
    return not passage.asks and not asked.isdisjoint(_BACKGROUND.get(passage.intent, frozenset()))
