"""The customer and their orders as the merchant's system tells them, for the panel beside a ticket."""

from dataclasses import dataclass

from service.store.story import Story
from tools.commerce import Commerce, Customer, CustomerId, Order
from tools.errors import ToolError
from tools.money import Money

ORDERS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class ShopView:
    """What the panel shows; `away` when the merchant's system does not answer."""

    customer: Customer | None = None
    orders: tuple[Order, ...] = ()
    away: bool = False
    mentioned: frozenset[str] = frozenset()

    def paid(self, order: Order) -> Money:
        """What the customer has paid for an order."""
        return Money(order.captured_minor, order.currency)

    def refunded(self, order: Order) -> Money:
        """What has gone back on an order, by the merchant's own books."""
        return Money(order.refunded_minor, order.currency)

    def price(self, order: Order, minor: int) -> Money:
        """A line's price."""
        return Money(minor, order.currency)


async def read_shop(commerce: Commerce, story: Story) -> ShopView:
    """Ask the merchant's system about the ticket's customer; nothing is asked for a sender whom nobody vouches for."""
    if story.head.shop_customer is None:
        return ShopView()
    customer_id = CustomerId(story.head.shop_customer)
    try:
        customer = await commerce.get_customer(customer_id)
        orders = await commerce.find_orders(customer_id, ORDERS_SHOWN) if customer else ()
    except (ToolError, TimeoutError):
        return ShopView(away=True)
    text = " ".join(said.text for said in story.said)
    touched = {called.order_id for called in story.called}
    mentioned = frozenset(order.id for order in orders if order.id in touched or order.id in text)
    # The orders that the ticket is about come first; the rest stays newest first.
    return ShopView(customer, tuple(sorted(orders, key=lambda order: order.id not in mentioned)), mentioned=mentioned)
