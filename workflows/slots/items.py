"""Which lines of an order a text speaks of."""

import re
from collections.abc import Iterable
from functools import lru_cache

from tools.commerce import Order, OrderItem
from workflows.words import phrases, plain, says, tokens

_ALL = phrases(
    "all, everything, the lot, whole order, entire order, complete order, full order",
)
_LEFT_OUT = re.compile(
    r"\b(?:except|apart from|other than|but not|not|keep|keeping|kept|(?<=all )but|(?<=everything )but)\b(?P<what>[^.,;\n]*)"
)
_COMMON = frozenset(
    {"the", "and", "for", "with", "set", "pack", "order", "item", "new", "one", "all", "size", "from", "have", "not"}
)


def mentioned_items(text: str, order: Order) -> tuple[OrderItem, ...]:
    """The lines that the text names, in the order's own order; empty when it names none or leaves a choice open."""
    said = plain(text)
    left_out = [match["what"] for match in _LEFT_OUT.finditer(said)]
    kept = {item.id for part in left_out for item in _named(part, order) or ()}
    rest = _LEFT_OUT.sub(" ", said)
    words = tokens(rest)
    everything = says(words, _ALL) or ("both" in words and len(order.items) == 2)
    named = list(order.items) if everything else _named(rest, order) or []
    return tuple(item for item in order.items if item in named and item.id not in kept)


def orders_with(text: str, orders: Iterable[Order]) -> list[Order]:
    """The orders that hold an article which the text names by any of its words."""
    said = _stems(text)
    return [order for order in orders if any(not _words_of(item).isdisjoint(said) for item in order.items)]


def _named(text: str, order: Order) -> list[OrderItem] | None:
    """The lines named by word; None when a word fits several different lines and nothing else decides."""
    spoken = tokens(text)
    words_of = {item.id: _words_of(item) for item in order.items}
    chosen: list[OrderItem] = []
    open_words: list[tuple[str, list[OrderItem]]] = []
    for word in spoken:
        owners = [item for item in order.items if _stem(word) in words_of[item.id]]
        if len({item.variant_id for item in owners}) == 1:
            chosen += owners if _means_several(word, owners, spoken) else _first_unchosen(owners, chosen)
        elif owners:
            open_words.append((word, owners))
    for word, owners in open_words:
        if any(item in chosen for item in owners):
            continue
        if not _means_several(word, owners, spoken):
            return None
        chosen += owners
    return chosen


def _means_several(word: str, owners: list[OrderItem], spoken: Iterable[str]) -> bool:
    """Whether a word speaks of all its lines: "mugs" for two a Mug each, but not "headphones", which is one article's name."""
    own_name = any(word in tokens(item.name) for item in owners)
    return "both" in spoken or (_plural(word) and not own_name)


def _first_unchosen(owners: list[OrderItem], chosen: list[OrderItem]) -> list[OrderItem]:
    """One of several equal lines, unless a word has chosen one of them already."""
    return [] if any(item in chosen for item in owners) else owners[:1]


def _words_of(item: OrderItem) -> frozenset[str]:
    return _words_of_name(" ".join((item.name, *item.options.values())))


@lru_cache(maxsize=4096)
def _words_of_name(name: str) -> frozenset[str]:
    return _stems(name)


def _stems(text: str) -> frozenset[str]:
    return frozenset(_stem(word) for word in _telling(tokens(text)))


def _telling(words: Iterable[str]) -> Iterable[str]:
    return (word for word in words if len(word) >= 3 and word not in _COMMON)


def _stem(word: str) -> str:
    """The singular of a regular plural: "mugs" and "mug" are one word here."""
    if word.endswith(("sses", "ches", "shes", "xes")):
        return word[:-2]
    return word[:-1] if _plural(word) else word


def _plural(word: str) -> bool:
    return len(word) > 3 and word.endswith("s") and not word.endswith("ss")
