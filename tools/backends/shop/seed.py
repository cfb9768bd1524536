"""The demo shop: forty customers, 120 orders in every state, products and help articles, relative to a given now."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tools.backends.shop.seed_goods import ARTICLES, demo_products
from tools.backends.shop.seed_people import demo_customers
from tools.backends.shop.seed_shipments import shipment

ORDERS = 120
_FIRST_ORDER = 100_001

# Twenty out of which the rest of the orders take their state in turn, so that every mix of the demo is the same.
_STATES = (
    ("delivered", 4),
    ("shipped", 2),
    ("pending", 0),
    ("delivered", 12),
    ("shipped", 4),
    ("delivered", 48),
    ("pending", 1),
    ("processed", 1),
    ("delivered", 21),
    ("cancelled", 9),
    ("shipped", 3),
    ("delivered", 90),
    ("pending", 0),
    ("delivered", 7),
    ("processed", 2),
    ("return_requested", 15),
    ("shipped", 6),
    ("delivered", 33),
    ("cancelled", 25),
    ("exchange_requested", 18),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """An order to be: whose, in which state, how many days ago it was placed, and which variants are in it."""

    customer: int
    status: str
    days: int
    variants: tuple[str, ...]
    refunded_minor: int = 0


# Ada's orders are the ones that guides and demos name; the second customer's e-bike is the one order above 5,000.00.
_TOLD = (
    Plan(1, "shipped", 3, ("runner-9-black", "bottle-500ml-white")),
    Plan(1, "delivered", 6, ("mug-blue", "kettle-steel")),
    Plan(1, "pending", 0, ("hoodie-m-grey", "tee-m-white")),
    Plan(1, "delivered", 11, ("espresso-steel",)),
    Plan(1, "delivered", 64, ("lamp-black",)),
    Plan(1, "cancelled", 20, ("blanket-cream",)),
    Plan(2, "delivered", 9, ("ebike-m-500wh",)),
    Plan(2, "pending", 0, ("desk-120cm-oak",)),
    Plan(3, "shipped", 5, ("headphones-cream",)),
    Plan(3, "delivered", 14, ("keyboard-us-tactile", "mug-sand", "mug-sand"), refunded_minor=1850),
)


def demo_data(now: datetime) -> dict[str, Any]:
    """The demo shop in the contract's shape, the same for the same `now` (aware UTC); every time is before `now`."""
    now = now.replace(second=0, microsecond=0)
    people = {int(customer["id"].removeprefix("cus_")): customer for customer in demo_customers()}
    catalogue = demo_products()
    lines = {variant["id"]: (product, variant) for product in catalogue for variant in product["variants"]}
    plans = [*_TOLD, *_plans(lines)]
    orders = [_order(f"D-{_FIRST_ORDER + place}", plan, people[plan.customer], lines, now) for place, plan in enumerate(plans)]
    return {
        "currency": "USD",
        "customers": list(people.values()),
        "products": catalogue,
        "orders": orders,
        "articles": ARTICLES,
    }


def _plans(lines: dict[str, Any]) -> Iterator[Plan]:
    """The orders that nobody names: mostly small, some above 500.00, several customers with several orders."""
    chance = random.Random(20_261_120)
    small = sorted(v for v, (_, variant) in lines.items() if variant["price_minor"] < 30_000)
    large = sorted(v for v, (_, variant) in lines.items() if 30_000 <= variant["price_minor"] < 100_000)
    for place in range(ORDERS - len(_TOLD)):
        status, days = _STATES[place % len(_STATES)]
        customer = 4 + place % 37 if place < 74 else 4 + chance.randrange(12)
        variants = [chance.choice(small) for _ in range(chance.choice((1, 1, 1, 2, 2, 3)))]
        if place % 11 == 5:
            variants[0] = chance.choice(large)
        older = chance.randrange(3) if days > 2 else 0
        yield Plan(customer, status, days + older, tuple(variants))


def _order(order_id: str, plan: Plan, customer: dict[str, Any], lines: dict[str, Any], now: datetime) -> dict[str, Any]:
    placed = now - timedelta(days=plan.days, hours=1 + int(order_id[-1]), minutes=7 * int(order_id[-2:]) % 60)
    items = [_item(place, *lines[variant]) for place, variant in enumerate(plan.variants, start=1)]
    total = sum(item["price_minor"] for item in items)
    method = _paid_with(customer, int(order_id[-2:]))
    order = {
        "id": order_id,
        "customer_id": customer["id"],
        "status": plan.status,
        "placed_at": _text(placed),
        "address": customer["address"],
        "items": items,
        "payments": [_payment(order_id, 1, method, total, "capture", placed)],
        "shipments": shipment(order_id, plan.status, items, placed, now, customer["address"]),
    }
    refunded = total if plan.status == "cancelled" else plan.refunded_minor
    if refunded:
        later = min(placed + timedelta(days=1), now)
        order["payments"].append(_payment(order_id, 2, method, refunded, "refund", later))
    return order | _request(plan.status, items, lines, method)


def _request(status: str, items: list[dict[str, Any]], lines: dict[str, Any], method: str) -> dict[str, Any]:
    """What the order's state says was asked for."""
    first = items[0]
    match status:
        case "cancelled":
            return {"cancel_reason": "no_longer_needed"}
        case "return_requested":
            return {"return": {"item_ids": [first["id"]], "refund_to": method}}
        case "exchange_requested":
            product, _ = lines[first["variant_id"]]
            other = next(v for v in product["variants"] if v["available"] and v["id"] != first["variant_id"])
            difference = other["price_minor"] - first["price_minor"]
            swapped = {"item_ids": [first["id"]], "new_item_ids": [other["id"]]}
            return {"exchange": {**swapped, "payment_method_id": method, "difference_minor": difference}}
        case _:
            return {}


def _item(place: int, product: dict[str, Any], variant: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"line_{place}",
        "variant_id": variant["id"],
        "product_id": product["id"],
        "name": product["name"],
        "price_minor": variant["price_minor"],
        "options": variant["options"],
    }


def _paid_with(customer: dict[str, Any], turn: int) -> str:
    """Ada pays by card; the others use their methods in turn."""
    methods = customer["payment_methods"]
    return methods[0 if customer["id"] == "cus_1" else turn % len(methods)]["id"]


def _payment(order_id: str, number: int, method: str, amount: int, kind: str, at: datetime) -> dict[str, Any]:
    return {
        "id": f"pay_{order_id[2:]}_{number}",
        "method_id": method,
        "amount_minor": amount,
        "kind": kind,
        "at": _text(at),
    }


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
