"""Which of the customer's own orders a text speaks of."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, takewhile

from tools.commerce import Order
from workflows.slots.all_of_them import chooses_all
from workflows.slots.dates import Day, ordered_on, without_order_dates
from workflows.slots.items import orders_with
from workflows.words import READ_AT_MOST, phrases, plain, says, tokens

DEFAULT_ORDER_PATTERN = re.compile(r"#?[A-Z]{1,3}-?\d{5,10}")
"""What an order id looks like unless the tenant says otherwise."""


ORDER_LIKE = re.compile(r"\b[a-z]{0,3}-?\d{5,}\b", re.IGNORECASE)
"""What may be an order's number, whatever pattern the merchant's own follow."""


@dataclass(frozen=True, slots=True)
class Found:
    """The text speaks of these orders; `named` is false when it named none and only this one fits."""

    orders: tuple[Order, ...]
    named: bool = True


@dataclass(frozen=True, slots=True)
class Unknown:
    """The text names an order that is not among the customer's; `reference` is the id as the merchant would write it."""

    reference: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """The text leaves these orders to choose from; none when the customer has no orders."""

    candidates: tuple[Order, ...]


OrderChoice = Found | Unknown | Unclear

_NEWEST = phrases("last order, latest order, newest order, recent order, latest one, newest one, most recent one")
_OTHER = phrases("other one, other order, the other, different order, different one")
_IT = phrases("it, this, that, them, this one, that one, the order, same order")
_ORDINALS = {
    "first": 0,
    "1": 0,
    "1st": 0,
    "second": 1,
    "2": 1,
    "2nd": 1,
    "third": 2,
    "3": 2,
    "3rd": 2,
    "fourth": 3,
    "4": 3,
    "4th": 3,
}
_NO_PLACE = re.compile(r"\b(?:first of all|at first|in the first place|all (?:of )?(?:the )?\d)\b")
_SPOKEN_ID = re.compile(r"\border\s*(?:no\.?|number|nr\.?|id|is|:|#|\s)*(?P<id>#?[a-z]{0,3}-?\d{5,12})\b", re.IGNORECASE)
_DENIED = re.compile(r"\b(?:not|instead of|rather than)\s+(?:(?:the|my|order|number|no|for)\s+)*#?$", re.IGNORECASE)


def choose_order(
    text: str,
    orders: Sequence[Order],
    pattern: re.Pattern[str] = DEFAULT_ORDER_PATTERN,
    *,
    fits: Callable[[Order], bool],
    about: str | None = None,
    listed: Sequence[str] = (),
) -> OrderChoice:
    """Find the order that the text means among the customer's own, newest first.

    `fits` says which orders the flow could work on, `about` is the id that the conversation was about so far, `listed`
    the ids in the order in which the customer was last shown them.
    """
    own, strange = mentioned_orders(text, orders, pattern)
    if own:
        return Found(own)
    if strange:
        return Unknown(strange[0])
    if listed and _all_listed(text, listed):
        return Found(tuple(order for order in orders if order.id in listed))
    fitting = tuple(order for order in orders if fits(order))
    days = ordered_on(text)
    if days:
        meant = _placed_on(days, without_order_dates(text), orders)
        return Found(meant) if len(meant) == 1 else Unclear(meant or fitting or tuple(orders))
    if about is not None and names_other(text) and not _placed(text, listed):
        others = _besides(about, fitting) or _besides(about, orders)
        return Found(others) if len(others) == 1 else Unclear(others or tuple(orders))
    by_words = _by_words(text, orders, fitting, about, listed)
    if by_words is not None:
        return Found((by_words,))
    # Who was shown several orders and named none of them may mean one that is not there.
    for choice in (fitting, tuple(orders)) if len(listed) < 2 else ():
        if len(choice) == 1:
            return Found(choice, named=False)
    return Unclear(fitting or tuple(orders))


