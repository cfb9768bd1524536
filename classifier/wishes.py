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


def wishes(passages: Sequence[Passage], threshold: float) -> tuple[int, ...]:
    """Return the positions of the passages that are sure enough of a wish of their own, in the order of the text."""
    sure = [at for at, passage in enumerate(passages) if passage.confidence >= threshold]
    return tuple(at for at in sure if not _is_background(passages[at], [passages[other] for other in sure]))


def _is_background(passage: Passage, others: Sequence[Passage]) -> bool:
    """Tell whether another wish explains why this passage is there; anger always goes with something else."""
    intents = {other.intent for other in others} - {passage.intent}
    if passage.intent is Intent.COMPLAINT:
        return bool(intents)
    if passage.intent is Intent.REFUND_STATUS and not passage.names_order and not intents.isdisjoint(_PAID_BACK):
        return True
    asked = {other.intent for other in others if other.asks} - {passage.intent}
    return not passage.asks and not asked.isdisjoint(_BACKGROUND.get(passage.intent, frozenset()))
