"""The goods, customers and orders of the tests' shop; amounts are cents."""

from typing import Any

ADDRESS = {"line1": "1 Main Street", "city": "Springfield", "region": "IL", "postal_code": "62701", "country": "US"}
NEW_ADDRESS = {"line1": "9 Hill Road", "city": "Dover", "region": "DE", "postal_code": "19901", "country": "US"}


def _customer(name: str, methods: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": f"cus_{name.lower()}",
        "email": f"{name.lower()}@example.com",
        "name": {"first": name, "last": "Test"},
        "address": ADDRESS,
        "payment_methods": methods,
    }


def _card(method: str, fingerprint: str, last4: str) -> dict[str, Any]:
    return {"id": method, "kind": "card", "brand": "visa", "last4": last4, "fingerprint": fingerprint}


def _order(
    order_id: str, customer: str, status: str, method: str, *prices: int, placed_at: str = "2026-11-10T10:00:00Z", **more: Any
) -> dict[str, Any]:
    items = [
        {
            "id": f"{order_id}-i{place}",
            "variant_id": f"var_{price}",
            "product_id": "prd_lamp",
            "name": "Lamp",
            "price_minor": price,
        }
        for place, price in enumerate(prices, start=1)
    ]
    payment = {"id": f"{order_id}-p1", "method_id": method, "amount_minor": sum(prices), "kind": "capture"}
    return {
        "id": order_id,
        "customer_id": customer,
        "status": status,
        "placed_at": placed_at,
        "address": ADDRESS,
        "items": [{**item, "options": {}} for item in items],
        "payments": [payment],
        "shipments": [],
        **more,
    }


SHOP: dict[str, Any] = {
    "currency": "USD",
    "customers": [
        _customer(
            "Ada",
            [
                _card("pm_ada", "fp_ada", "4242"),
                _card("pm_ada_2", "fp_ada_2", "1111"),
                {"id": "pm_ada_credit", "kind": "store_credit", "balance_minor": 5_000},
            ],
        ),
        _customer("Bob", [_card("pm_bob", "fp_shared", "2222")]),
        _customer("Cleo", [_card("pm_cleo", "fp_shared", "2222")]),
    ],
    "products": [
        {
            "id": "prd_lamp",
            "name": "Lamp",
            "variants": [
                {"id": "var_2000", "options": {"size": "s"}, "price_minor": 2_000, "available": True},
                {"id": "var_3000", "options": {"size": "m"}, "price_minor": 3_000, "available": True},
                {"id": "var_9000", "options": {"size": "l"}, "price_minor": 9_000, "available": False},
                {"id": "var_90000", "options": {"size": "xl"}, "price_minor": 90_000, "available": True},
            ],
        },
        {
            "id": "prd_rug",
            "name": "Rug",
            "variants": [{"id": "var_rug", "options": {}, "price_minor": 2_000, "available": True}],
        },
    ],
    "orders": [
        _order("D-100001", "cus_ada", "delivered", "pm_ada", 2_000, 3_000),
        _order("D-100002", "cus_ada", "pending", "pm_ada", 3_000),
        _order("D-100003", "cus_ada", "delivered", "pm_ada", 90_000),
        _order("D-100004", "cus_ada", "delivered", "pm_ada", 600_000),
        _order(
            "D-100005",
            "cus_ada",
            "shipped",
            "pm_ada",
            2_000,
            shipments=[
                {
                    "tracking_id": "TRK-5",
                    "carrier": "Parcel Co",
                    "status": "in_transit",
                    "item_ids": ["D-100005-i1"],
                    "events": [{"at": "2026-11-12T10:00:00Z", "status": "in_transit", "text": "Left the depot"}],
                }
            ],
        ),
        _order("D-100006", "cus_ada", "delivered", "pm_ada", 40_000),
        _order("D-100007", "cus_ada", "delivered", "pm_ada", 40_000, placed_at="2026-09-01T10:00:00Z"),
        _order(
            "D-200001",
            "cus_bob",
            "delivered",
            "pm_bob",
            30_000,
            shipments=[{"tracking_id": "TRK-B", "carrier": "Parcel Co", "status": "delivered", "item_ids": [], "events": []}],
        ),
        _order("D-200002", "cus_bob", "pending", "pm_bob", 3_000),
        _order("D-300001", "cus_cleo", "delivered", "pm_cleo", 30_000),
    ],
    "articles": [
        {
            "id": "art_returns",
            "title": "Returns",
            "text": "You can return a lamp within 30 days.",
            "url": "https://shop.example/r",
        }
    ],
}
