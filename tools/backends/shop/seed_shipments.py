"""Parcels of the demo shop's orders, with what their carriers reported."""

from datetime import datetime, timedelta
from typing import Any

_CARRIERS = (("UPS", "1Z84X"), ("FedEx", "7712"), ("DHL", "JD0146"), ("USPS", "9400"))
_SENT = {"shipped", "delivered", "return_requested", "exchange_requested"}
_STUCK_EVERY = 4  # Every fourth parcel on its way has met trouble, so that late parcels can be shown.


def shipment(
    order_id: str, status: str, items: list[dict[str, Any]], placed: datetime, now: datetime, address: dict[str, Any]
) -> list[dict[str, Any]]:
    """The order's one parcel in the contract's shape, or none before dispatch."""
    if status not in _SENT:
        return []
    serial = int(order_id.rpartition("-")[2])
    carrier, prefix = _CARRIERS[serial % len(_CARRIERS)]
    delivered = status != "shipped"
    parcel_status, events = _story(serial, delivered, placed, address)
    return [
        {
            "tracking_id": f"{prefix}{serial * 7_919:010d}",
            "carrier": carrier,
            "status": parcel_status,
            "item_ids": [item["id"] for item in items],
            "events": [event for event in events if event["at"] < _text(now)],
        }
    ]


def _story(serial: int, delivered: bool, placed: datetime, address: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    events = [
        _event(placed + timedelta(hours=9), "label_created", "Shipping information received", "Columbus, OH, US"),
        _event(placed + timedelta(hours=20), "picked_up", "Picked up by the carrier", "Columbus, OH, US"),
        _event(placed + timedelta(hours=31), "in_transit", "Departed the sorting centre", "Louisville, KY, US"),
    ]
    place = f"{address['city']}, {address['country']}"
    if delivered:
        out = placed + timedelta(hours=70)
        events.append(_event(out, "out_for_delivery", "Out for delivery", place))
        events.append(_event(out + timedelta(hours=5), "delivered", "Left at the front door", place))
        return "delivered", events
    if serial % _STUCK_EVERY == 0:
        events.append(_event(placed + timedelta(hours=44), "exception", "Delayed: the address needs to be checked", place))
        return "exception", events
    events.append(_event(placed + timedelta(hours=44), "in_transit", "Arrived at the local depot", place))
    return "in_transit", events


def _event(at: datetime, status: str, text: str, location: str) -> dict[str, Any]:
    return {"at": _text(at), "status": status, "text": text, "location": location}


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
