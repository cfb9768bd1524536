"""Converts the tau retail data to the shop's JSON and back, and replays the writes of its tasks on a shop."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from tools.backends.shop import Shop
from tools.commerce import Address, Commerce, CustomerId, ItemId, OrderId, PaymentMethodId, Receipt

DATA = Path(__file__).parents[4] / "shared" / "data" / "tau_retail"

Json = dict[str, Any]

_KINDS = {"credit_card": "card", "gift_card": "store_credit", "paypal": "paypal"}
_SOURCES = {kind: source for source, kind in _KINDS.items()}
_STATUSES = {
    "pending": "pending",
    "pending (item modified)": "items_modified",
    "processed": "processed",
    "delivered": "delivered",
    "cancelled": "cancelled",
    "return requested": "return_requested",
    "exchange requested": "exchange_requested",
}
_STATUS_TEXTS = {ours: theirs for theirs, ours in _STATUSES.items()}
_REASONS = {"no longer needed": "no_longer_needed", "ordered by mistake": "ordered_by_mistake"}
_REASON_TEXTS = {ours: theirs for theirs, ours in _REASONS.items()}


def read_database() -> Json:
    """The shop of the data set, as its authors wrote it."""
    return json.loads((DATA / "db.json").read_text())


def read_tasks() -> list[Json]:
    """The tasks with their writes, each write's expected answer, and the resulting difference."""
    return json.loads((DATA / "oracle_train.json").read_text())


def to_shop(database: Json) -> Json:
    """The data set in the shop's JSON; money becomes cents, and a repeated item gets a line id of its own."""
    return {
        "currency": "USD",
        "customers": [_customer(user) for user in database["users"].values()],
        "products": [_product(product) for product in database["products"].values()],
        "orders": [_order(order) for order in database["orders"].values()],
        "articles": [],
    }


def to_tau(shop: Json) -> Json:
    """The shop's users and orders as the data set writes them, with money in cents."""
    return {
        "users": {customer["id"]: _user_back(customer) for customer in shop["customers"]},
        "orders": {order["id"]: _order_back(order) for order in shop["orders"]},
    }


def difference(before: Any, after: Any, path: str = "") -> list[Json]:
    """What changed, one entry for each changed leaf; a list is a leaf."""
    if isinstance(before, dict) and isinstance(after, dict):
        names = sorted(before.keys() | after.keys())
        return [d for name in names for d in difference(before.get(name), after.get(name), f"{path}/{name}")]
    return [] if before == after else [{"op": "replace", "path": path, "from": before, "to": after}]


async def perform(shop: Shop, write: Json, key: str) -> Receipt:
    """Perform one write of a task on the shop, with the shop's own ids for the items."""
    given = write["arguments"]
    order_id = OrderId(given.get("order_id", ""))
    method = PaymentMethodId(given.get("payment_method_id", ""))
    match write["tool"]:
        case "cancel_pending_order":
            return await shop.cancel_order(order_id, _REASONS[given["reason"]], key)
        case "return_delivered_order_items":
            return await shop.return_items(order_id, await line_ids(shop, given), method, key)
        case "exchange_delivered_order_items":
            lines, dearer = await line_ids(shop, given), await dearer_by(shop, given)
            return await shop.exchange_items(order_id, lines, given["new_item_ids"], method, dearer, key)
        case "modify_pending_order_items":
            lines, dearer = await line_ids(shop, given), await dearer_by(shop, given)
            return await shop.change_order_items(order_id, lines, given["new_item_ids"], method, dearer, key)
        case "modify_pending_order_payment":
            return await shop.change_order_payment(order_id, method, key)
        case "modify_pending_order_address":
            return await shop.change_order_address(order_id, address_of(given), key)
        case "modify_user_address":
            return await shop.change_customer_address(CustomerId(given["user_id"]), address_of(given), key)
        case other:
            raise LookupError(other)


def cents(amount: float) -> int:
    """Dollars as integer cents; the data has two digits."""
    return round(amount * 100)


async def line_ids(shop: Commerce, given: Json) -> list[ItemId]:
    """The shop's line ids for the wanted items: the n-th mention of an item means its n-th line."""
    order = await shop.get_order(OrderId(given["order_id"]))
    assert order is not None
    lines: dict[str, list[ItemId]] = {}
    for line in order.items:
        lines.setdefault(line.variant_id, []).append(line.id)
    return [lines[item_id].pop(0) for item_id in given["item_ids"]]


async def dearer_by(shop: Commerce, given: Json) -> int:
    """What the wanted new items cost above the old ones, in cents; what the shop does not sell costs nothing here."""
    order = await shop.get_order(OrderId(given["order_id"]))
    assert order is not None
    old = {line.variant_id: line.price_minor for line in order.items}
    products = [await shop.get_product(product_id) for product_id in {line.product_id for line in order.items}]
    new = {variant.id: variant.price_minor for product in products if product for variant in product.variants}
    return sum(new.get(item, 0) for item in given["new_item_ids"]) - sum(old[item] for item in given["item_ids"])


def _customer(user: Json) -> Json:
    return {
        "id": user["user_id"],
        "email": user["email"],
        "name": {"first": user["name"]["first_name"], "last": user["name"]["last_name"]},
        "address": address_of(user["address"]).model_dump(exclude_none=True),
        "payment_methods": [_method(method) for method in user["payment_methods"].values()],
    }


