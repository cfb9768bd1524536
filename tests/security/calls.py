"""Makes calls of tools from the catalogue alone: what each argument names, and calls that a customer's own objects fit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, get_args

from tests.tools.goods import NEW_ADDRESS, SHOP
from tools.args import Identifier
from tools.tool import ToolSpec

NAMES = {
    "order_id": "order",
    "item_ids": "item",
    "new_item_ids": "variant",
    "payment_method_id": "method",
    "refund_to": "method",
    "tracking_id": "parcel",
    "product_id": "product",
}
"""What the id in an argument names. An argument that is not here and takes an id fails the test that counts them."""

NOBODYS = {
    "order": "D-999999",
    "item": "D-999999-i1",
    "variant": "var_none",
    "method": "pm_none",
    "parcel": "TRK-NONE",
    "product": "prd_none",
}
"""An id of each kind that nobody has."""

_PATTERN = get_args(Identifier)[1].pattern
_PLAIN: Mapping[str, Any] = {"string": "Please look at this.", "integer": 100, "object": NEW_ADDRESS}


@dataclass(frozen=True)
class Field:
    """One argument of a tool: its name, its schema, and whether it is a list of ids."""

    name: str
    schema: Mapping[str, Any]

    @property
    def takes_ids(self) -> bool:
        """Whether it takes an id of the merchant's system, or several."""
        return _PATTERN in (self.schema.get("pattern"), self.schema.get("items", {}).get("pattern"))

    def filled(self, value: str) -> Any:
        """This id in the shape that the argument takes."""
        return [value] if self.schema.get("type") == "array" else value


def fields_of(spec: ToolSpec) -> list[Field]:
    """The arguments of a tool that must be given."""
    schema = spec.input_schema
    wanted = [Field(name, schema["properties"][name]) for name in schema.get("required", [])]
    return [Field(one.name, _resolved(one.schema, schema)) for one in wanted]


def named_fields(spec: ToolSpec) -> list[Field]:
    """The arguments of a tool that name something of the merchant's world."""
    return [one for one in fields_of(spec) if one.takes_ids]


def objects_of(customer: str, shop: Mapping[str, Any] = SHOP) -> dict[str, list[str]]:
    """Everything in the shop that is this customer's, by kind."""
    (person,) = [one for one in shop["customers"] if one["id"] == customer]
    orders = [one for one in shop["orders"] if one["customer_id"] == customer]
    return {
        "order": [order["id"] for order in orders],
        "item": [item["id"] for order in orders for item in order["items"]],
        "method": [method["id"] for method in person["payment_methods"]],
        "parcel": [parcel["tracking_id"] for order in orders for parcel in order["shipments"]],
    }


def likely_calls(spec: ToolSpec, customer: str) -> Iterator[dict[str, Any]]:
    """Calls with this customer's own objects in every combination, of which at least one is allowed."""
    own = objects_of(customer) | {
        "variant": [variant["id"] for one in SHOP["products"] for variant in one["variants"]],
        "product": [one["id"] for one in SHOP["products"]],
    }
    choices = [[one.filled(each) for each in own[NAMES[one.name]]] if one.takes_ids else _plain(one) for one in fields_of(spec)]
    for values in product(*choices):
        call = dict(zip([one.name for one in fields_of(spec)], values, strict=True))
        # An item's id begins with its order's, so most combinations need not be tried.
        if all(item.startswith(call.get("order_id", "")) for item in call.get("item_ids", [])):
            yield call


def _plain(field: Field) -> list[Any]:
    schema = field.schema
    if "enum" in schema or "const" in schema:
        return [schema["enum"][0] if "enum" in schema else schema["const"]]
    if schema.get("pattern") == "^[A-Z]{3}$":
        return [SHOP["currency"]]
    return [_PLAIN[schema["type"]]]


def _resolved(field: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = field.get("$ref")
    return schema["$defs"][reference.rsplit("/", 1)[-1]] if reference else field
