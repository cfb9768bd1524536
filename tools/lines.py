"""The lines of an order that a call names, and when the customer received them."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from tools.commerce import Order, OrderItem
from tools.errors import Code, ToolError

NO_ITEM = "There is no such item in this order."


def wanted_lines(order: Order, item_ids: Sequence[str]) -> tuple[OrderItem, ...]:
    """The named lines, in the order in which they are named; an id counts as often as the order holds it.

    Raises `not_found` for a line that the order does not have, or not so often.
    """
    left: dict[str, list[OrderItem]] = {}
    for line in order.items:
        left.setdefault(line.id, []).append(line)
    if any(len(left.get(item, ())) < times for item, times in Counter(item_ids).items()):
        raise ToolError(Code.NOT_FOUND, NO_ITEM)
    return tuple(left[item].pop(0) for item in item_ids)


def received_at(order: Order) -> datetime | None:
    """When the last parcel was delivered, else when the order was placed; None when the merchant's system does not know."""
    delivered = [
        event.at
        for shipment in order.shipments
        for event in shipment.events
        if event.at is not None and event.status == "delivered"
    ]
    return max(delivered) if delivered else order.placed_at
