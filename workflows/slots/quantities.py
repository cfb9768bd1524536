"""How many of several equal things a text speaks of: "one of the two mugs", "2x mug", "only one"."""

import re
from collections.abc import Callable, Sequence

_NUMBERS = {"one": 1, "single": 1, "two": 2, "couple": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_DIGITS = re.compile(r"(\d{1,2})x?")
_POINTING = frozenset({"the", "my", "these", "those", "them", "your", "our", "a"})
_ONLY = frozenset({"only", "just"})


def count_before(spoken: Sequence[str], at: int, is_same: Callable[[str], bool]) -> int | None:
    """The number in front of the word at a place, None when there is none; "one of the two mugs" speaks of one.

    `is_same` tells the other words that name the same thing, which may stand between ("two stoneware mugs").
    """
    found: int | None = None
    place = at - 1
    while place >= 0:
        number = _number(spoken[place])
        if number is not None and (found is None or spoken[place + 1] == "of"):
            found = number
        elif spoken[place] not in _POINTING and not (spoken[place] == "of" or (found is None and is_same(spoken[place]))):
            break
        place -= 1
    return found


def bare_count(spoken: Sequence[str], is_article: Callable[[str], bool]) -> int | None:
    """The number that stands for itself: "only one", "just 2 of them", "one of those"; None when there is none."""
    for place, word in enumerate(spoken):
        number = _number(word)
        if number is None:
            continue
        after = spoken[place + 1 : place + 3]
        lead = [one for one in spoken[max(0, place - 2) : place] if one not in _POINTING]
        of_them = len(after) == 2 and after[0] == "of" and after[1] in ("them", "these", "those")
        alone = bool(lead) and lead[-1] in _ONLY and not (after and (after[0] == "of" or is_article(after[0])))
        if of_them or alone:
            return number
    return None


def _number(word: str) -> int | None:
    digits = _DIGITS.fullmatch(word)
    return int(digits[1]) if digits else _NUMBERS.get(word)
