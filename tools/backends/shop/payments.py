"""The rules of money on an order: posting movements, refunds, cancelling, and changing how an order is paid."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from tools.backends.shop.facts import Change, Facts, own_method, require, require_status
from tools.commerce import Customer, Order, OrderStatus, Payment, PaymentMethod, PaymentMethodId, RefundLeg
from tools.errors import BackendRefused, Code

CANCEL_REASONS = frozenset({"no_longer_needed", "ordered_by_mistake"})
REFUND_REASONS = frozenset({"damaged", "wrong_item", "late", "lost", "goodwill", "duplicate_charge", "not_as_described"})


class Movement(NamedTuple):
    """Money taken from a method or given back to it; `amount_minor` is positive."""

    kind: Literal["capture", "refund"]
    method_id: PaymentMethodId
    amount_minor: int


def post(facts: Facts, movements: Sequence[Movement]) -> tuple[Order, Customer]:
    """Write the movements on the order and on the customer's store credit; the only place where money moves."""
    order, customer = facts.order, facts.customer
    first = len(order.payments)
    added = tuple(
        Payment(id=f"{facts.reference}-{first + n}", at=facts.at, **movement._asdict())
        for n, movement in enumerate(movements, start=1)
    )
    methods = customer.payment_methods
    for movement in movements:
        methods = tuple(_credited(method, movement) for method in methods)
    return (
        order.model_copy(update={"payments": order.payments + added}),
        customer.model_copy(update={"payment_methods": methods}),
    )


def refund(facts: Facts, legs: Iterable[RefundLeg], reason: str, expected_refunded_minor: int) -> Change:
    """Give money back to the methods that paid, or to a store credit of the same customer."""
    order = facts.order
    require(reason in REFUND_REASONS, Code.VALIDATION, "The shop does not know this reason for a refund.")
    merged = _merged(legs)
    for leg in merged:
        _require_destination(facts, leg.method_id)
    same = order.refunded_minor == expected_refunded_minor
    require(same, Code.BAD_STATE, "The refunds on this order have changed since they were read.")
    total = sum(leg.amount_minor for leg in merged)
    for leg in merged:
        require_refundable(facts, leg.method_id, leg.amount_minor)
    require(total <= remaining_minor(order), Code.OVER_REFUND, "The order has less than that left to refund.")
    return _refunded(facts, merged)


def fail_refund(facts: Facts, reference: str, reason: str) -> Change:
    """The bank has sent back what one effect refunded, so those movements do not stand on the order any more."""
    order = facts.order
    returned = [p for p in order.payments if p.kind == "refund" and p.id.startswith(f"{reference}-")]
    require(bool(returned), Code.BAD_STATE, "No refund of this effect stands on the order.")
    credit = any(_is_own_store_credit(facts.customer, payment.method_id) for payment in returned)
    require(not credit, Code.BAD_STATE, "A store credit has its money at once, so it cannot come back.")
    standing = tuple(payment for payment in order.payments if payment not in returned)
    return Change(
        order=order.model_copy(update={"payments": standing}),
        back_minor=-sum(payment.amount_minor for payment in returned),
        data={"reason": reason, "refund": reference},
    )


def cancel(facts: Facts, reason: str) -> Change:
    """Cancel a pending order; what is still captured goes back to where it came from."""
    require(reason in CANCEL_REASONS, Code.VALIDATION, "The shop does not know this reason for a cancellation.")
    require_status(facts.order, OrderStatus.PENDING)
    change = _refunded(facts, _legs_of_everything_left(facts.order))
    marks = {"status": OrderStatus.CANCELLED, "cancel_reason": reason}
    return replace(change, order=(change.order or facts.order).model_copy(update=marks))


