"""What a rule of the shop is given, what it answers, and the refusals that every rule shares."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tools.commerce import Customer, Order, OrderStatus, PaymentMethod, PaymentMethodId, Product, RefundLeg
from tools.errors import BackendRefused, Code


@dataclass(frozen=True, slots=True)
class Facts:
    """The locked rows that an effect works on; `reference` and `at` (aware UTC) stamp what it writes."""

    customer: Customer
    reference: str
    at: datetime
    order_or_none: Order | None = None
    products: Mapping[str, Product] = field(default_factory=dict)

    @property
    def order(self) -> Order:
        """The order of an effect on an order."""
        if self.order_or_none is None:
            raise LookupError("This effect has no order.")
        return self.order_or_none


@dataclass(frozen=True, slots=True)
class Change:
    """The rows as they stand after an effect; None leaves a row alone.

    `back_minor` is the money that goes back to the customer, now or later; `legs` is the part that moved already.
    """

    order: Order | None = None
    customer: Customer | None = None
    back_minor: int = 0
    legs: tuple[RefundLeg, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)


def require(condition: bool, code: Code, detail: str) -> None:
    """Refuse with `code` unless the condition holds."""
    if not condition:
        raise BackendRefused(code, detail)


def require_status(order: Order, status: OrderStatus) -> None:
    """Refuse unless the order stands exactly at `status`."""
    require(order.status is status, Code.BAD_STATE, f"The order is {order.status.value}, and this needs {status.value}.")


def own_method(customer: Customer, method_id: PaymentMethodId) -> PaymentMethod:
    """The customer's payment method with this id; refused when the customer has none such."""
    for method in customer.payment_methods:
        if method.id == method_id:
            return method
    raise BackendRefused(Code.PAYMENT_METHOD_NOT_YOURS, "The customer has no such payment method.")


def require_balance(method: PaymentMethod, amount_minor: int) -> None:
    """Refuse when a store credit does not cover the amount; other methods are the payment provider's matter."""
    if method.kind == "store_credit":
        covered = (method.balance_minor or 0) >= amount_minor
        require(covered, Code.INSUFFICIENT_BALANCE, "The store credit does not cover the amount.")