def mentioned_orders(
    text: str, orders: Sequence[Order], pattern: re.Pattern[str] = DEFAULT_ORDER_PATTERN
) -> tuple[tuple[Order, ...], tuple[str, ...]]:
    """The customer's orders whose ids stand in the text, in any spelling, and the ids in it that are none of theirs."""
    rest = f" {text} "
    own: list[tuple[int, Order]] = []
    digits = _digits(text)
    for order in orders:
        if _digits(order.id) not in digits:
            continue
        for match in _any_spelling(order.id).finditer(rest):
            if not _DENIED.search(rest[max(0, match.start() - 60) : match.start()]):
                own.append((match.start(), order))
        rest = _any_spelling(order.id).sub(lambda m: " " * len(m[0]), rest)
    strange = [match[0] for match in _as_word(pattern).finditer(rest)] + [match["id"] for match in _SPOKEN_ID.finditer(rest)]
    ordered = {order.id: order for _, order in sorted(own, key=lambda found: found[0])}
    return tuple(ordered.values()), tuple(dict.fromkeys(reference.upper() for reference in strange))


def _placed_on(days: Collection[Day], text: str, orders: Sequence[Order]) -> tuple[Order, ...]:
    """The orders of these days that hold what the rest of the text names; where none is of these days, what it names."""
    then = [order for order in orders if order.placed_at and any(day.fits(order.placed_at) for day in days)]
    holding = orders_with(text, orders)
    both = [order for order in then if order in holding]
    return tuple(both or (holding if not then else then if not holding else ()))


def _by_words(
    text: str, orders: Sequence[Order], fitting: Sequence[Order], about: str | None, listed: Sequence[str]
) -> Order | None:
    """The order that is meant by place, by what is in it, or because the talk was about it."""
    words = tokens(text)
    by_id = {str(order.id): order for order in orders}
    placed = _placed(text, listed)
    if placed in by_id:
        return by_id[placed]
    if says(words, _NEWEST) and orders:
        return orders[0]
    for choice in (fitting, orders):
        holding = orders_with(text, choice)
        if len(holding) == 1:
            return holding[0]
        if holding:
            return next((order for order in holding if order.id == about), None)
    known = by_id.get(about or "")
    return known if known in fitting or not fitting or says(words, _IT) else None


def _all_listed(text: str, listed: Sequence[str]) -> bool:
    """Whether the text wants every order of the list, and not the one at a place in it."""
    meant = chooses_all(text) and ("both" not in tokens(text) or len(listed) == 2)
    return meant and _placed(text, listed) is None


def _placed(text: str, listed: Sequence[str]) -> str | None:
    """The id at the one place in the list that the text names: "the second one"."""
    said = _NO_PLACE.sub(" ", plain(text))
    places = {_ORDINALS[word] for word in tokens(said) if word in _ORDINALS}
    place = places.pop() if len(places) == 1 else len(listed)
    return listed[place] if place < len(listed) else None


def _besides(about: str, orders: Sequence[Order]) -> tuple[Order, ...]:
    return tuple(order for order in orders if order.id != about)


def _digits(text: str) -> str:
    """The digits of a text, joined: a cheap test before the patient one."""
    return "".join(sign for sign in text if sign.isdigit())


@lru_cache(maxsize=4096)
def _any_spelling(order_id: str) -> re.Pattern[str]:
    """An id with its letters and separators optional before at least four digits: D-100001, d100001, D 100 001, 100001."""
    spelled = plain(order_id)
    lead = "".join(takewhile(lambda sign: not sign.isdigit(), spelled))
    signs = [re.escape(sign) for sign in spelled[len(lead) :] if sign.isalnum()]
    letters = [re.escape(sign) for sign in lead if sign.isalnum()]
    loose = r"[\s\-_#./]{0,2}"
    body = r"[\s\-]?".join(signs)
    head = "".join(letter + loose for letter in letters)
    if letters and len(signs) >= 4:
        head = rf"(?:{head}|(?<![^a-z][a-z][\-_])(?<![^a-z][a-z][a-z][\-_]))"
    return re.compile(rf"(?<![^\W_])#?{head}{body}(?![^\W_])", re.IGNORECASE)


