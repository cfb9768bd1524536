"""On which day a text says that an order was placed; the day on which it should come, or came, is another matter."""

import re
from calendar import month_abbr, month_name
from dataclasses import dataclass
from datetime import date

from workflows.words import READ_AT_MOST, plain


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a month; the year is None when the text leaves it open."""

    day: int
    month: int
    year: int | None = None

    def fits(self, at: date) -> bool:
        """Whether it is this day."""
        return (self.day, self.month) == (at.day, at.month) and self.year in (None, at.year)


_MONTHS = {name.casefold(): number for names in (month_name, month_abbr) for number, name in enumerate(names) if name}
_MONTHS["sept"] = _MONTHS["september"]
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_YEAR = r"(?:,?\s+(?P<year>20\d\d)\b)?"
_DAY, _NUMBER = r"(?P<day>\d{1,2})", r"(?P<month>\d{1,2})"
_DATES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b{_DAY}(?:st|nd|rd|th)?(?:\s+of)?\s+(?P<month>{_MONTH})\b(?! (?:be|have|not)\b)\.?{_YEAR}",
        rf"\b(?P<month>{_MONTH})\b\.?\s+(?:the\s+)?{_DAY}(?:st|nd|rd|th)?\b(?![:.]\d){_YEAR}",
        r"\b(?P<year>20\d\d)-(?P<month>\d\d)-(?P<day>\d\d)\b",
        rf"\b{_DAY}(?P<sign>[./-]){_NUMBER}(?P=sign)(?P<year>(?:20)?\d\d)\b",
        rf"\b{_NUMBER}(?P<sign>[./-]){_DAY}(?P=sign)(?P<year>(?:20)?\d\d)\b",
        rf"(?:(?<=from )|(?<=\bon )){_DAY}[./](?P<year>){_NUMBER}\b(?![./-]?\d)",
        rf"(?:(?<=from )|(?<=\bon )){_NUMBER}[./](?P<year>){_DAY}\b(?![./-]?\d)",
    )
)
_BETWEEN = "(?:from|of|on|dated|at|the|my|our|i|we|you|it|this|that|these|those|which|was|were|is|placed|made|back|day|date)"
_WHAT = r"(?!(?:deliver\w*|arriv\w*|came|come|due|by|until|before|since|leav\w*)\b)\w+"
_PLACED_BEFORE = re.compile(
    rf"\b(?:orders?|ordered|purchased?|bought|placed|ones?)\s+(?:{_BETWEEN}\s+)*$"
    rf"|\b(?:ordered|bought|purchased)\s+(?:{_WHAT}\s+){{0,5}}(?:on|from|of)\s+(?:the\s+)?$"
)
_OPENS = re.compile(rf"(?:^|[.,;!?\n(])\s*(?:{_BETWEEN}\s+)*$")
_PLACED_AFTER = re.compile(r"^s?\s+(?:order|purchase|one)\b|^,?\s+(?:i|we)\s+(?:ordered|bought|placed|purchased)\b")
_AROUND = 80
"""How many characters beside a date are read; a text of nothing but dates costs little that way."""
_ENDS = re.compile(r"^\s*(?:please\b|thanks\b|[.,;!?\n)]|$)")


def ordered_on(text: str) -> frozenset[Day]:
    """The days on which the text says that an order was placed; 3/4/2026 may be either of two."""
    return frozenset(_day(match) for match in _told(text))


def without_order_dates(text: str) -> str:
    """The text without these days, so that their names and numbers are not read as anything else."""
    told = {match[0] for match in _told(text)}
    said = plain(text[:READ_AT_MOST])
    for date_said in sorted(told, key=len, reverse=True):
        said = said.replace(date_said, " ")
    return said


def _told(text: str) -> list[re.Match[str]]:
    said = plain(text[:READ_AT_MOST])
    dates = [match for pattern in _DATES for match in pattern.finditer(said)]
    return [match for match in dates if _is_of_order(said[: match.start()][-_AROUND:], said[match.end() :][:_AROUND])]


def _is_of_order(before: str, after: str) -> bool:
    """Whether the words around a date speak of an order, or the date stands alone as an answer."""
    alone = _OPENS.search(before) and _ENDS.search(after)
    return bool(_PLACED_BEFORE.search(before) or _PLACED_AFTER.search(after) or alone)


def _day(match: re.Match[str]) -> Day:
    day, month, year = match["day"], match["month"], match["year"]
    return Day(int(day), _MONTHS.get(month) or int(month), int(year) % 100 + 2000 if year else None)
