"""Money back on an order, and how it stands."""

from collections.abc import Mapping
from typing import Annotated, Literal

from babel.numbers import is_currency
from pydantic import Field

from tools import seen
from tools.args import AmountMinor, Args, CurrencyCode, Identifier
from tools.commerce import Commerce, Failure, Job, Order, OrderId, PaymentMethodId, Receipt, RefundLeg
from tools.errors import Code, ToolError
from tools.money import Money
from tools.money_back import allocate, destination_of, method_of, money_facts
from tools.ports import Action, Effect, Json
from tools.scope import as_json, method_json, own_account, own_order
from tools.seen import refunded_before
from tools.tool import Situation, ToolContext, Wanted, tool

PARTS = "The shop's system can only refund all that is left of an order."


class IssueRefund(Args):
    """Which order, how much, and why."""

    order_id: Annotated[Identifier, Field(description="The order whose money goes back.")]
    amount_minor: Annotated[
        AmountMinor, Field(description="The amount in minor units: 1999 is 19.99 USD, and 1999 JPY is 1999.")
    ]
    currency: Annotated[CurrencyCode, Field(description="The order's currency.")]
    reason: Literal["damaged", "wrong_item", "late", "lost", "goodwill", "duplicate_charge", "not_as_described"]


class RefundStatus(Args):
    """Which order."""

    order_id: Annotated[Identifier, Field(description="The order to look at.")]


def legs_of(action: Action) -> list[RefundLeg]:
    """The legs of an action as the merchant's system takes them."""
    return [RefundLeg(method_id=PaymentMethodId(leg.method_id), amount_minor=leg.amount_minor) for leg in action.legs]


async def _refund(shop: Commerce, action: Action) -> Receipt | Job:
    order_id, reason, before = OrderId(action.order_id or ""), action.args["reason"], refunded_before(action.facts)
    return await shop.refund(order_id, legs_of(action), reason, before, action.key)


@tool(effect=Effect.MONEY, act=_refund, see=seen.refund)
async def issue_refund(ctx: ToolContext, args: IssueRefund) -> Wanted:
    """Send money back on an order, to the payment methods that paid it.

    The amount may be a part of what was paid and never more than is left. Nobody can choose another destination.
    """
    if not is_currency(args.currency):
        raise ToolError(Code.VALIDATION, "This is not a currency.")
    order = await own_order(ctx, args.order_id)
    if args.currency != order.currency:
        raise ToolError(Code.CURRENCY_MISMATCH, "The order was paid in another currency.", "refund.currency")
    customer = await own_account(ctx)
    money = Money(args.amount_minor, args.currency)
    _require_whole(ctx, order, money)
    promised = await _promised(ctx, order)
    legs = allocate(order, customer, args.amount_minor, promised)
    return Wanted(
        order_id=order.id,
        money=money,
        legs=legs,
        facts={**money_facts(order, customer, money, legs, promised), "reason": args.reason},
        situation=Situation(
            captured_minor=order.captured_minor,
            refunded_minor=order.refunded_minor,
            promised_minor=sum(promised.values()),
            currency=order.currency,
            destination=destination_of(order, customer, legs),
        ),
    )


async def _promised(ctx: ToolContext, order: Order) -> dict[str, int]:
    """What accepted returns and exchanges still owe to each method, in minor units, as the merchant's books say now.

    The order shows no money before the goods have arrived, so whoever refunds in the meantime must leave this much. Where
    the merchant's books cannot be asked by key, a promise stands until an event tells that it was kept.
    """
    owed: dict[str, int] = {}
    for action in await ctx.book.on_order(ctx.caller, order.id):
        if action.receipt and action.receipt.promised_minor and (stands := await _standing(ctx.shop, action, action.receipt)):
            rest = stands.promised_minor
            for leg in action.legs:
                moved = sum(one.amount_minor for one in stands.legs if one.method_id == leg.method_id)
                part = min(rest, max(0, leg.amount_minor - moved))
                owed[leg.method_id] = owed.get(leg.method_id, 0) + part
                rest -= part
    return owed


async def _standing(shop: Commerce, action: Action, held: Receipt) -> Receipt | None:
    """What the merchant's books say of an action now, or what we hold where they say nothing; None when it has failed."""
    match await shop.find_effect(action.key):
        case Receipt() as found:
            return found
        case found:
            return None if isinstance(found, Failure) else held


def _require_whole(ctx: ToolContext, order: Order, money: Money) -> None:
    """A merchant's system that refunds whole orders only is never asked for a part."""
    left = order.captured_minor - order.refunded_minor
    if money.amount_minor < left and not ctx.shop.capabilities.partial_refunds:
        raise ToolError(Code.BAD_STATE, PARTS)


@tool(effect=Effect.READ)
async def get_refund_status(ctx: ToolContext, args: RefundStatus) -> Mapping[str, Json]:
    """Show what was paid on an order, what has gone back and where to, and what is still under way.

    `owed` is what follows when goods that are on their way back have arrived.
    """
    order = await own_order(ctx, args.order_id)
    customer = await own_account(ctx)
    pending = [action for action in await ctx.book.on_order(ctx.caller, order.id) if not action.status.ended]
    owed = sum((await _promised(ctx, order)).values())
    refunds = [
        {
            "amount": Money(payment.amount_minor, order.currency).as_json(),
            "method": method_json(method) if (method := method_of(customer, payment.method_id)) else None,
            "at": payment.at.isoformat() if payment.at else None,
        }
        for payment in order.payments
        if payment.kind == "refund"
    ]
    return {
        "order_id": order.id,
        "captured": Money(order.captured_minor, order.currency).as_json(),
        "refunds": refunds,
        "return": _return_json(order),
        "owed": Money(owed, order.currency).as_json() if owed else None,
        "pending": [_pending_json(action) for action in pending],
    }


def _return_json(order: Order) -> Mapping[str, Json] | None:
    return as_json(order.return_) if order.return_ else None


def _pending_json(action: Action) -> Mapping[str, Json]:
    return {
        "action_id": action.id,
        "tool": action.tool,
        "status": action.status.value,
        "decision": action.decision,
        "amount": action.money.as_json() if action.money else None,
    }