@lru_cache(maxsize=256)
def _as_word(pattern: re.Pattern[str]) -> re.Pattern[str]:
    """The tenant's pattern, in any case, where no letter or digit touches it."""
    return re.compile(rf"(?<![^\W_])(?:{pattern.pattern})(?![^\W_])", pattern.flags | re.IGNORECASE)


def names_other(text: str) -> bool:
    """Whether the text speaks of "the other order", whichever that is; "not the other one" stays with this one."""
    return says(tokens(_NOT_OTHER.sub(" ", plain(text))), _OTHER)


_NOT_OTHER = re.compile(r"\b(?:not|keep|leave|except|without) (?:the |my )?other(?: one| order)?s?\b")
_ALONE = re.compile(
    rf"\b(?:only|just)\b(?! (?:ordered|bought|placed|got|received))[^.,;!?\n]{{0,30}}?{ORDER_LIKE.pattern}"
    rf"|{ORDER_LIKE.pattern}\W{{0,3}}(?:only|alone)\b|\b(?:only|just) (?:this|that|the first) (?:one|order)\b"
)


def turned_to(text: str, orders: Sequence[Order], settled: str) -> str | None:
    """The article to which the text turns from the settled order, and that only others hold: "no, the kettle"."""
    for match in _TURNED_TO.finditer(plain(text[:READ_AT_MOST])):
        # Every word must be an article's: "no, the grey box was crushed" gives a reason and does not turn to a grey hoodie.
        words = [word for word in takewhile(lambda word: word not in _TELLS, tokens(match["what"])) if len(word) >= 3]
        held = [{order.id for order in orders_with(word, orders)} for word in words]
        if held and all(held) and settled not in set[str]().union(*held):
            return " ".join(words)
    return None


_TURNED_TO = re.compile(
    r"\b(?:no|nope|not that(?: one)?|i mean|i meant)\b[\s,.!-]+"
    r"(?:(?:no|sorry|wait|oh|actually|but|its|it is|it was|thats|for|about|not that one|i mean|i meant)[\s,.!-]+)*"
    r"(?:the|my) (?P<what>[^.,;:!?\n]+)"
)
_TELLS = frozenset(
    word
    for (word,) in phrases(
        "is, was, are, were, has, had, came, come, comes, arrived, not, and, from, of, in, that, which, i, it, they, please"
        ", pls, thanks, instead, one, because, since, as, for, order, does, doesnt, did, didnt, broke, leaks"
    )
)


def one_alone(text: str) -> bool:
    """Whether the text limits the wish to one of several orders: "only D-100002", "just this one", "not the other one"."""
    said = plain(text[:READ_AT_MOST])
    return _ALONE.search(said) is not None or _NOT_OTHER.search(said) is not None


def numbers_in(text: str) -> frozenset[str]:
    """The digits of everything in the text that may be an order's number, one that is to be left out included."""
    return frozenset(_digits(match[0]) for match in ORDER_LIKE.finditer(plain(text[:READ_AT_MOST])))


def without_ids(text: str, pattern: re.Pattern[str] = DEFAULT_ORDER_PATTERN) -> str:
    """The text without order ids, so that their digits are not read as anything else."""
    return _SPOKEN_ID.sub(" ", _as_word(pattern).sub(" ", text))


def named_together(text: str) -> bool:
    """Whether the order numbers in a text stand in one list ("D-1 and D-2"), so that the wish is about each of them."""
    said = plain(text[:READ_AT_MOST])
    places = [match.span() for match in ORDER_LIKE.finditer(said)]
    between = [said[end:start] for (_, end), (start, _) in pairwise(places)]
    return bool(between) and all(_LISTS.issuperset(tokens(part)) for part in between)


_LISTS = frozenset(word for (word,) in phrases("and, also, plus, my, the, order, orders, number, no, nr, as, well, &, +, #, /"))
