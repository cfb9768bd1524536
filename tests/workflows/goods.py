"""Orders to talk about, built in a line."""

from datetime import UTC, datetime
from typing import Literal

from tools.commerce import (
    Address,
    CustomerId,
    ItemId,
    Order,
    OrderId,
    OrderItem,
    OrderStatus,
    Payment,
    PaymentMethodId,
    ReturnRequest,
    Shipment,
    ShipmentEvent,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ADA = CustomerId("cus_ada")
BOB = CustomerId("cus_bob")
HOME = Address(name="Ada Lovelace", line1="12 Elm Street", city="Springfield", region="IL", postal_code="62704", country="US")
VISA = PaymentMethodId("pm_visa")


def an_order(
    order_id: str,
    *items: str,
    status: OrderStatus | str = OrderStatus.PENDING,
    price: int = 2500,
    customer: CustomerId = ADA,
    refunded: int = 0,
    parcel: str | None = None,
    returned: bool = False,
    placed: datetime = datetime(2026, 11, 1, tzinfo=UTC),
) -> Order:
    """An order of these items, each at `price` minor units, paid by Visa in full."""
    lines = tuple(
        OrderItem(id=ItemId(f"{order_id}-{n}"), variant_id=f"v-{name}", product_id=f"p-{name}", name=name, price_minor=price)
        for n, name in enumerate(items, 1)
    )
    payments = [_payment(f"pay-{order_id}", price * len(lines), "capture")]
    if refunded:
        payments.append(_payment(f"back-{order_id}", refunded, "refund"))
    back = ReturnRequest(item_ids=tuple(line.id for line in lines), refund_to=VISA) if returned else None
    order = Order(
        id=OrderId(order_id),
        customer_id=customer,
        status=OrderStatus(status),
        placed_at=placed,
        address=HOME,
        items=lines,
        payments=tuple(payments),
        shipments=(a_parcel(parcel),) if parcel else (),
        currency="USD",
    )
    return order.model_copy(update={"return_": back})


def a_parcel(status: str, location: str = "Chicago") -> Shipment:
    """A parcel that the carrier saw yesterday."""
    seen = ShipmentEvent(at=datetime(2026, 11, 19, 8, tzinfo=UTC), status=status, text="scanned", location=location)
    return Shipment(tracking_id="TRK1", carrier="UPS", status=status, events=(seen,))


def _payment(payment_id: str, amount: int, kind: Literal["capture", "refund"]) -> Payment:
    return Payment(id=payment_id, method_id=VISA, amount_minor=amount, kind=kind, at=datetime(2026, 11, 2, tzinfo=UTC))
