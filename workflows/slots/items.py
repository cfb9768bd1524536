"""Which lines of an order a text speaks of."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from tools.commerce import ItemId, Order, OrderItem
from workflows.slots.all_of_them import chooses_all, speaks_of_all
from workflows.slots.quantities import bare_count, count_before
from workflows.words import phrases, plain, says, tokens

_WHOLE = phrases("whole order, entire order, complete order, full order")
_LEFT_OUT = re.compile(
    r"\b(?:except|apart from|other than|but not|not|keep|keeping|kept|(?<=all )but|(?<=everything )but)\b(?P<what>[^.,;\n]*)"
)
_NOT_KEPT = re.compile(r"\b(?:dont|do not|cant|cannot|wont|not)(?: want| need| wish)?(?: to)? keep(?:ing)?\b")
_KEPT = re.compile(r"\b(?:keep|keeping)\b(?P<what>[^.,;\n]*)")
_NOT_ONLY = re.compile(r"\bnot (?:just|only|merely)\b")
_ADDS = re.compile(r"^\W*(?:and|plus|also)\b|\b(?:also|too|as well|additionally|in addition)\b")
_REPLACES = re.compile(r"\b(?:instead|rather|only|just)\b")
_COMMON = frozenset(
    {"the", "and", "for", "with", "set", "pack", "order", "item", "new", "one", "all", "size", "from", "have", "not"}
)


def mentioned_items(text: str, order: Order, settled: Collection[ItemId] = ()) -> tuple[OrderItem, ...]:
    """The lines that the text names, in the order's own order; empty when it names none or leaves a choice open.

    `settled` are the lines that the talk was about before; "only one" means one of them, if they are equal. They grow by what
    the text adds ("and the kettle"), and to the whole order only when it asks for that, not when it tells of everything.
    """
    said = _NOT_KEPT.sub(" ", plain(text))
    more = _NOT_ONLY.search(said) is not None
    said = _NOT_ONLY.sub(" ", said)
    left_out = [match["what"] for match in _LEFT_OUT.finditer(said)]
    kept = [item for part in left_out for item in _named(part, order) or ()]
    rest = _LEFT_OUT.sub(" ", said)
    words = tokens(rest)
    named = _named(rest, order)
    if not named or more:
        named = list(order.items) if _everything(rest, order, grows=bool(settled)) else named or []
    before = [item for item in order.items if item.id in settled]
    if named and (more or (_ADDS.search(said) and not _REPLACES.search(said))):
        named += before
    if not named and kept:
        # Whoever keeps one of two equal things gives the other back.
        named = before or [item for item in order.items if item.variant_id in {one.variant_id for one in kept}]
    return _so_many(words, [item for item in order.items if item in named and item not in kept], before or list(order.items))


def narrowed(texts: Sequence[str], order: Order) -> tuple[OrderItem, ...]:
    """What several texts name together, newest first: "the grey one" after "the hoodie"; empty when that decides nothing."""
    named = [_articles(tokens(_LEFT_OUT.sub(" ", plain(text))), order) for text in texts]
    if not named or len(named[0]) != 1:
        return ()
    left = named[0][0].lines
    for one in (articles[0] for articles in named if len(articles) == 1):
        left = [item for item in left if item in one.lines] or left
    if len({item.variant_id for item in left}) != 1:
        return ()
    return tuple(left if "ones" in tokens(texts[0]) else left[:1])


def keeps(text: str, order: Order, settled: Collection[ItemId]) -> bool:
    """Whether the customer would keep every line that the talk was about, so that nothing is left to do."""
    said = _NOT_KEPT.sub(" ", plain(text))
    kept = {item.variant_id for match in _KEPT.finditer(said) for item in _named(match["what"], order) or ()}
    about = {item.variant_id for item in order.items if item.id in settled}
    return bool(about) and about <= kept and not mentioned_items(text, order, settled)


def _everything(text: str, order: Order, *, grows: bool) -> bool:
    words = tokens(text)
    meant = says(words, _WHOLE) or (chooses_all(text) if grows else speaks_of_all(text))
    return meant and ("both" not in words or len(order.items) == 2)


def _so_many(words: tuple[str, ...], named: list[OrderItem], around: list[OrderItem]) -> tuple[OrderItem, ...]:
    """As many of equal lines as a number without a noun says; `around` is what it counts when nothing is named."""
    count = bare_count(words, lambda word: any(_stem(word) in _words_of(item) for item in around))
    base = named or around
    if count is None or len({item.variant_id for item in base}) != 1 or not 0 < count < len(base):
        return tuple(named)
    return tuple(base[:count])


def orders_with(text: str, orders: Iterable[Order]) -> list[Order]:
    """The orders that hold an article which the text names by any of its words."""
    said = _stems(text)
    return [order for order in orders if any(not _words_of(item).isdisjoint(said) for item in order.items)]


def _named(text: str, order: Order) -> list[OrderItem] | None:
    """The lines named by word; None when words fit several different lines and nothing else decides."""
    spoken = tokens(text)
    chosen: list[OrderItem] = []
    left_open: list[_Article] = []
    for article in _articles(spoken, order):
        owners = article.lines
        if len({item.variant_id for item in owners}) > 1:
            left_open.append(article)
            continue
        own_words = _words_of(owners[0])
        count = count_before(spoken, article.at, lambda other, own=own_words: _stem(other) in own)
        if count is not None and 0 < count <= len(owners):
            chosen += owners[:count]
        else:
            chosen += owners if _means_several(article.word, owners, spoken) else _first_unchosen(owners, chosen)
    for article in left_open:
        if any(item in chosen for item in article.lines):
            continue
        if not _means_several(article.word, article.lines, spoken):
            return None
        chosen += article.lines
    return chosen


@dataclass(frozen=True, slots=True)
class _Article:
    """Neighbouring words that fit the same lines, as "grey hoodie" does, with the last of them and its place."""

    at: int
    word: str
    lines: list[OrderItem]


def _articles(spoken: Sequence[str], order: Order) -> list[_Article]:
    """What the words name, one after the other; each word beside another leaves fewer lines that both may mean."""
    found: list[_Article] = []
    for at, word in enumerate(spoken):
        lines = [item for item in order.items if _stem(word) in _words_of(item)]
        together = [item for item in found[-1].lines if item in lines] if found and found[-1].at == at - 1 else []
        if together:
            found[-1] = _Article(at, word, together)
        elif lines:
            found.append(_Article(at, word, lines))
    return found


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
