"""The shop's values as the JSON text that stands in its rows."""

import json

from tools.commerce import Order, Value


def text_of(value: Value) -> str:
    """The value as JSON with the contract's names; what is None is left out."""
    return value.model_dump_json(by_alias=True, exclude_none=True)


def order_text(order: Order) -> str:
    """The order as JSON with its shop's currency, which the contract's shape leaves out, so that one read suffices."""
    fields = order.model_dump(mode="json", by_alias=True, exclude_none=True)
    return json.dumps(fields | {"currency": order.currency})
