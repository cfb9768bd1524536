"""The shop of the properties: two customers who share a card, and orders on both sides of every cap; amounts are cents."""

from typing import Any

ADA, BOB = "cus_ada", "cus_bob"
NOBODYS_ADDRESS = "nobody@elsewhere.example"
ADDRESS = {"line1": "1 Main Street", "city": "Springfield", "region": "IL", "postal_code": "62701", "country": "US"}
PRICES = {"lamp": (4_000, 5_500), "chair": (30_000, 26_000), "sofa": (90_000, 70_000), "villa": (600_000, 590_000)}
"""What the two variants of each product cost."""


def _customer(name: str, *methods: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"cus_{name}",
        "email": f"{name}@example.com",
        "name": {"first": name.title(), "last": "Test"},
        "address": ADDRESS,
        "payment_methods": list(methods),
    }


def _card(method: str, fingerprint: str) -> dict[str, Any]:
    return {"id": method, "kind": "card", "brand": "visa", "last4": "4242", "fingerprint": fingerprint}


def _order(order_id: str, customer: str, status: str, paid: dict[str, int], *goods: str) -> dict[str, Any]:
    items = [
        {
            "id": f"{order_id}-i{place}",
            "variant_id": f"{name}-1",
            "product_id": name,
            "name": name.title(),
            "price_minor": PRICES[name][0],
            "options": {},
        }
        for place, name in enumerate(goods, start=1)
    ]
    return {
        "id": order_id,
        "customer_id": customer,
        "status": status,
        "placed_at": "2026-11-10T10:00:00Z",
        "address": ADDRESS,
        "items": items,
        "payments": [
            {"id": f"{order_id}-p{place}", "method_id": method, "amount_minor": amount, "kind": "capture"}
            for place, (method, amount) in enumerate(paid.items(), start=1)
        ],
        "shipments": [],
    }


SHOP: dict[str, Any] = {
    "currency": "USD",
    "customers": [
        _customer(
            "ada",
            _card("pm_ada", "fp_shared"),
            _card("pm_ada_2", "fp_ada"),
            {"id": "pm_ada_credit", "kind": "store_credit", "balance_minor": 5_000},
        ),
        _customer("bob", _card("pm_bob", "fp_shared")),
    ],
    "products": [
        {
            "id": name,
            "name": name.title(),
            "variants": [
                {"id": f"{name}-{place}", "options": {"colour": str(place)}, "price_minor": price, "available": True}
                for place, price in enumerate(prices, start=1)
            ],
        }
        for name, prices in PRICES.items()
    ],
    "orders": [
        _order("A-100001", ADA, "delivered", {"pm_ada": 30_000}, "chair"),
        _order("A-100002", ADA, "delivered", {"pm_ada": 26_000, "pm_ada_credit": 8_000}, "chair", "lamp"),
        _order("A-100003", ADA, "delivered", {"pm_ada_2": 90_000}, "sofa"),
        _order("A-100004", ADA, "delivered", {"pm_ada": 600_000}, "villa"),
        _order("A-100005", ADA, "pending", {"pm_ada": 30_000}, "chair"),
        _order("A-100006", ADA, "delivered", {"pm_ada_2": 4_000}, "lamp"),
        _order("A-100007", ADA, "delivered", {"pm_ada": 8_000}, "lamp", "lamp"),
        _order("A-100008", ADA, "pending", {"pm_ada_credit": 4_000}, "lamp"),
        _order("B-100003", BOB, "delivered", {"pm_bob": 4_000}, "lamp"),
        _order("B-100001", BOB, "delivered", {"pm_bob": 30_000}, "chair"),
        _order("B-100002", BOB, "pending", {"pm_bob": 90_000}, "sofa"),
    ],
    "articles": [],
}

OWNERS = {order["id"]: order["customer_id"] for order in SHOP["orders"]}
GOODS = {order["id"]: order["items"] for order in SHOP["orders"]}
METHODS = ("pm_ada", "pm_ada_2", "pm_ada_credit", "pm_bob")
FINGERPRINTS = {"pm_ada": "fp_shared", "pm_ada_2": "fp_ada", "pm_bob": "fp_shared"}
