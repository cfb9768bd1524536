"""A backend around another one: every call passes through one hook for reads and one for effects."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from tools.commerce import (
    Address,
    Article,
    Capabilities,
    Commerce,
    Customer,
    CustomerId,
    Failure,
    ItemId,
    Job,
    Order,
    OrderId,
    PaymentMethodId,
    Product,
    Receipt,
    RefundLeg,
    Shipment,
)


class Passing(Commerce):
    """Hands every call to `_read` or `_effect`, with its arguments by name; the promises are those of `inner`."""

    def __init__(self, inner: Commerce) -> None:
        self._inner = inner

    @property
    def capabilities(self) -> Capabilities:
        """What the wrapped backend promises."""
        return self._inner.capabilities

    @abstractmethod
    async def _read(self, method: str, **arguments: Any) -> Any:
        """Answer a read."""

    @abstractmethod
    async def _effect(self, method: str, key: str, **arguments: Any) -> Any:
        """Perform an effect under its key."""

    async def get_order(self, order_id: OrderId) -> Order | None:
        """Read an order."""
        return await self._read("get_order", order_id=order_id)

    async def find_orders(self, customer_id: CustomerId, limit: int = 20) -> tuple[Order, ...]:
        """Read a customer's orders."""
        return await self._read("find_orders", customer_id=customer_id, limit=limit)

    async def get_customer(self, customer_id: CustomerId) -> Customer | None:
        """Read a customer."""
        return await self._read("get_customer", customer_id=customer_id)

    async def find_customer_by_email(self, email: str) -> Customer | None:
        """Read a customer by address."""
        return await self._read("find_customer_by_email", email=email)

    async def get_product(self, product_id: str) -> Product | None:
        """Read a product."""
        return await self._read("get_product", product_id=product_id)

    async def find_shipment(self, tracking_id: str) -> tuple[Order, Shipment] | None:
        """Read a parcel."""
        return await self._read("find_shipment", tracking_id=tracking_id)

    async def search_articles(self, query: str, limit: int = 3) -> tuple[Article, ...]:
        """Search the help articles."""
        return await self._read("search_articles", query=query, limit=limit)

    async def find_effect(self, key: str) -> Receipt | Job | Failure | None:
        """Look an effect up by its key."""
        return await self._read("find_effect", key=key)

    async def refund(
        self, order_id: OrderId, legs: Sequence[RefundLeg], reason: str, expected_refunded_minor: int, key: str
    ) -> Receipt | Job:
        """Send money back."""
        return await self._effect(
            "refund",
            key,
            order_id=order_id,
            legs=legs,
            reason=reason,
            expected_refunded_minor=expected_refunded_minor,
        )

    async def cancel_order(self, order_id: OrderId, reason: str, key: str) -> Receipt | Job:
        """Cancel an order."""
        return await self._effect("cancel_order", key, order_id=order_id, reason=reason)

    async def return_items(
        self, order_id: OrderId, item_ids: Sequence[ItemId], refund_to: PaymentMethodId, key: str
    ) -> Receipt | Job:
        """Ask for a return."""
        return await self._effect("return_items", key, order_id=order_id, item_ids=item_ids, refund_to=refund_to)

    async def exchange_items(
        self,
        order_id: OrderId,
        item_ids: Sequence[ItemId],
        new_item_ids: Sequence[str],
        payment_method_id: PaymentMethodId,
        expected_difference_minor: int,
        key: str,
    ) -> Receipt | Job:
        """Ask for an exchange."""
        return await self._effect(
            "exchange_items",
            key,
            order_id=order_id,
            item_ids=item_ids,
            new_item_ids=new_item_ids,
            payment_method_id=payment_method_id,
            expected_difference_minor=expected_difference_minor,
        )

    async def change_order_items(
        self,
        order_id: OrderId,
        item_ids: Sequence[ItemId],
        new_item_ids: Sequence[str],
        payment_method_id: PaymentMethodId,
        expected_difference_minor: int,
        key: str,
    ) -> Receipt | Job:
        """Change the items of an order."""
        return await self._effect(
            "change_order_items",
            key,
            order_id=order_id,
            item_ids=item_ids,
            new_item_ids=new_item_ids,
            payment_method_id=payment_method_id,
            expected_difference_minor=expected_difference_minor,
        )

    async def change_order_payment(self, order_id: OrderId, payment_method_id: PaymentMethodId, key: str) -> Receipt | Job:
        """Change how an order is paid."""
        return await self._effect("change_order_payment", key, order_id=order_id, payment_method_id=payment_method_id)

    async def change_order_address(self, order_id: OrderId, address: Address, key: str) -> Receipt | Job:
        """Change where an order goes."""
        return await self._effect("change_order_address", key, order_id=order_id, address=address)

    async def change_customer_address(self, customer_id: CustomerId, address: Address, key: str) -> Receipt | Job:
        """Change where a customer lives."""
        return await self._effect("change_customer_address", key, customer_id=customer_id, address=address)

    async def add_note(self, order_id: OrderId | None, customer_id: CustomerId, text: str, key: str) -> Receipt | Job:
        """Leave a note."""
        return await self._effect("add_note", key, order_id=order_id, customer_id=customer_id, text=text)
