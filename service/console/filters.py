"""How values look on a page: money, times, invisible characters, and words for closed lists."""

import json
import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from babel.dates import format_timedelta
from markupsafe import Markup, escape

from service.console import words
from tools.money import Money
from tools.ports import Json

_ENUM_LIKE = re.compile(r"[a-z]+(_[a-z]+)+")
_JOINER = "\u200d"
_INVISIBLE = {"Cf", "Cc", "Co", "Cn", "Cs", "Zl", "Zp"}


def money(value: Money | Mapping[str, Json] | None) -> str:
    """An amount as people write it, from a Money or the contract's shape."""
    if value is None:
        return "–"
    amount = value if isinstance(value, Money) else Money(value["amount_minor"], value["currency"])
    return amount.text()


def microusd(value: float | None) -> str:
    """What something cost, in dollars with as many digits as small sums need."""
    dollars = (value or 0) / 1_000_000
    digits = 2 if dollars >= 1 or not dollars else 1 - math.floor(math.log10(dollars))
    return f"${dollars:,.{digits}f}"


def moment(value: datetime) -> Markup:
    """A `time` element; the browser's script turns it into local and relative time, without script it reads as UTC."""
    at = value.astimezone(UTC)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.isoformat(timespec="seconds"), at.strftime("%Y-%m-%d %H:%M:%S UTC"), at.strftime("%d %b %H:%M UTC")
    )


def ago(value: datetime, now: datetime) -> Markup:
    """A `time` element that reads as the distance from now: `12 minutes ago`, `in 3 hours`."""
    at = value.astimezone(UTC)
    text = format_timedelta(at - now, add_direction=True, threshold=1.2, locale="en")
    return Markup('<time datetime="{}" title="{}" data-ago>{}</time>').format(
        at.isoformat(timespec="seconds"), at.strftime("%Y-%m-%d %H:%M:%S UTC"), text
    )


def due(value: datetime, now: datetime) -> str:
    """How urgent a due time is: `late`, `soon` (within half an hour) or `later`."""
    if value <= now:
        return "late"
    return "soon" if value - now < timedelta(minutes=30) else "later"


def seconds(value: float | None) -> str:
    """A duration in words that fit a table: `340 ms`, `4.2 s`, `12 min`, `3.5 h`."""
    if value is None:
        return "–"
    if value < 1:
        return f"{value * 1000:.0f} ms"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if value >= 1.5 * size:
            return f"{value / size:.1f} {unit}".replace(".0 ", " ")
    return f"{value:.1f} s"


def shown(text: str | None) -> Markup:
    """Somebody's text, escaped, with invisible and direction-changing characters as visible marks."""
    return Markup("\n").join(escape(line) if line.isprintable() else _marked(line) for line in (text or "").split("\n"))


def pretty(value: Json) -> str:
    """A JSON value for people who read JSON."""
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True, default=str)


def fact(value: Json) -> str:
    """One fact of an action in words: money, an address, a line of an order, or the value itself."""
    match value:
        case None:
            return "–"
        case {"amount_minor": int(), "currency": str()}:
            return money(value)
        case {"line1": str(line1), "city": str(city), **rest}:
            line2, code, region, country = (rest.get(part) for part in ("line2", "postal_code", "region", "country"))
            parts = [rest.get("name"), line1, line2, code, city, region, country]
            return ", ".join(str(part) for part in parts if part)
        case {"name": str(name), **rest}:
            return f"{name} ({', '.join(rest['options'].values())})" if rest.get("options") else name
        case list():
            return "; ".join(fact(one) for one in value) or "none"
        case dict():
            return ", ".join(f"{words.words(key)}: {fact(one)}" for key, one in value.items())
    text = str(value)
    return words.words(text).lower() if _ENUM_LIKE.fullmatch(text) else text


def _marked(line: str) -> Markup:
    pieces: list[Markup] = []
    before = ""
    for character in line:
        # A joiner inside an emoji is part of it; anywhere else it can hide things.
        emoji = character == _JOINER and unicodedata.category(before or " ") in ("So", "Sk", "Mn")
        if unicodedata.category(character) in _INVISIBLE and character != "\t" and not emoji:
            pieces.append(Markup('<span class="hidden-char">U+{:04X}</span>').format(ord(character)))
        else:
            pieces.append(escape(character))
        before = character
    return Markup("").join(pieces)


FILTERS: Mapping[str, Any] = {
    "money": money,
    "microusd": microusd,
    "moment": moment,
    "ago": ago,
    "due": due,
    "seconds": seconds,
    "span": lambda value: format_timedelta(value, locale="en"),
    "shown": shown,
    "pretty": pretty,
    "fact": fact,
    "words": words.words,
    "status": lambda value: words.named(words.STATUS, value),
    "lane": lambda value: words.named(words.LANE, value),
    "reason": lambda value: words.named(words.REASON, value),
    "risk": lambda value: words.named(words.RISK, value),
    "author": lambda value: words.named(words.AUTHOR, value),
    "verification": lambda value: words.named(words.VERIFICATION, value),
    "action": lambda value: words.named(words.ACTION, value),
    "decision": lambda value: words.named(words.DECISION, value),
    "approval": lambda value: words.named(words.APPROVAL, value),
    "tool": lambda value: words.named(words.TOOL, value),
    "fact_name": lambda value: words.named(words.FACT, value),
    "switched": lambda switch: words.switched(switch.scope, switch.name),
    "argument": lambda value: words.named(words.ARGUMENT, value),
    "look": lambda value: words.named(words.LOOK, value),
    "parsed": datetime.fromisoformat,
    "effect": lambda value: words.named(words.EFFECT, value),
    "tone": lambda value: words.TONE.get(value, "quiet"),
}
"""Every filter of the templates by its name."""
