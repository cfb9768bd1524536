"""The rules of goods: returns, exchanges, other variants in a pending order, and the money of goods that arrived."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from tools.backends.shop.facts import Change, Facts, own_method, require, require_balance, require_status
from tools.backends.shop.payments import (
    Movement,
    post,
    refundable_minor,
    remaining_minor,
    require_refundable,
)
from tools.commerce import (
    ExchangeRequest,
    ItemId,
    Order,
    OrderItem,
    OrderStatus,
    PaymentMethodId,
    Product,
    RefundLeg,
    ReturnRequest,
    Variant,
)
from tools.errors import BackendRefused, Code

ReturnsPay = Literal["at_request", "on_arrival"]


class Swap(NamedTuple):
    """A line of the order, by its place, and the variant that takes its place."""

    place: int
    variant: Variant


def return_items(facts: Facts, item_ids: Sequence[ItemId], refund_to: PaymentMethodId, pay: ReturnsPay) -> Change:
    """Accept a return of delivered lines; their price goes to `refund_to` now, or when the goods arrive."""
    order = facts.order
    require_status(order, OrderStatus.DELIVERED)
    value = sum(order.items[place].price_minor for place in _places(order, item_ids))
    require_refundable(facts, refund_to, value)
    legs = _leg(refund_to, value) if pay == "at_request" else ()
    after, customer = post(facts, [Movement("refund", leg.method_id, leg.amount_minor) for leg in legs])
    request = ReturnRequest(item_ids=tuple(item_ids), refund_to=refund_to)
    after = after.model_copy(update={"status": OrderStatus.RETURN_REQUESTED, "return_": request})
    return Change(order=after, customer=customer, back_minor=value, legs=legs, data={"money": pay})


def exchange_items(
    facts: Facts,
    item_ids: Sequence[ItemId],
    new_item_ids: Sequence[str],
    method_id: PaymentMethodId,
    expected_difference_minor: int,
) -> Change:
    """Accept an exchange of delivered lines; the difference is recorded, and settled when the goods arrive."""
    order = facts.order
    require_status(order, OrderStatus.DELIVERED)
    difference = _difference(order, _swaps(facts, item_ids, new_item_ids))
    _require_settleable(facts, method_id, difference, expected_difference_minor)
    request = ExchangeRequest(
        item_ids=tuple(item_ids),
        new_item_ids=tuple(new_item_ids),
        payment_method_id=method_id,
        difference_minor=difference,
    )
    after = order.model_copy(update={"status": OrderStatus.EXCHANGE_REQUESTED, "exchange": request})
    return Change(order=after, back_minor=max(0, -difference), data={"difference_minor": difference})


def change_items(
    facts: Facts,
    item_ids: Sequence[ItemId],
    new_item_ids: Sequence[str],
    method_id: PaymentMethodId,
    expected_difference_minor: int,
) -> Change:
    """Put other variants into a pending order and settle the difference at once; each line keeps its id."""
    order = facts.order
    require_status(order, OrderStatus.PENDING)
    swaps = _swaps(facts, item_ids, new_item_ids)
    difference = _difference(order, swaps)
    _require_settleable(facts, method_id, difference, expected_difference_minor)
    after, customer = post(facts, _movements(method_id, difference))
    new_lines = {swap.place: _swapped(order.items[swap.place], swap.variant) for swap in swaps}
    lines = tuple(new_lines.get(place, line) for place, line in enumerate(order.items))
    return Change(
        order=after.model_copy(update={"items": lines, "status": OrderStatus.ITEMS_MODIFIED}),
        customer=customer,
        back_minor=max(0, -difference),
        legs=_leg(method_id, -difference),
        data={"difference_minor": difference},
    )


def settle_arrival(facts: Facts, pay: ReturnsPay) -> Change:
    """Move the money of a return or an exchange whose goods have arrived; never more than may still go back."""
    order = facts.order
    if order.status is OrderStatus.RETURN_REQUESTED and order.return_ is not None and pay == "on_arrival":
        places = _places(order, order.return_.item_ids)
        method_id, owed = order.return_.refund_to, sum(order.items[place].price_minor for place in places)
    elif order.status is OrderStatus.EXCHANGE_REQUESTED and order.exchange is not None:
        method_id, owed = order.exchange.payment_method_id, -order.exchange.difference_minor
    else:
        raise BackendRefused(Code.BAD_STATE, "No money waits for goods of this order.")
    # Refunds that were made since the request lessen what may still go back.
    limit = refundable_minor(facts, method_id) if order.return_ else remaining_minor(order)
    owed = min(owed, max(0, limit))
    after, customer = post(facts, _movements(method_id, -owed))
    return Change(order=after, customer=customer, back_minor=max(0, owed), legs=_leg(method_id, owed))


def _places(order: Order, item_ids: Sequence[ItemId]) -> list[int]:
    """The places of the wanted lines, one for each wanted id, no place twice."""
    require(bool(item_ids), Code.VALIDATION, "Name at least one item.")
    places: list[int] = []
    for item_id in item_ids:
        all_places = [place for place, line in enumerate(order.items) if line.id == item_id]
        require(bool(all_places), Code.NOT_FOUND, "The order has no such item.")
        free = [place for place in all_places if place not in places]
        require(bool(free), Code.VALIDATION, "An item is named more often than it was ordered.")
        places.append(free[0])
    return places


def _swaps(facts: Facts, item_ids: Sequence[ItemId], new_item_ids: Sequence[str]) -> list[Swap]:
    require(len(item_ids) == len(new_item_ids), Code.VALIDATION, "Name one new item for each old one.")
    places = _places(facts.order, item_ids)
    return [
        Swap(place, _replacement(facts.order.items[place], new_id, facts.products))
        for place, new_id in zip(places, new_item_ids, strict=True)
    ]


def _replacement(line: OrderItem, variant_id: str, products: Mapping[str, Product]) -> Variant:
    require(variant_id != line.variant_id, Code.VALIDATION, "The new item is the one that was ordered.")
    product = products.get(line.product_id)
    variant = next((v for v in product.variants if v.id == variant_id), None) if product else None
    if variant is None:
        raise BackendRefused(Code.VALIDATION, "The new item is not a variant of the same product.")
    require(variant.available, Code.OUT_OF_STOCK, "The new item is out of stock.")
    return variant


def _difference(order: Order, swaps: Sequence[Swap]) -> int:
    """What the new variants cost above the old lines, in minor units; negative when they are cheaper."""
    return sum(swap.variant.price_minor - order.items[swap.place].price_minor for swap in swaps)


def _require_settleable(facts: Facts, method_id: PaymentMethodId, difference_minor: int, expected_minor: int) -> None:
    method = own_method(facts.customer, method_id)
    require_balance(method, difference_minor)
    payable = -difference_minor <= remaining_minor(facts.order)
    require(payable, Code.OVER_REFUND, "The order has less left to refund than the difference.")
    require(difference_minor == expected_minor, Code.BAD_STATE, "The prices have changed since they were read.")


def _swapped(line: OrderItem, variant: Variant) -> OrderItem:
    return line.model_copy(update={"variant_id": variant.id, "price_minor": variant.price_minor, "options": variant.options})


def _movements(method_id: PaymentMethodId, difference_minor: int) -> list[Movement]:
    if difference_minor > 0:
        return [Movement("capture", method_id, difference_minor)]
    if difference_minor < 0:
        return [Movement("refund", method_id, -difference_minor)]
    return []


def _leg(method_id: PaymentMethodId, amount_minor: int) -> tuple[RefundLeg, ...]:
    return (RefundLeg(method_id=method_id, amount_minor=amount_minor),) if amount_minor > 0 else ()
