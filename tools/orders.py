"""Reads of orders, and cancelling one."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from tools import seen
from tools.args import Args, Identifier
from tools.commerce import Commerce, Failure, Job, OrderId, OrderStatus, Receipt, RefundLeg
from tools.errors import OutcomeUnknown, ToolError
from tools.money import Money
from tools.money_back import allocate, destination_of, money_facts
from tools.ports import Action, Effect, Json
from tools.refunds import legs_of
from tools.scope import as_json, order_json, own_account, own_order
from tools.seen import refunded_before
from tools.tool import Situation, ToolContext, Wanted, tool

SECOND = ":refund"
"""Ends the key of the refund that follows a cancellation where the merchant's system does not refund by itself."""

# Of the reasons that a merchant's system knows for a refund, the one that puts no blame on the goods.
_REASON = "goodwill"


class FindOrders(Args):
    """How many orders to list."""

    limit: Annotated[int, Field(ge=1, le=50, description="How many orders, newest first.")] = 20


class OneOrder(Args):
    """Which order."""

    order_id: Annotated[Identifier, Field(description="The order's id, as the customer or the list of orders names it.")]


class CancelOrder(OneOrder):
    """Which order, and why."""

    reason: Literal["no_longer_needed", "ordered_by_mistake"]


@tool(effect=Effect.READ)
async def find_orders(ctx: ToolContext, args: FindOrders) -> Mapping[str, Json]:
    """List the customer's orders, newest first."""
    orders = await ctx.shop.find_orders(ctx.customer, args.limit)
    return {"orders": [order_json(order) for order in orders if order.customer_id == ctx.customer]}


@tool(effect=Effect.READ)
async def get_order(ctx: ToolContext, args: OneOrder) -> Mapping[str, Json]:
    """Show one of the customer's orders: its status, lines, payments, parcels and address."""
    return {"order": order_json(await own_order(ctx, args.order_id))}


async def _cancel(shop: Commerce, action: Action) -> Receipt | Job:
    order_id = OrderId(action.order_id or "")
    cancelled = await shop.cancel_order(order_id, action.args["reason"], action.key)
    if shop.capabilities.refunds_on_cancel or not action.legs or isinstance(cancelled, Job):
        return cancelled
    try:
        refunded = await _refunded_now(shop, order_id)
        if refunded - refunded_before(action.facts) == _total(action):
            # It says that it does not refund on cancelling, and it has; nothing is sent twice because of a promise.
            return _with_money(action, cancelled)
        paid = await shop.refund(order_id, legs_of(action), _REASON, refunded, action.key + SECOND)
    except ToolError as error:
        # The order is cancelled, so this action can no longer end as if nothing had happened.
        raise OutcomeUnknown("The order is cancelled, but its money has not gone back yet.") from error
    return _both(cancelled, paid) if isinstance(paid, Receipt) else paid


async def _find_cancelled(shop: Commerce, action: Action) -> Receipt | Job | Failure | None:
    cancelled = await shop.find_effect(action.key)
    if not isinstance(cancelled, Receipt) or shop.capabilities.refunds_on_cancel or not action.legs:
        return cancelled
    paid = await shop.find_effect(action.key + SECOND)
    return _both(cancelled, paid) if isinstance(paid, Receipt) else paid


async def _refunded_now(shop: Commerce, order_id: OrderId) -> int:
    order = await shop.get_order(order_id)
    if order is None:
        raise OutcomeUnknown
    return order.refunded_minor


def _total(action: Action) -> int:
    return sum(leg.amount_minor for leg in action.legs)


def _with_money(action: Action, cancelled: Receipt) -> Receipt:
    legs: tuple[RefundLeg, ...] = tuple(legs_of(action))
    currency = action.money.currency if action.money else None
    return cancelled.model_copy(update={"amount_minor": _total(action), "currency": currency, "legs": legs})


def _both(cancelled: Receipt, paid: Receipt) -> Receipt:
    return paid.model_copy(update={"kind": cancelled.kind, "data": {**cancelled.data, "cancellation": cancelled.reference}})


@tool(effect=Effect.MONEY, act=_cancel, find=_find_cancelled, see=seen.cancellation)
async def cancel_order(ctx: ToolContext, args: CancelOrder) -> Wanted:
    """Cancel an order that is still pending; what was paid goes back to where it came from.

    Only orders with the status `pending` can be cancelled, and only because the customer no longer needs them or ordered them
    by mistake.
    """
    order = await own_order(ctx, args.order_id)
    customer = await own_account(ctx)
    left = order.captured_minor - order.refunded_minor
    money = Money(left, order.currency) if left > 0 else None
    legs = allocate(order, customer, left) if left > 0 else ()
    return Wanted(
        order_id=order.id,
        money=money,
        legs=legs,
        facts={
            **money_facts(order, customer, money, legs),
            "items": [as_json(item) for item in order.items],
            "reason": args.reason,
        },
        situation=Situation(
            captured_minor=order.captured_minor,
            refunded_minor=order.refunded_minor,
            currency=order.currency,
            destination=destination_of(order, customer, legs),
            cancels=True,
            pending=order.status is OrderStatus.PENDING,
        ),
    )
