"""The flow that says where an order is."""

import re
from collections.abc import Mapping, Sequence

from tools.commerce import Order, OrderStatus, Shipment, ShipmentEvent
from tools.ports import Json
from workflows.conversation import Moment
from workflows.outcome import Outcome
from workflows.reporting import ReportingConversation
from workflows.wording import date_text, short_text

_UNDER_WAY = frozenset({OrderStatus.PENDING, OrderStatus.ITEMS_MODIFIED, OrderStatus.PROCESSED, OrderStatus.SHIPPED})
_OVER = frozenset({"delivered", "returned"})
"""What a carrier says of a parcel whose way to the customer has ended."""

_PARCEL_WORDS = {
    "label_created": "the label is printed",
    "in_transit": "in transit",
    "out_for_delivery": "out for delivery",
    "available_for_pickup": "ready to be picked up",
    "delivered": "delivered",
    "delayed": "delayed",
    "exception": "held up at the carrier",
    "returned": "going back to the sender",
}
# A carrier writes its own texts, and only what can be the name of a place is passed on.
_PLACE = re.compile(r"[^\W\d_][^\W\d_ ,.'’-]*(?:[ ,.'’-]{1,2}[^\W\d_]+){0,4}")


class OrderStatusFlow(ReportingConversation):
    """Finds the order, looks at its parcels and reports."""

    name = "order_status"

    async def work(self, moment: Moment) -> Outcome:
        """Report on the orders that the text names, or on the one that is under way."""
        moment, orders = await self.the_orders(moment, "know about", lambda order: order.status in _UNDER_WAY)
        return await self.answer(moment, orders)

    async def report(self, moment: Moment, order: Order) -> Mapping[str, Json]:
        """How an order stands, and each of its parcels."""
        shipments = [await self._track(moment, shipment) for shipment in order.shipments]
        arrived = [event.at for shipment in shipments for event in shipment.events if event.status == "delivered" and event.at]
        return {
            "order_id": order.id,
            "status": _headline(order, shipments),
            "what": short_text(order),
            "delivered_on": date_text(max(arrived)) if arrived else None,
            "parcels": [_parcel(shipment) for shipment in shipments] if order.status in _UNDER_WAY else [],
        }

    async def _track(self, moment: Moment, shipment: Shipment) -> Shipment:
        """The parcel as its carrier sees it now, or as the order has it when it has arrived or the carrier cannot be asked."""
        if shipment.status == "delivered":
            return shipment
        tracking_id = shipment.tracking_id
        result = await moment.run.call("track_shipment", {"tracking_id": tracking_id}, step=f"track:{tracking_id}")
        return Shipment.model_validate(result.data["shipment"]) if result.ok else shipment


def _headline(order: Order, shipments: Sequence[Shipment]) -> str:
    """How the order stands: as its carriers say when they agree that nothing is on its way any more, else as the shop says."""
    seen = {shipment.status for shipment in shipments}
    over = order.status is OrderStatus.SHIPPED and len(seen) == 1 and seen <= _OVER
    return seen.pop() if over else order.status.value


def _parcel(shipment: Shipment) -> Mapping[str, Json]:
    dated = [event for event in shipment.events if event.at is not None]
    last = max(dated, key=lambda event: str(event.at)) if dated else None
    return {
        "carrier": shipment.carrier,
        "tracking_id": shipment.tracking_id,
        "status": _PARCEL_WORDS.get(shipment.status),
        "seen": _seen(last) if last else None,
    }


def _seen(event: ShipmentEvent) -> str:
    """When and where the carrier last saw the parcel."""
    place = event.location if event.location and _PLACE.fullmatch(event.location) else None
    return ", ".join(part for part in (date_text(event.at) if event.at else None, place) if part)
