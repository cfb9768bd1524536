"""A shop small enough to count by hand: three people, two products, four orders."""

import copy
from typing import Any

from tools.commerce import ItemId, OrderId, PaymentMethodId, RefundLeg

PENDING, DELIVERED, SHIPPED = OrderId("O-PENDING"), OrderId("O-DELIVERED"), OrderId("O-SHIPPED")
BOBS = OrderId("O-BOBS")
CARD, PAYPAL, CREDIT = PaymentMethodId("pm_card"), PaymentMethodId("pm_paypal"), PaymentMethodId("pm_credit")
BOBS_CARD, BOBS_CREDIT = PaymentMethodId("pm_bob_card"), PaymentMethodId("pm_bob_credit")
FIRST_MUG, SECOND_MUG, LAMP = ItemId("l1"), ItemId("l2"), ItemId("l3")

_ADDRESS = {"line1": "14 Harbour Street", "city": "Portland", "region": "ME", "postal_code": "04101", "country": "US"}


def leg(method: PaymentMethodId, amount_minor: int) -> RefundLeg:
    """One part of a refund."""
    return RefundLeg(method_id=method, amount_minor=amount_minor)


def _customer(name: str, email: str, *methods: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"cus_{name}",
        "email": email,
        "name": {"first": name.title(), "last": "Example"},
        "address": _ADDRESS,
        "payment_methods": list(methods),
    }


def _variant(variant_id: str, price_minor: int, available: bool = True) -> dict[str, Any]:
    colour = variant_id.partition("-")[2]
    return {"id": variant_id, "options": {"colour": colour}, "price_minor": price_minor, "available": available}


def _line(line_id: str, variant_id: str, price_minor: int) -> dict[str, Any]:
    product, _, colour = variant_id.partition("-")
    return {
        "id": line_id,
        "variant_id": variant_id,
        "product_id": product,
        "name": product.title(),
        "price_minor": price_minor,
        "options": {"colour": colour},
    }


def _order(
    order_id: str, customer: str, status: str, day: int, items: list[dict[str, Any]], paid: dict[str, int]
) -> dict[str, Any]:
    at = f"2026-11-{day:02d}T09:00:00Z"
    return {
        "id": order_id,
        "customer_id": f"cus_{customer}",
        "status": status,
        "placed_at": at,
        "address": _ADDRESS,
        "items": items,
        "payments": [
            {"id": f"{order_id}-{n}", "method_id": method, "amount_minor": amount, "kind": "capture", "at": at}
            for n, (method, amount) in enumerate(paid.items(), start=1)
        ],
        "shipments": [],
    }


_MUGS = [_line("l1", "mug-blue", 1850), _line("l2", "mug-blue", 1850)]
_PARCEL = {
    "tracking_id": "1Z0001",
    "carrier": "UPS",
    "status": "in_transit",
    "item_ids": ["l3"],
    "events": [{"at": "2026-11-19T08:00:00Z", "status": "in_transit", "text": "Departed", "location": "Ohio"}],
}

SMALL_SHOP: dict[str, Any] = {
    "currency": "USD",
    "customers": [
        _customer(
            "ada",
            "Ada@Example.com",
            {"id": "pm_card", "kind": "card", "brand": "visa", "last4": "4242", "fingerprint": "fp_1"},
            {"id": "pm_paypal", "kind": "paypal", "fingerprint": "fp_2"},
            {"id": "pm_credit", "kind": "store_credit", "balance_minor": 5000},
        ),
        _customer(
            "bob",
            "twin@example.com",
            {"id": "pm_bob_card", "kind": "card", "brand": "visa", "last4": "1111", "fingerprint": "fp_3"},
            {"id": "pm_bob_credit", "kind": "store_credit", "balance_minor": 1000},
        ),
        _customer("carol", "twin@example.com"),
    ],
    "products": [
        {
            "id": "mug",
            "name": "Mug",
            "variants": [
                _variant("mug-blue", 1850),
                _variant("mug-red", 2050),
                _variant("mug-gold", 9850),
                _variant("mug-plain", 1500),
                _variant("mug-gone", 1850, available=False),
            ],
        },
        {"id": "lamp", "name": "Lamp", "variants": [_variant("lamp-white", 6490), _variant("lamp-black", 6490)]},
    ],
    "orders": [
        _order("O-PENDING", "ada", "pending", 19, _MUGS, {"pm_card": 3700}),
        _order(
            "O-DELIVERED",
            "ada",
            "delivered",
            10,
            [*_MUGS, _line("l3", "lamp-white", 6490)],
            {"pm_card": 8190, "pm_credit": 2000},
        ),
        _order("O-SHIPPED", "ada", "shipped", 15, [_line("l3", "lamp-white", 6490)], {"pm_paypal": 6490})
        | {"shipments": [_PARCEL]},
        _order("O-BOBS", "bob", "delivered", 12, [_line("l1", "mug-blue", 1850)], {"pm_bob_card": 1850}),
    ],
    "articles": [
        {"id": "returns", "title": "How to return something", "text": "Within 30 days.", "url": "https://x.example/r"},
        {"id": "parcel", "title": "Where is my parcel?", "text": "Look at the tracking page.", "url": "https://x.example/p"},
    ],
}


def with_balance(balance_minor: int) -> dict[str, Any]:
    """The small shop with another balance on Ada's store credit."""
    shop = copy.deepcopy(SMALL_SHOP)
    shop["customers"][0]["payment_methods"][2]["balance_minor"] = balance_minor
    return shop
