"""Other variants instead of ordered ones: what exchanging and changing items have in common."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from tools.args import Identifier, Identifiers
from tools.commerce import Customer, ItemId, Order, OrderId, OrderItem, PaymentMethod, PaymentMethodId, Variant
from tools.errors import Code, ToolError
from tools.lines import received_at, wanted_lines
from tools.money import Money
from tools.money_back import destination_of, leg_to, money_facts
from tools.orders import OneOrder
from tools.ports import Action
from tools.scope import as_json, method_text, own_account, own_method
from tools.tool import Situation, ToolContext, Wanted

Swap = tuple[OrderItem, Variant]
"""An ordered line and the variant that takes its place."""


class SwapItems(OneOrder):
    """Which lines of which order, the variants that take their places, and the method that settles the difference."""

    item_ids: Annotated[Identifiers, Field(description="The ids of the ordered lines, all that are to be swapped.")]
    new_item_ids: Annotated[
        Identifiers, Field(description="The ids of the new variants, one for each line and in the same order.")
    ]
    payment_method_id: Annotated[
        Identifier, Field(description="The customer's payment method that pays or receives the difference in price.")
    ]


def swap_arguments(
    action: Action,
) -> tuple[OrderId, Sequence[ItemId], Sequence[str], PaymentMethodId, int]:
    """The recorded arguments of a swap as the merchant's system takes them, and the difference that was agreed."""
    return (
        OrderId(action.order_id or ""),
        [ItemId(item) for item in action.args["item_ids"]],
        list(action.args["new_item_ids"]),
        PaymentMethodId(action.args["payment_method_id"]),
        action.facts["difference"]["amount_minor"],
    )


async def prepare_swap(ctx: ToolContext, order: Order, args: SwapItems, *, reships: bool) -> Wanted:
    """Check the lines, the variants and the method, and work out the difference; what the customer pays is not money back."""
    if order.exchange is not None:
        raise ToolError(Code.BAD_STATE, "Items of an order can be exchanged once.")
    swaps = await _swaps(ctx, order, args)
    customer = await own_account(ctx)
    method = own_method(customer, args.payment_method_id)
    difference = sum(new.price_minor - line.price_minor for line, new in swaps)
    require_balance(method, difference)
    money = Money(-difference, order.currency) if difference < 0 else None
    legs = (leg_to(customer, method.id, -difference),) if difference < 0 else ()
    return Wanted(
        order_id=order.id,
        money=money,
        legs=legs,
        facts={
            **money_facts(order, customer, money, legs),
            "items": [as_json(line) for line, _ in swaps],
            "new_items": [as_json(new) for _, new in swaps],
            "difference": Money(difference, order.currency).as_json(),
            "payment_method": method_text(method),
        },
        situation=_situation(
            order, customer, legs=bool(legs), destination=destination_of(order, customer, legs), reships=reships
        ),
    )


def _situation(order: Order, customer: Customer, *, legs: bool, destination: str, reships: bool) -> Situation:
    return Situation(
        captured_minor=order.captured_minor,
        refunded_minor=order.refunded_minor,
        currency=order.currency,
        destination=destination,
        settles_difference=legs,
        reships=reships,
        returns=reships,
        received_at=received_at(order),
    )


async def _swaps(ctx: ToolContext, order: Order, args: SwapItems) -> tuple[Swap, ...]:
    if len(args.item_ids) != len(args.new_item_ids):
        raise ToolError(Code.VALIDATION, "Name one new item for each old one.")
    lines = wanted_lines(order, args.item_ids)
    return tuple([(line, await _variant(ctx, line, new)) for line, new in zip(lines, args.new_item_ids, strict=True)])


async def _variant(ctx: ToolContext, line: OrderItem, variant_id: str) -> Variant:
    product = await ctx.shop.get_product(line.product_id)
    variant = next((variant for variant in product.variants if variant.id == variant_id), None) if product else None
    if variant is None:
        raise ToolError(Code.NOT_FOUND, "The new item is not a variant of the same product.")
    if variant.id == line.variant_id:
        raise ToolError(Code.VALIDATION, "The new item is the one that was ordered.")
    if not variant.available:
        raise ToolError(Code.OUT_OF_STOCK, "The new item is out of stock.")
    return variant


def require_balance(method: PaymentMethod, amount_minor: int) -> None:
    """Refuse an amount that a store credit does not cover; other methods are asked when they are charged."""
    if method.kind == "store_credit" and amount_minor > (method.balance_minor or 0):
        raise ToolError(Code.INSUFFICIENT_BALANCE, "The store credit does not cover the amount.")
