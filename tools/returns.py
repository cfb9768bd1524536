"""Goods that come back: returning delivered items, and exchanging them for other variants."""

from typing import Annotated

from pydantic import Field

from tools import seen
from tools.args import Identifier, Identifiers
from tools.commerce import Commerce, Customer, ItemId, Job, Order, OrderId, OrderStatus, PaymentMethodId, Receipt
from tools.errors import Code, ToolError
from tools.lines import received_at, wanted_lines
from tools.money import Money
from tools.money_back import destination_of, leg_to, method_of, money_facts, paid_by_method
from tools.orders import OneOrder
from tools.ports import Action, Effect
from tools.scope import NO_METHOD, as_json, own_account, own_order
from tools.swaps import SwapItems, prepare_swap, swap_arguments
from tools.tool import Situation, ToolContext, Wanted, tool


class ReturnItems(OneOrder):
    """Which order, which of its lines, and where the money goes."""

    item_ids: Annotated[Identifiers, Field(description="The ids of the lines that come back.")]
    refund_to: Annotated[
        Identifier, Field(description="The payment method that paid the order, or a store credit of the customer.")
    ]


async def _return(shop: Commerce, action: Action) -> Receipt | Job:
    items = [ItemId(item) for item in action.args["item_ids"]]
    refund_to = PaymentMethodId(action.args["refund_to"])
    return await shop.return_items(OrderId(action.order_id or ""), items, refund_to, action.key)


@tool(effect=Effect.MONEY, act=_return, see=seen.return_request)
async def return_items(ctx: ToolContext, args: ReturnItems) -> Wanted:
    """Accept the return of items from a delivered order; their price goes back to where it came from or to store credit.

    Works once for an order. The money follows when the goods have arrived, or at once where the merchant says so.
    """
    order = await own_order(ctx, args.order_id)
    if order.status is not OrderStatus.DELIVERED:
        raise ToolError(Code.BAD_STATE, "Only items of an order that was delivered can be returned.")
    lines = wanted_lines(order, args.item_ids)
    customer = await own_account(ctx)
    money = Money(sum(line.price_minor for line in lines), order.currency)
    _require_reachable(order, customer, args.refund_to, money.amount_minor)
    legs = (leg_to(customer, args.refund_to, money.amount_minor),)
    return Wanted(
        order_id=order.id,
        money=money,
        legs=legs,
        facts={**money_facts(order, customer, money, legs), "items": [as_json(line) for line in lines]},
        situation=Situation(
            captured_minor=order.captured_minor,
            refunded_minor=order.refunded_minor,
            currency=order.currency,
            destination=destination_of(order, customer, legs),
            returns=True,
            received_at=received_at(order),
        ),
    )


def _require_reachable(order: Order, customer: Customer, method_id: str, amount_minor: int) -> None:
    """A method that neither paid nor belongs to the customer answers like an unknown one; one that paid takes what it paid."""
    paid = paid_by_method(order)
    method = method_of(customer, method_id)
    if method is None and method_id not in paid:
        raise ToolError(Code.PAYMENT_METHOD_NOT_YOURS, NO_METHOD, "refund.destination")
    is_credit = method is not None and method.kind == "store_credit"
    if method_id in paid and not is_credit and amount_minor > paid[PaymentMethodId(method_id)]:
        raise ToolError(Code.OVER_REFUND, "That is more than this payment method has paid.", "refund.conservation")


async def _exchange(shop: Commerce, action: Action) -> Receipt | Job:
    return await shop.exchange_items(*swap_arguments(action), key=action.key)


@tool(effect=Effect.MONEY, act=_exchange, see=seen.exchange)
async def exchange_items(ctx: ToolContext, args: SwapItems) -> Wanted:
    """Exchange items of a delivered order for other variants of the same products, once for an order.

    The new variants must be in stock; a difference in price is charged to, or goes back to, one of the customer's
    payment methods.
    """
    order = await own_order(ctx, args.order_id)
    if order.status is not OrderStatus.DELIVERED:
        raise ToolError(Code.BAD_STATE, "Only items of an order that was delivered can be exchanged.")
    return await prepare_swap(ctx, order, args, reships=True)
