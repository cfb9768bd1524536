"""The arithmetic of money that goes back: what each method paid, how a refund is spread over them, and where it ends up."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from tools.commerce import Customer, Order, PaymentMethod, PaymentMethodId
from tools.money import Money
from tools.ports import Json, MoneyLeg
from tools.scope import method_text

NOTHING: Mapping[str, int] = MappingProxyType({})
"""Promised to no method."""


def paid_by_method(order: Order) -> dict[PaymentMethodId, int]:
    """What each method has paid and not had back, in minor units, in the order in which they first paid."""
    left: dict[PaymentMethodId, int] = {}
    for payment in order.payments:
        sign = 1 if payment.kind == "capture" else -1
        left[payment.method_id] = left.get(payment.method_id, 0) + sign * payment.amount_minor
    return left


def allocate(
    order: Order, customer: Customer, amount_minor: int, promised: Mapping[str, int] = NOTHING
) -> tuple[MoneyLeg, ...]:
    """Spread an amount over the methods that paid, first the first; the legs sum to less when the order has less left.

    What is `promised` to each method is spoken for.
    """
    rest = min(amount_minor, max(0, order.captured_minor - order.refunded_minor - sum(promised.values())))
    legs: list[MoneyLeg] = []
    for method_id, left in paid_by_method(order).items():
        part = min(rest, left - promised.get(method_id, 0))
        if part > 0:
            legs.append(leg_to(customer, method_id, part))
            rest -= part
    return tuple(legs)


def leg_to(customer: Customer, method_id: str, amount_minor: int) -> MoneyLeg:
    """A leg to one method, with the fingerprint that follows the card across customers."""
    method = method_of(customer, method_id)
    return MoneyLeg(method_id, amount_minor, method.fingerprint if method else None)


def method_of(customer: Customer, method_id: str) -> PaymentMethod | None:
    """The customer's method with this id; None when the customer has removed it since."""
    return next((method for method in customer.payment_methods if method.id == method_id), None)


def destination_of(order: Order, customer: Customer, legs: Iterable[MoneyLeg]) -> str:
    """Whose purse the money reaches: the widest of `none`, `original`, `store_credit`, `own` and `stranger` over all legs."""
    widest = 0
    kinds = ("none", "original", "store_credit", "own", "stranger")
    paid = {payment.method_id for payment in order.payments if payment.kind == "capture"}
    for leg in legs:
        method = method_of(customer, leg.method_id)
        if leg.method_id in paid:
            kind = "original"
        elif method is None:
            kind = "stranger"
        else:
            kind = "store_credit" if method.kind == "store_credit" else "own"
        widest = max(widest, kinds.index(kind))
    return kinds[widest]


def destination_text(customer: Customer, legs: Iterable[MoneyLeg]) -> str:
    """Where the money goes, in words, each purse once."""
    return " and ".join(dict.fromkeys(method_text(method_of(customer, leg.method_id)) for leg in legs))


def money_facts(
    order: Order,
    customer: Customer,
    money: Money | None,
    legs: Iterable[MoneyLeg],
    promised: Mapping[str, int] = NOTHING,
) -> dict[str, Json]:
    """The facts of a money action that the customer and an approver are shown, and that an approval's digest covers."""
    owed = sum(promised.values())
    return {
        "order_id": order.id,
        "order_status": order.status.value,
        "captured": Money(order.captured_minor, order.currency).as_json(),
        "refunded": Money(order.refunded_minor, order.currency).as_json(),
        **({"promised": Money(owed, order.currency).as_json()} if owed else {}),
        "amount": money.as_json() if money else None,
        "destination": destination_text(customer, legs),
    }
