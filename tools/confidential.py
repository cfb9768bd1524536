"""What must never be kept: payment card numbers, and secrets that open something; they are masked wherever text comes in."""

import re
from typing import Any

SECRET = re.compile(
    r"\b(?:sk-[a-z]{2,8}-|whsec_|drk_|xox[bap]-|akia)[a-z0-9_+/=-]{6,}|\bbearer\s+[a-z0-9._-]{16,}|-----begin ", re.IGNORECASE
)
"""The beginnings by which well-known kinds of keys are recognised, ours among them."""

_BETWEEN = r"[\s.\-‐-―_/\u200b-\u200d\u2060\ufeff]{0,3}"
"""What people and programs put between the digits of a card number."""

_DIGITS = re.compile(rf"(?<!\w)\d(?:{_BETWEEN}\d){{12,}}(?!\w)")
_BRAND = re.compile(r"4|5[1-5]|2[2-7]|3[47]|3[0689]|35|6011|64[4-9]|65|62")
_LEAST, _MOST = 13, 19
"""How many digits a card number has (ISO/IEC 7812)."""


def masked(text: str) -> str:
    """The text with card numbers reduced to their last four digits, and without secrets; other text as it is."""
    if _DIGITS.search(text):
        text = _DIGITS.sub(_without_cards, text)
    return SECRET.sub("[secret]", text) if SECRET.search(text) else text


def masked_data(value: Any) -> Any:
    """A JSON value with every text in it masked, the names of its fields included."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {masked(name): masked_data(held) for name, held in value.items()}
    return [masked_data(held) for held in value] if isinstance(value, list) else value


def _without_cards(found: re.Match[str]) -> str:
    """Mask the card numbers in a run of digits, from left to right; each begins and ends where a group of digits does."""
    run, kept, done = found[0], [], 0
    places = [place for place, character in enumerate(run) if character.isdigit()]
    for first, begin in enumerate(places):
        if begin < done or (begin and run[begin - 1].isdigit()):
            continue
        if card := _card_at(run, places[first : first + _MOST]):
            end, last = card
            kept.append(f"{run[done:begin]}[card ending {last}]")
            done = end
    return "".join((*kept, run[done:]))


def _card_at(run: str, places: list[int]) -> tuple[int, str] | None:
    """Where the longest card number ends that begins at the first of these digits, and its last four; None for no card."""
    digits = "".join(str(int(run[place])) for place in places)
    if not _BRAND.match(digits):
        return None
    for length in range(len(places), _LEAST - 1, -1):
        end = places[length - 1] + 1
        if not run[end : end + 1].isdigit() and _checks(digits[:length]):
            return end, digits[length - 4 : length]
    return None


def _checks(digits: str) -> bool:
    """The check digit of ISO/IEC 7812, by which a card number differs from most other numbers."""
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (doubled + sum(map(int, digits[-1::-2]))) % 10 == 0
