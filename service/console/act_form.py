"""The form of a tool, made from its own arguments: what the customer has is offered to choose from, the rest is typed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from starlette.datastructures import FormData

from service.errors import Invalid
from tools.commerce import Customer, Order, Product, Variant
from tools.money import Money, digits_of
from tools.ports import Json
from tools.scope import method_text
from tools.tool import ToolSpec

Kind = Literal["order", "items", "swaps", "method", "money", "choice", "address", "text"]

_BY_NAME: Mapping[str, Kind] = {
    "order_id": "order",
    "item_ids": "items",
    "new_item_ids": "swaps",
    "payment_method_id": "method",
    "refund_to": "method",
    "amount_minor": "money",
}
_FILLED_ELSEWHERE = {"currency": "amount_minor"}
"""Arguments that another one's field fills: an amount brings its currency."""

_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")
"""An amount in digits; a number such as 1e999999 is none, and would be a very long one."""

ADDRESS = ("name", "line1", "line2", "city", "region", "postal_code", "country")


@dataclass(frozen=True, slots=True)
class Option:
    """Something to choose: its value and what people read."""

    value: str
    text: str


@dataclass(frozen=True, slots=True)
class Swap:
    """An ordered line, and the variants that it could be swapped for."""

    item: Option
    variants: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Input:
    """One field of a tool's form."""

    name: str
    kind: Kind
    help: str
    options: tuple[Option, ...] = ()
    swaps: tuple[Swap, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """What the customer has, as far as a form offers it; `order` is the one that the call is about, in its `currency`."""

    customer: Customer
    order: Order | None
    currency: str
    products: Sequence[Product] = ()


def wants_order(spec: ToolSpec) -> bool:
    """Whether the tool acts on an order."""
    return "order_id" in spec.args_model.model_fields


def inputs_of(spec: ToolSpec, account: Account) -> tuple[Input, ...]:
    """The fields of a tool's form, in the order of its arguments."""
    schema = spec.input_schema
    names = [name for name in schema.get("required", ()) if name not in _FILLED_ELSEWHERE]
    if "new_item_ids" in names:
        names.remove("item_ids")
    return tuple(_input(name, schema, account) for name in names)


def read(spec: ToolSpec, inputs: Sequence[Input], form: FormData, account: Account) -> dict[str, Json]:
    """The call that a sent form asks for; the tool's own model checks it. Raises `Invalid` for an amount that is none."""
    args: dict[str, Json] = {}
    for one in inputs:
        match one.kind:
            case "items":
                args[one.name] = [str(value) for value in form.getlist(one.name)]
            case "swaps":
                chosen = [(swap.item.value, str(form.get(f"swap.{swap.item.value}", ""))) for swap in one.swaps]
                args["item_ids"] = [item for item, variant in chosen if variant]
                args["new_item_ids"] = [variant for _, variant in chosen if variant]
            case "money":
                amount = _minor(str(form.get(one.name, "")), account.currency)
                args |= {one.name: amount, "currency": account.currency}
            case "address":
                parts = {part: str(form.get(f"{one.name}.{part}", "")).strip() for part in ADDRESS}
                args[one.name] = {part: value for part, value in parts.items() if value}
            case _:
                args[one.name] = str(form.get(one.name, "")).strip()
    return args


def _input(name: str, schema: Mapping[str, Any], account: Account) -> Input:
    field = schema["properties"][name]
    field = {**schema.get("$defs", {}).get(str(field.get("$ref", "")).rsplit("/", 1)[-1], {}), **field}
    about = str(field.get("description", ""))
    kind = _BY_NAME.get(name) or ("choice" if "enum" in field else "address" if field.get("type") == "object" else "text")
    order = account.order
    match kind:
        case "method":
            methods = tuple(Option(one.id, method_text(one)) for one in account.customer.payment_methods)
            return Input(name, kind, about, methods)
        case "items":
            return Input(name, kind, "", _lines(order))
        case "swaps":
            return Input(name, kind, "", swaps=_swaps(order, account.products))
        case "choice":
            return Input(name, kind, "", tuple(Option(value, value) for value in field["enum"]))
        case _:
            return Input(name, kind, about)


def _lines(order: Order | None) -> tuple[Option, ...]:
    if order is None:
        return ()
    return tuple(Option(line.id, _named(line.name, line.options, line.price_minor, order.currency)) for line in order.items)


def _swaps(order: Order | None, products: Sequence[Product]) -> tuple[Swap, ...]:
    if order is None:
        return ()
    variants = {product.id: product.variants for product in products}
    return tuple(
        Swap(option, tuple(_variant(new, order) for new in variants.get(line.product_id, ()) if new.id != line.variant_id))
        for option, line in zip(_lines(order), order.items, strict=True)
    )


def _variant(variant: Variant, order: Order) -> Option:
    stock = "" if variant.available else ", not in stock"
    return Option(variant.id, _named("", variant.options, variant.price_minor, order.currency) + stock)


def _named(name: str, options: Mapping[str, str], price_minor: int, currency: str) -> str:
    parts = [name, ", ".join(options.values()), Money(price_minor, currency).text()]
    return ", ".join(part for part in parts if part)


def _minor(text: str, currency: str) -> int:
    """The minor units of an amount as people write it: `19.99`."""
    written = _AMOUNT.fullmatch(text.strip())
    if written is None:
        raise Invalid("Write the amount as a number, for example 19.99.")
    minor = Decimal(written[0]).scaleb(digits_of(currency))
    if minor != minor.to_integral_value():
        raise Invalid("The amount has more digits than the currency.")
    return int(minor)
