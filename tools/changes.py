"""Changes to an order that has not left yet: its items and how it is paid."""

from typing import Annotated

from pydantic import Field

from tools import seen
from tools.args import Identifier
from tools.commerce import Commerce, Job, OrderId, OrderStatus, PaymentMethodId, Receipt
from tools.errors import Code, ToolError
from tools.money import Money
from tools.money_back import method_of, paid_by_method
from tools.orders import OneOrder
from tools.ports import Action, Effect
from tools.scope import method_text, own_account, own_method, own_order
from tools.swaps import SwapItems, prepare_swap, require_balance, swap_arguments
from tools.tool import ToolContext, Wanted, tool

NOT_PENDING = "Only an order that is still pending can be changed, and only until its items were changed."


class ChangeOrderPayment(OneOrder):
    """Which order, and the method that pays it from now on."""

    payment_method_id: Annotated[Identifier, Field(description="Another of the customer's own payment methods.")]


async def _change_items(shop: Commerce, action: Action) -> Receipt | Job:
    return await shop.change_order_items(*swap_arguments(action), key=action.key)


@tool(effect=Effect.MONEY, act=_change_items, see=seen.changed_items)
async def change_order_items(ctx: ToolContext, args: SwapItems) -> Wanted:
    """Change items of a pending order for other variants of the same products, once for an order.

    Afterwards nothing about the order can be changed, and it cannot be cancelled, so name all items in one call. A
    difference in price is charged to, or goes back to, one of the customer's payment methods.
    """
    order = await own_order(ctx, args.order_id)
    if order.status is not OrderStatus.PENDING:
        raise ToolError(Code.BAD_STATE, NOT_PENDING)
    return await prepare_swap(ctx, order, args, reships=False)


async def _change_payment(shop: Commerce, action: Action) -> Receipt | Job:
    method = PaymentMethodId(action.args["payment_method_id"])
    return await shop.change_order_payment(OrderId(action.order_id or ""), method, action.key)


@tool(effect=Effect.WRITE, act=_change_payment, see=seen.changed_payment)
async def change_order_payment(ctx: ToolContext, args: ChangeOrderPayment) -> Wanted:
    """Let another of the customer's payment methods pay a pending order; the first payment goes back to where it came from.

    A store credit must cover the whole order.
    """
    order = await own_order(ctx, args.order_id)
    if order.status is not OrderStatus.PENDING:
        raise ToolError(Code.BAD_STATE, NOT_PENDING)
    customer = await own_account(ctx)
    method = own_method(customer, args.payment_method_id)
    paying = {paid: left for paid, left in paid_by_method(order).items() if left > 0}
    if not paying:
        raise ToolError(Code.BAD_STATE, "Nothing has been paid on this order that another method could take over.")
    if method.id in paying:
        raise ToolError(Code.VALIDATION, "This payment method pays the order already.")
    total = sum(paying.values())
    require_balance(method, total)
    return Wanted(
        order_id=order.id,
        facts={
            "order_id": order.id,
            "order_status": order.status.value,
            "charge": Money(total, order.currency).as_json(),
            "payment_method": method_text(method),
            "replaces": " and ".join(method_text(method_of(customer, paid)) for paid in paying),
        },
    )