def _method(method: Json) -> Json:
    converted: Json = {"id": method["id"], "kind": _KINDS[method["source"]]}
    if "balance" in method:
        return converted | {"balance_minor": cents(method["balance"])}
    if "brand" in method:
        converted |= {"brand": method["brand"], "last4": method["last_four"]}
    return converted | {"fingerprint": method["id"]}


def address_of(given: Json) -> Address:
    assert given["country"] == "USA"
    return Address(
        line1=given["address1"],
        line2=given["address2"],
        city=given["city"],
        region=given["state"],
        postal_code=given["zip"],
        country="US",
    )


def _product(product: Json) -> Json:
    variants = [
        {
            "id": variant["item_id"],
            "options": variant["options"],
            "price_minor": cents(variant["price"]),
            "available": variant["available"],
        }
        for variant in product["variants"].values()
    ]
    return {"id": product["product_id"], "name": product["name"], "variants": variants}


def _order(order: Json) -> Json:
    seen: Counter[str] = Counter()
    items = [_item(item, seen) for item in order["items"]]
    return {
        "id": order["order_id"],
        "customer_id": order["user_id"],
        "status": _STATUSES[order["status"]],
        "address": address_of(order["address"]).model_dump(exclude_none=True),
        "items": items,
        "payments": [_payment(order, number, entry) for number, entry in enumerate(order["payment_history"], start=1)],
        "shipments": [parcel for part in order["fulfillments"] for parcel in _parcels(part, items)],
    }


def _item(item: Json, seen: Counter[str]) -> Json:
    variant = item["item_id"]
    seen[variant] += 1
    return {
        "id": variant if seen[variant] == 1 else f"{variant}/{seen[variant]}",
        "variant_id": variant,
        "product_id": item["product_id"],
        "name": item["name"],
        "price_minor": cents(item["price"]),
        "options": item["options"],
    }


def _payment(order: Json, number: int, entry: Json) -> Json:
    return {
        "id": f"{order['order_id']}-{number}",
        "method_id": entry["payment_method_id"],
        "amount_minor": cents(entry["amount"]),
        "kind": "capture" if entry["transaction_type"] == "payment" else "refund",
    }


def _parcels(part: Json, items: list[Json]) -> list[Json]:
    inside = [item["id"] for item in items if item["variant_id"] in part["item_ids"]]
    return [
        {"tracking_id": tracking_id, "carrier": "unknown", "status": "unknown", "item_ids": inside, "events": []}
        for tracking_id in part["tracking_id"]
    ]


def _user_back(customer: Json) -> Json:
    return {
        "user_id": customer["id"],
        "name": {"first_name": customer["name"]["first"], "last_name": customer["name"]["last"]},
        "address": _address_back(customer["address"]),
        "email": customer["email"],
        "payment_methods": {method["id"]: _method_back(method) for method in customer["payment_methods"]},
    }


def _method_back(method: Json) -> Json:
    back: Json = {"source": _SOURCES[method["kind"]], "id": method["id"]}
    if "balance_minor" in method:
        back["balance"] = method["balance_minor"]
    if "brand" in method:
        back |= {"brand": method["brand"], "last_four": method["last4"]}
    return back


def _address_back(address: Json) -> Json:
    assert address["country"] == "US"
    return {
        "address1": address["line1"],
        "address2": address.get("line2", ""),
        "city": address["city"],
        "state": address["region"],
        "zip": address["postal_code"],
        "country": "USA",
    }


def _order_back(order: Json) -> Json:
    variants = {item["id"]: item["variant_id"] for item in order["items"]}
    returned, exchange = order.get("return", {}), order.get("exchange", {})
    return {
        "order_id": order["id"],
        "user_id": order["customer_id"],
        "status": _STATUS_TEXTS[order["status"]],
        "address": _address_back(order["address"]),
        "items": [_item_back(item) for item in order["items"]],
        "payment_history": [_payment_back(payment) for payment in order["payments"]],
        "fulfillments": [_parcel_back(parcel, variants) for parcel in order["shipments"]],
        "cancel_reason": _REASON_TEXTS.get(order.get("cancel_reason", "")),
        "return_items": _sorted_variants(returned.get("item_ids"), variants),
        "return_payment_method_id": returned.get("refund_to"),
        "exchange_items": _sorted_variants(exchange.get("item_ids"), variants),
        "exchange_new_items": sorted(exchange["new_item_ids"]) if exchange else None,
        "exchange_payment_method_id": exchange.get("payment_method_id"),
        "exchange_price_difference": exchange.get("difference_minor"),
    }


def _sorted_variants(line_ids: list[str] | None, variants: dict[str, str]) -> list[str] | None:
    return None if line_ids is None else sorted(variants[line_id] for line_id in line_ids)


def _item_back(item: Json) -> Json:
    return {
        "name": item["name"],
        "product_id": item["product_id"],
        "item_id": item["variant_id"],
        "price": item["price_minor"],
        "options": item["options"],
    }


def _payment_back(payment: Json) -> Json:
    return {
        "transaction_type": "payment" if payment["kind"] == "capture" else "refund",
        "amount": payment["amount_minor"],
        "payment_method_id": payment["method_id"],
    }


def _parcel_back(parcel: Json, variants: dict[str, str]) -> Json:
    return {
        "tracking_id": [parcel["tracking_id"]],
        "item_ids": [variants[line_id] for line_id in parcel["item_ids"]],
    }
