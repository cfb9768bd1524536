"""The customer and their orders as the merchant's system tells them, for the panel beside a ticket."""

import asyncio
from dataclasses import dataclass, replace

from service.store.story import Story
from tools.commerce import Commerce, Customer, CustomerId, Order, OrderId, Product
from tools.errors import ToolError
from tools.execution import UNREADABLE
from tools.money import Money

ORDERS_SHOWN = 10

READ_SECONDS = 10.0
"""How long the merchant's system may take for all that a page shows of it."""


@dataclass(frozen=True, slots=True)
class ShopView:
    """What the panel shows; `away` when the merchant's system does not answer. `products` are those of the order asked for."""

    customer: Customer | None = None
    orders: tuple[Order, ...] = ()
    away: bool = False
    mentioned: frozenset[str] = frozenset()
    products: tuple[Product, ...] = ()

    def order(self, order_id: str) -> Order | None:
        """The customer's order with this id."""
        return next((order for order in self.orders if order.id == order_id), None)

    def paid(self, order: Order) -> Money:
        """What the customer has paid for an order."""
        return Money(order.captured_minor, order.currency)

    def refunded(self, order: Order) -> Money:
        """What has gone back on an order, by the merchant's own books."""
        return Money(order.refunded_minor, order.currency)

    def price(self, order: Order, minor: int) -> Money:
        """A line's price."""
        return Money(minor, order.currency)


async def read_shop(commerce: Commerce, story: Story, asked: str = "", *, products: bool = False) -> ShopView:
    """Ask the merchant's system about the ticket's customer; nothing is asked for a sender whom nobody vouches for.

    Their newest orders are shown, those that the ticket is about, and the one that is `asked` for, with its `products` if they
    are wanted.
    """
    if story.head.shop_customer is None:
        return ShopView()
    try:
        async with asyncio.timeout(READ_SECONDS):
            shop = await _read(commerce, CustomerId(story.head.shop_customer), story, asked)
            return replace(shop, products=await _products(commerce, shop.order(asked))) if products else shop
    except (ToolError, TimeoutError, *UNREADABLE):
        return ShopView(away=True)


async def _read(commerce: Commerce, customer_id: CustomerId, story: Story, asked: str) -> ShopView:
    customer = await commerce.get_customer(customer_id)
    if customer is None:
        return ShopView()
    newest = await commerce.find_orders(customer_id, ORDERS_SHOWN)
    touched = {called.order_id for called in story.called} | {story.head.slots.get("order_id")}
    named = {one for one in touched | {asked} if one} - {order.id for order in newest}
    older = await asyncio.gather(*(commerce.get_order(OrderId(one)) for one in sorted(named)))
    orders = [*newest, *(order for order in older if order and order.customer_id == customer_id)]
    text = " ".join(said.text for said in story.said)
    mentioned = frozenset(order.id for order in orders if order.id in touched or order.id in text)
    # The one asked for comes first, then those that the ticket is about; the rest stays newest first.
    first = tuple(sorted(orders, key=lambda order: (order.id != asked, order.id not in mentioned)))
    return ShopView(customer, first, mentioned=mentioned)


async def _products(commerce: Commerce, order: Order | None) -> tuple[Product, ...]:
    ids = sorted({line.product_id for line in order.items}) if order else []
    found = await asyncio.gather(*(commerce.get_product(one) for one in ids))
    return tuple(product for product in found if product)
