"""Orders, items, addresses and dates in a customer's words."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import dropwhile

from babel.dates import format_date

from tools.commerce import Address, Order, OrderItem
from tools.money import Money
from tools.ports import Json
from workflows.slots.countries import country_name
from workflows.ticket import Ticket

# A name comes from outside, so only what can be a name is used: no links, no sentences.
_FIRST_NAME = re.compile(r"[^\W\d_][^\W\d_'’-]*(?:['’-][^\W\d_]+)*")
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "sir", "madam", "mister", "herr", "frau"})

_CLOSING = "If there is anything else, just reply."


def date_text(at: datetime) -> str:
    """A day, for example `3 May 2026`."""
    return format_date(at, "d MMMM yyyy", locale="en")


def moment_text(at: datetime) -> str:
    """A day and a time of day, for example `3 May 2026, 14:05 UTC`."""
    return f"{date_text(at)}, {at.astimezone(UTC):%H:%M} UTC"


def money_text(money: Mapping[str, Json]) -> str:
    """An amount in the contract's shape, as people write it."""
    return Money(money["amount_minor"], money["currency"]).text()


def join(parts: Sequence[str]) -> str:
    """A list in a sentence: `a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def item_text(item: OrderItem) -> str:
    """An item with its options, for example `Cotton Shirt (blue, M)`."""
    return f"{item.name} ({', '.join(item.options.values())})" if item.options else item.name


def items_text(items: Sequence[OrderItem]) -> str:
    """Items in a sentence; equal ones are counted: `2 x Coffee Mug and Desk Lamp`."""
    counts: dict[str, int] = {}
    for item in items:
        counts[item_text(item)] = counts.get(item_text(item), 0) + 1
    return join([f"{count} x {name}" if count > 1 else name for name, count in counts.items()])


def short_text(order: Order) -> str:
    """What is in an order, in a few words: its first item and how many more."""
    if not order.items:
        return "no items"
    more = len(order.items) - 1
    return f"{order.items[0].name} and {more} more" if more else order.items[0].name


def order_text(order: Order) -> str:
    """An order as a line to choose from."""
    placed = f", placed on {date_text(order.placed_at)}" if order.placed_at else ""
    return f"{order.id}{placed}: {short_text(order)}"


def address_text(address: Address) -> str:
    """An address on its lines."""
    place = " ".join(part for part in (address.city, address.region, address.postal_code) if part)
    lines = (address.name, address.line1, address.line2, place, country_name(address.country))
    return "\n".join(line for line in lines if line)


def first_name(ticket: Ticket) -> str | None:
    """The customer's first name for a greeting; None when the ticket has no name that looks like one."""
    words = (ticket.customer.name or "").split()
    names = list(dropwhile(_is_title, words))
    # After a title a single name is the last one.
    known = names and (len(names) > 1 or names == words)
    return names[0] if known and _FIRST_NAME.fullmatch(names[0]) else None


def _is_title(word: str) -> bool:
    return word.casefold().removesuffix(".") in _TITLES


def without_greeting(text: str) -> str:
    """A reply without its first line, if that only greets."""
    first, _, rest = text.partition("\n\n")
    return rest if rest and first.endswith(",") and "\n" not in first else text


def without_closing(text: str) -> str:
    """A reply without the line that ends the talk, because the talk goes on."""
    return text.removesuffix(_CLOSING).rstrip()
