"""Which order the customer means, and how to put an order's state into words."""

from collections.abc import Iterable
from datetime import datetime

from agent.offline.view import View
from tools.money import Money
from tools.ports import Json

_STATES = {
    "pending": "is being prepared and has not left us yet",
    "items_modified": "is being prepared with the items that you changed",
    "processed": "is packed and waits for the carrier",
    "shipped": "is on its way",
    "delivered": "is reported as delivered",
    "cancelled": "is cancelled",
    "return_requested": "has a return under way",
    "exchange_requested": "has an exchange under way",
}


def meant_order(view: View, statuses: Iterable[str] = ()) -> dict[str, Json] | None:
    """The order that the text names, else the newest in one of the statuses, else the only one."""
    named = [order for order in view.orders if order["id"].lower() in view.text.lower()]
    if named:
        return named[0]
    wanted = set(statuses)
    fitting = [order for order in view.orders if order["status"] in wanted]
    if fitting:
        return fitting[0]
    return view.orders[0] if len(view.orders) == 1 else None


def state_text(order: dict[str, Json]) -> str:
    """`Order D-1 is on its way.`"""
    return f"Order {order['id']} {_STATES.get(order['status'], 'is in progress')}."


def money_text(order: dict[str, Json], amount_minor: int) -> str:
    """The amount in the order's currency."""
    return Money(amount_minor, order.get("currency", "USD")).text()


def day_text(moment: Json) -> str:
    """` on 3 November`, or nothing when the time is not known."""
    try:
        at = datetime.fromisoformat(moment)
    except (TypeError, ValueError):
        return ""
    return f" on {at.day} {at:%B}"


def parcel_text(parcel: dict[str, Json]) -> str:
    """Where a parcel is, in the words of its newest carrier event."""
    head = f"It travels with {parcel.get('carrier', 'the carrier')} under the tracking number {parcel['tracking_id']}."
    events = parcel.get("events") or []
    if not events:
        return f"{head} The carrier has not reported anything yet."
    last = events[-1]
    place = f" in {last['location']}" if last.get("location") else ""
    return f'{head} Its last report{day_text(last.get("at"))}{place}: "{last.get("text") or last.get("status") or "no text"}".'
