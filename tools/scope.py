"""Finds the objects of the ticket's own customer; what is somebody else's answers exactly like what does not exist."""

from tools.commerce import Customer, Order, OrderId, PaymentMethod, Value
from tools.errors import Code, ToolError
from tools.ports import Json
from tools.tool import ToolContext

NO_ORDER = "There is no such order on this account."
NO_SHIPMENT = "There is no such parcel on this account."
NO_METHOD = "There is no such payment method on this account."
NO_CUSTOMER = "There is no such account."


async def own_order(ctx: ToolContext, order_id: str, missing: str = NO_ORDER) -> Order:
    """The customer's order. Raises `not_found`, with one text, for an unknown id and for another customer's."""
    return must_own(ctx, await ctx.shop.get_order(OrderId(order_id)), missing)


def must_own(ctx: ToolContext, order: Order | None, missing: str) -> Order:
    """The order that was read, if it is the customer's. Raises `not_found` for none and for another customer's."""
    customer = ctx.customer
    if order is None or order.customer_id != customer:
        raise ToolError(Code.NOT_FOUND, missing)
    return order


async def own_account(ctx: ToolContext) -> Customer:
    """The ticket's customer as the merchant knows them."""
    customer = await ctx.shop.get_customer(ctx.customer)
    if customer is None:
        raise ToolError(Code.NOT_FOUND, NO_CUSTOMER)
    return customer


def own_method(customer: Customer, method_id: str) -> PaymentMethod:
    """One of the customer's payment methods. Raises `payment_method_not_yours` for an unknown one and for another's alike."""
    for method in customer.payment_methods:
        if method.id == method_id:
            return method
    raise ToolError(Code.PAYMENT_METHOD_NOT_YOURS, NO_METHOD, "refund.destination")


def as_json(value: Value) -> dict[str, Json]:
    """A value of the merchant's world in the contract's JSON, without empty fields."""
    return value.model_dump(mode="json", by_alias=True, exclude_none=True)


def order_json(order: Order) -> dict[str, Json]:
    """An order in the contract's JSON, with its currency."""
    return {**as_json(order), "currency": order.currency}


def method_json(method: PaymentMethod) -> dict[str, Json]:
    """A payment method without its fingerprint, which follows a card across customers."""
    return method.model_dump(mode="json", exclude_none=True, exclude={"fingerprint"})


def method_text(method: PaymentMethod | None) -> str:
    """A payment method in words, for example `Visa ending 4242`."""
    if method is None:
        return "the original payment method"
    if method.kind == "card":
        brand = (method.brand or "card").replace("_", " ").title()
        return f"{brand} ending {method.last4}" if method.last4 else brand
    return "PayPal" if method.kind == "paypal" else "store credit"
