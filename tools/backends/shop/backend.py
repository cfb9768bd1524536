"""The embedded shop: a commerce engine with its own database that behaves like a remote one."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy.ext.asyncio import AsyncEngine

from tools.backends.shop import addresses, goods, payments
from tools.backends.shop.effects import Effect, Effects
from tools.backends.shop.facts import Change, Facts
from tools.backends.shop.goods import ReturnsPay
from tools.backends.shop.reads import Reads
from tools.backends.shop.schema import ARRIVAL_OF, FAILURE_OF, REFUND_FAILED
from tools.commerce import (
    Address,
    Capabilities,
    Commerce,
    CustomerId,
    ItemId,
    OrderId,
    PaymentMethodId,
    Receipt,
    RefundLeg,
)
from tools.errors import BackendRefused, Code

_CAPABILITIES = Capabilities(honours_keys=True)


class Shop(Reads, Commerce):
    """One shop (tenant) in the database of `engine`, which `open_engine` made.

    `clock` gives aware UTC. `returns_pay` says whether the money of a return moves at the request or when the goods
    arrive. A receipt's `amount_minor` is the money that goes back to the customer; its `legs` are the part that moved.
    """

    def __init__(
        self, engine: AsyncEngine, shop: str, clock: Callable[[], datetime], returns_pay: ReturnsPay = "on_arrival"
    ) -> None:
        super().__init__(engine, shop)
        self._effects = Effects(engine, shop, clock)
        self._returns_pay: ReturnsPay = returns_pay

    @property
    def capabilities(self) -> Capabilities:
        """The embedded shop honours keys, refunds in part and on cancelling, and changes an address in one call."""
        return _CAPABILITIES

    async def refund(
        self, order_id: OrderId, legs: Sequence[RefundLeg], reason: str, expected_refunded_minor: int, key: str
    ) -> Receipt:
        """Send money back to the methods that paid, or to a store credit of the same customer."""
        request = {"order_id": order_id, "legs": [leg.model_dump() for leg in legs], "reason": reason}
        rule = partial(payments.refund, legs=tuple(legs), reason=reason, expected_refunded_minor=expected_refunded_minor)
        return await self._effects.perform(Effect("refund", key, request, rule, order_id))

    async def cancel_order(self, order_id: OrderId, reason: str, key: str) -> Receipt:
        """Cancel a pending order; what is still captured goes back to where it came from."""
        request = {"order_id": order_id, "reason": reason}
        rule = partial(payments.cancel, reason=reason)
        return await self._effects.perform(Effect("cancel_order", key, request, rule, order_id))

    async def return_items(
        self, order_id: OrderId, item_ids: Sequence[ItemId], refund_to: PaymentMethodId, key: str
    ) -> Receipt:
        """Accept the return of delivered lines, once per order."""
        request = {"order_id": order_id, "item_ids": list(item_ids), "refund_to": refund_to}
        rule = partial(goods.return_items, item_ids=tuple(item_ids), refund_to=refund_to, pay=self._returns_pay)
        return await self._effects.perform(Effect("return_items", key, request, rule, order_id))

    async def exchange_items(
        self,
        order_id: OrderId,
        item_ids: Sequence[ItemId],
        new_item_ids: Sequence[str],
        payment_method_id: PaymentMethodId,
        expected_difference_minor: int,
        key: str,
    ) -> Receipt:
        """Accept the exchange of delivered lines for other variants, once per order."""
        rule = partial(
            goods.exchange_items,
            item_ids=tuple(item_ids),
            new_item_ids=tuple(new_item_ids),
            method_id=payment_method_id,
            expected_difference_minor=expected_difference_minor,
        )
        return await self._swap("exchange_items", order_id, item_ids, new_item_ids, payment_method_id, key, rule)

    async def change_order_items(
        self,
        order_id: OrderId,
        item_ids: Sequence[ItemId],
        new_item_ids: Sequence[str],
        payment_method_id: PaymentMethodId,
        expected_difference_minor: int,
        key: str,
    ) -> Receipt:
        """Put other variants into a pending order, once, and settle the difference at once."""
        rule = partial(
            goods.change_items,
            item_ids=tuple(item_ids),
            new_item_ids=tuple(new_item_ids),
            method_id=payment_method_id,
            expected_difference_minor=expected_difference_minor,
        )
        return await self._swap("change_order_items", order_id, item_ids, new_item_ids, payment_method_id, key, rule)

    async def change_order_payment(self, order_id: OrderId, payment_method_id: PaymentMethodId, key: str) -> Receipt:
        """Charge a pending order to another of the customer's methods and give the first payment back."""
        request = {"order_id": order_id, "payment_method_id": payment_method_id}
        rule = partial(payments.change_payment, method_id=payment_method_id)
        return await self._effects.perform(Effect("change_order_payment", key, request, rule, order_id))

    async def change_order_address(self, order_id: OrderId, address: Address, key: str) -> Receipt:
        """Send a pending order elsewhere."""
        request = {"order_id": order_id, "address": address.model_dump()}
        rule = partial(addresses.change_order_address, address=address)
        return await self._effects.perform(Effect("change_order_address", key, request, rule, order_id))

    async def change_customer_address(self, customer_id: CustomerId, address: Address, key: str) -> Receipt:
        """Change the address on the customer's account; orders keep theirs."""
        request = {"customer_id": customer_id, "address": address.model_dump()}
        rule = partial(addresses.change_customer_address, address=address)
        return await self._effects.perform(Effect("change_customer_address", key, request, rule, customer_id=customer_id))

    async def add_note(self, order_id: OrderId | None, customer_id: CustomerId, text: str, key: str) -> Receipt:
        """Keep an internal note in the books, on the customer or on one of the customer's orders."""
        request = {"order_id": order_id, "customer_id": customer_id, "text": text}
        return await self._effects.perform(
            Effect("add_note", key, request, _leave_everything, order_id, customer_id=customer_id)
        )

    async def settle_arrival(self, order_id: OrderId) -> Receipt:
        """The warehouse's own call: the goods of a return or exchange have arrived, so their money moves, once."""
        rule = partial(goods.settle_arrival, pay=self._returns_pay)
        return await self._effects.perform(
            Effect("settle_arrival", ARRIVAL_OF + order_id, {"order_id": order_id}, rule, order_id)
        )

    async def fail_refund(self, key: str, reason: str) -> Receipt:
        """The bank's own call: the money that the effect with this key sent back has come back to the shop, once."""
        order_id, last = await self._order_of(key), await self.find_effect(key)
        if order_id is None or last is None:
            raise BackendRefused(Code.NOT_FOUND, "The shop has no such refund.")
        reference = last.reference if isinstance(last, Receipt) else ""
        rule = partial(payments.fail_refund, reference=reference, reason=reason)
        return await self._effects.perform(Effect(REFUND_FAILED, FAILURE_OF + key, {"key": key}, rule, order_id))

    async def _swap(
        self,
        kind: str,
        order_id: OrderId,
        item_ids: Sequence[ItemId],
        new_item_ids: Sequence[str],
        payment_method_id: PaymentMethodId,
        key: str,
        rule: Callable[[Facts], Change],
    ) -> Receipt:
        request = {
            "order_id": order_id,
            "item_ids": list(item_ids),
            "new_item_ids": list(new_item_ids),
            "payment_method_id": payment_method_id,
        }
        return await self._effects.perform(Effect(kind, key, request, rule, order_id, needs_products=True))


def _leave_everything(_facts: Facts) -> Change:
    return Change()