def change_payment(facts: Facts, method_id: PaymentMethodId) -> Change:
    """Charge a pending order to another of the customer's methods and give the first payment back."""
    order = facts.order
    require_status(order, OrderStatus.PENDING)
    once = len(order.payments) == 1 and order.payments[0].kind == "capture"
    require(once, Code.BAD_STATE, "Only an order with one payment can be charged to another method.")
    paid = order.payments[0]
    method = own_method(facts.customer, method_id)
    require(method.id != paid.method_id, Code.VALIDATION, "The order is paid with this method already.")
    after, customer = post(
        facts, (Movement("capture", method.id, paid.amount_minor), Movement("refund", paid.method_id, paid.amount_minor))
    )
    # The refund mirrors the new charge, so on balance no money goes back to the customer.
    return Change(order=after, customer=customer, data={"moved_minor": paid.amount_minor})


def remaining_minor(order: Order) -> int:
    """What may still go back to the customer, in minor units."""
    return max(0, order.captured_minor - order.refunded_minor)


def refundable_minor(facts: Facts, method_id: PaymentMethodId) -> int:
    """What may still go back to this one method: all that is left for store credit, else what the method paid."""
    left = remaining_minor(facts.order)
    if _is_own_store_credit(facts.customer, method_id):
        return left
    return min(left, _left_by_method(facts.order)[method_id])


def require_refundable(facts: Facts, method_id: PaymentMethodId, amount_minor: int) -> None:
    """Refuse money to a method that neither paid nor is the customer's store credit, or more than it may receive."""
    _require_destination(facts, method_id)
    enough = amount_minor <= refundable_minor(facts, method_id)
    require(enough, Code.OVER_REFUND, "That is more than may still go back to this payment method.")


def _require_destination(facts: Facts, method_id: PaymentMethodId) -> None:
    paid_with = {p.method_id for p in facts.order.payments if p.kind == "capture"}
    allowed = method_id in paid_with or _is_own_store_credit(facts.customer, method_id)
    require(allowed, Code.PAYMENT_METHOD_NOT_YOURS, "The order was not paid with this method.")


def _is_own_store_credit(customer: Customer, method_id: PaymentMethodId) -> bool:
    return any(m.id == method_id and m.kind == "store_credit" for m in customer.payment_methods)


def _left_by_method(order: Order) -> Counter[PaymentMethodId]:
    left: Counter[PaymentMethodId] = Counter()
    for payment in order.payments:
        left[payment.method_id] += payment.amount_minor if payment.kind == "capture" else -payment.amount_minor
    return left


def _legs_of_everything_left(order: Order) -> tuple[RefundLeg, ...]:
    """Spread what is left over the methods that paid, in order; a refund to store credit has lessened the last ones."""
    rest = remaining_minor(order)
    legs = []
    for method_id, left in _left_by_method(order).items():
        amount = min(rest, left)
        if amount > 0:
            legs.append(RefundLeg(method_id=method_id, amount_minor=amount))
            rest -= amount
    return tuple(legs)


def _refunded(facts: Facts, legs: tuple[RefundLeg, ...]) -> Change:
    after, customer = post(facts, [Movement("refund", leg.method_id, leg.amount_minor) for leg in legs])
    return Change(order=after, customer=customer, back_minor=sum(leg.amount_minor for leg in legs), legs=legs)


def _merged(legs: Iterable[RefundLeg]) -> tuple[RefundLeg, ...]:
    sums: dict[PaymentMethodId, int] = {}
    for leg in legs:
        require(leg.amount_minor > 0, Code.VALIDATION, "Each part of a refund must be above zero.")
        sums[leg.method_id] = sums.get(leg.method_id, 0) + leg.amount_minor
    require(bool(sums), Code.VALIDATION, "A refund needs at least one part.")
    return tuple(RefundLeg(method_id=method, amount_minor=amount) for method, amount in sums.items())


def _credited(method: PaymentMethod, movement: Movement) -> PaymentMethod:
    if method.id != movement.method_id or method.kind != "store_credit":
        return method
    delta = movement.amount_minor if movement.kind == "refund" else -movement.amount_minor
    balance = (method.balance_minor or 0) + delta
    if balance < 0:
        raise BackendRefused(Code.INSUFFICIENT_BALANCE, "The store credit does not cover the amount.")
    return method.model_copy(update={"balance_minor": balance})
