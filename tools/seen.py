"""Finds effects by reading, for backends that forget keys: an order that shows the effect proves it, one that does not proves
nothing."""

from collections.abc import Mapping

from tools.commerce import Address, Commerce, CustomerId, Order, OrderId, OrderStatus, PaymentMethodId, Receipt, RefundLeg
from tools.money_back import paid_by_method
from tools.ports import Action, Json


def refunded_before(facts: Mapping[str, Json]) -> int:
    """What the order had been refunded when the action was decided, in minor units."""
    return facts["refunded"]["amount_minor"]


async def refund(shop: Commerce, action: Action) -> Receipt | None:
    """Exactly the action's legs stand on the order beyond what had been refunded before."""
    order = await _order(shop, action)
    return _money(action, order, "refund") if order else None


async def cancellation(shop: Commerce, action: Action) -> Receipt | None:
    """The order is cancelled, and its money has gone back."""
    order = await _order(shop, action)
    if order is None or order.status is not OrderStatus.CANCELLED:
        return None
    return _money(action, order, "cancel_order") if action.legs else Receipt(reference=order.id, kind="cancel_order")


async def return_request(shop: Commerce, action: Action) -> Receipt | None:
    """The order holds the return that was asked for; whether its money has moved, the order's refunds say."""
    order = await _order(shop, action)
    wanted = (tuple(action.args["item_ids"]), action.args["refund_to"])
    if order is None or order.return_ is None or (order.return_.item_ids, order.return_.refund_to) != wanted:
        return None
    return _money(action, order, "return_items") or _promised(action, order, "return_items")


async def exchange(shop: Commerce, action: Action) -> Receipt | None:
    """The order holds the exchange that was asked for; its difference is settled when the goods arrive."""
    order = await _order(shop, action)
    if order is None or order.exchange is None:
        return None
    found, args = order.exchange, action.args
    held = (list(found.item_ids), list(found.new_item_ids), found.payment_method_id)
    same = held == (list(args["item_ids"]), list(args["new_item_ids"]), args["payment_method_id"])
    return _promised(action, order, "exchange_items") if same else None


async def changed_items(shop: Commerce, action: Action) -> Receipt | None:
    """The order's lines are the new variants, and the difference has gone back."""
    order = await _order(shop, action)
    if order is None or order.status is not OrderStatus.ITEMS_MODIFIED:
        return None
    lines = {line.id: line.variant_id for line in order.items}
    swaps = zip(action.args["item_ids"], action.args["new_item_ids"], strict=True)
    if any(lines.get(item) != variant for item, variant in swaps):
        return None
    return _money(action, order, "change_order_items") if action.legs else _promised(action, order, "change_order_items")


async def changed_payment(shop: Commerce, action: Action) -> Receipt | None:
    """Only the wanted method pays the order."""
    order = await _order(shop, action)
    paying = [method for method, left in paid_by_method(order).items() if left > 0] if order else []
    if order is None or paying != [action.args["payment_method_id"]]:
        return None
    return Receipt(reference=order.payments[-1].id, kind="change_order_payment")


async def changed_address(shop: Commerce, action: Action) -> Receipt | None:
    """The order goes to the wanted address; where the change takes several calls, that alone does not prove the last one."""
    order = await _order(shop, action)
    wanted = Address.model_validate(action.args["address"])
    if order is None or not shop.capabilities.address_change_is_one_call or order.address != wanted:
        return None
    return Receipt(reference=order.id, kind="change_order_address")


async def changed_home(shop: Commerce, action: Action) -> Receipt | None:
    """The customer has the wanted address."""
    customer = await shop.get_customer(CustomerId(action.facts["customer_id"]))
    wanted = Address.model_validate(action.args["address"])
    if customer is None or customer.address != wanted:
        return None
    return Receipt(reference=customer.id, kind="change_customer_address")


async def _order(shop: Commerce, action: Action) -> Order | None:
    return await shop.get_order(OrderId(action.order_id or ""))


def _money(action: Action, order: Order, kind: str) -> Receipt | None:
    """A receipt when the order has been refunded by exactly this much more, and to exactly these methods."""
    legs = tuple(RefundLeg(method_id=PaymentMethodId(leg.method_id), amount_minor=leg.amount_minor) for leg in action.legs)
    total = sum(leg.amount_minor for leg in legs)
    if total == 0 or order.refunded_minor - refunded_before(action.facts) != total:
        return None
    payments = [
        next((p for p in reversed(order.payments) if (p.kind, p.method_id, p.amount_minor) == ("refund", *_pair(leg))), None)
        for leg in legs
    ]
    if None in payments or not payments or payments[-1] is None:
        return None
    return Receipt(reference=payments[-1].id, kind=kind, amount_minor=total, currency=order.currency, legs=legs)


def _pair(leg: RefundLeg) -> tuple[str, int]:
    return leg.method_id, leg.amount_minor


def _promised(action: Action, order: Order, kind: str) -> Receipt:
    amount = action.money.amount_minor if action.money else 0
    return Receipt(reference=order.id, kind=kind, amount_minor=amount, currency=order.currency)
