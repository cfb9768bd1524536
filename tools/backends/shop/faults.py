"""A backend that misbehaves on order: a wrapper that delays, fails, answers rubbish and forgets, call by call."""

import itertools
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tools.commerce import (
    Address,
    Article,
    Capabilities,
    Commerce,
    Customer,
    CustomerId,
    ItemId,
    Order,
    OrderId,
    PaymentMethodId,
    Product,
    Receipt,
    RefundLeg,
    Shipment,
)
from tools.errors import BackendUnavailable, OutcomeUnknown


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong in one call.

    `unreachable`: the adapter knows that the call never left. `lost_request`: no answer, and nothing happened.
    `lost_answer`: it happened, and the answer was cut off. `rubbish`: it happened, and the answer cannot be read.
    `none`: nothing goes wrong. `before` and `after` are awaited around the effect (a delay, an event to wait for, a
    process to kill); `distort` changes a readable answer into a wrong one.
    """

    kind: Literal["none", "unreachable", "lost_request", "lost_answer", "rubbish"] = "none"
    before: Callable[[], Awaitable[object]] | None = None
    after: Callable[[], Awaitable[object]] | None = None
    distort: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One call that reached the wrapper, with its arguments by name."""

    method: str
    arguments: dict[str, Any]


class Faulty(Commerce):
    """Passes every call to `inner` unless a fault is scripted for it; raises what a remote adapter would raise.

    With `forgets_keys` each effect reaches `inner` under a key of its own and no effect is ever found by its key.
    `capabilities` replaces what `inner` promises, for a backend that promises more than it holds.
    """

    def __init__(self, inner: Commerce, forgets_keys: bool = False, capabilities: Capabilities | None = None) -> None:
        self._inner = inner
        self._forgets_keys = forgets_keys
        self._capabilities = capabilities
        self._scripts: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._serial = itertools.count(1)
        self.calls: list[Call] = []

    def script(self, method: str, *faults: Fault) -> None:
        """Let the next calls of `method` go wrong, one fault each, in this order; later calls are well again."""
        self._scripts[method].extend(faults)

    @property
    def capabilities(self) -> Capabilities:
        """What the wrapped backend promises, as far as this wrapper lets it hold."""
        if self._capabilities is not None:
            return self._capabilities
        promised = self._inner.capabilities
        return promised.model_copy(update={"honours_keys": False}) if self._forgets_keys else promised

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

    async def find_shipment(self, tracking_id: str) -> tuple[OrderId, Shipment] | None:
        """Read a parcel."""
        return await self._read("find_shipment", tracking_id=tracking_id)

    async def search_articles(self, query: str, limit: int = 3) -> tuple[Article, ...]:
        """Search the help articles."""
        return await self._read("search_articles", query=query, limit=limit)

    async def find_effect(self, key: str) -> Receipt | None:
        """Look an effect up by its key; a backend that forgets keys finds none."""
        found = await self._read("find_effect", key=key)
        return None if self._forgets_keys else found

    async def refund(
        self, order_id: OrderId, legs: Sequence[RefundLeg], reason: str, expected_refunded_minor: int, key: str
    ) -> Receipt:
        """Send money back."""
        return await self._effect(
            "refund",
            key,
            order_id=order_id,
            legs=legs,
            reason=reason,
            expected_refunded_minor=expected_refunded_minor,
        )

    async def cancel_order(self, order_id: OrderId, reason: str, key: str) -> Receipt:
        """Cancel an order."""
        return await self._effect("cancel_order", key, order_id=order_id, reason=reason)

    async def return_items(
        self, order_id: OrderId, item_ids: Sequence[ItemId], refund_to: PaymentMethodId, key: str
    ) -> Receipt:
        """Ask for a return."""
        return await self._effect("return_items", key, order_id=order_id, item_ids=item_ids, refund_to=refund_to)

    async def exchange_items(
        self,
        order_id: OrderId,
        item_ids: Sequence[ItemId],
        new_item_ids: Sequence[str],
        payment_method_id: PaymentMethodId,
        key: str,
    ) -> Receipt:
        """Ask for an exchange."""
        return await self._effect(
            "exchange_items",
            key,
            order_id=order_id,
            item_ids=item_ids,
            new_item_ids=new_item_ids,
            payment_method_id=payment_method_id,
        )

    async def change_order_items(
        self,
        order_id: OrderId,
        item_ids: Sequence[ItemId],
        new_item_ids: Sequence[str],
        payment_method_id: PaymentMethodId,
        key: str,
    ) -> Receipt:
        """Change the items of an order."""
        return await self._effect(
            "change_order_items",
            key,
            order_id=order_id,
            item_ids=item_ids,
            new_item_ids=new_item_ids,
            payment_method_id=payment_method_id,
        )

    async def change_order_payment(self, order_id: OrderId, payment_method_id: PaymentMethodId, key: str) -> Receipt:
        """Change how an order is paid."""
        return await self._effect("change_order_payment", key, order_id=order_id, payment_method_id=payment_method_id)

    async def change_order_address(self, order_id: OrderId, address: Address, key: str) -> Receipt:
        """Change where an order goes."""
        return await self._effect("change_order_address", key, order_id=order_id, address=address)

    async def change_customer_address(self, customer_id: CustomerId, address: Address, key: str) -> Receipt:
        """Change where a customer lives."""
        return await self._effect("change_customer_address", key, customer_id=customer_id, address=address)

    async def add_note(self, order_id: OrderId | None, customer_id: CustomerId, text: str, key: str) -> Receipt:
        """Leave a note."""
        return await self._effect("add_note", key, order_id=order_id, customer_id=customer_id, text=text)

    async def _read(self, method: str, **arguments: Any) -> Any:
        """A read changes nothing, so any fault of it is plain unavailability."""
        self.calls.append(Call(method, arguments))
        fault = self._next(method)
        await _wait(fault.before)
        if fault.kind != "none":
            raise BackendUnavailable
        answer = await getattr(self._inner, method)(**arguments)
        await _wait(fault.after)
        return fault.distort(answer) if fault.distort else answer

    async def _effect(self, method: str, key: str, **arguments: Any) -> Any:
        self.calls.append(Call(method, {**arguments, "key": key}))
        fault = self._next(method)
        await _wait(fault.before)
        if fault.kind == "unreachable":
            raise BackendUnavailable
        if fault.kind == "lost_request":
            raise OutcomeUnknown
        sent_key = f"{key}.{next(self._serial)}" if self._forgets_keys else key
        answer = await getattr(self._inner, method)(key=sent_key, **arguments)
        await _wait(fault.after)
        if fault.kind == "lost_answer":
            raise OutcomeUnknown
        if fault.kind == "rubbish":
            raise OutcomeUnknown("The shop's answer could not be read.")
        return fault.distort(answer) if fault.distort else answer

    def _next(self, method: str) -> Fault:
        script = self._scripts[method]
        return script.popleft() if script else Fault()


async def _wait(hook: Callable[[], Awaitable[object]] | None) -> None:
    if hook is not None:
        await hook()
