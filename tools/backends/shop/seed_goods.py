"""What the demo shop sells, and its help centre."""

from itertools import product as combinations
from typing import Any, NamedTuple


class Good(NamedTuple):
    """A product: its options by name, a price in cents, what each dearer option adds, and what is sold out."""

    slug: str
    name: str
    price_minor: int
    options: dict[str, list[str]]
    extra_minor: dict[str, int] = {}  # noqa: RUF012  A named tuple's default is never written to.
    sold_out: frozenset[str] = frozenset()


_GOODS = [
    Good("tee", "Organic T-Shirt", 2400, {"size": ["S", "M", "L", "XL"], "colour": ["white", "navy"]}, {"XL": 200}),
    Good(
        "hoodie",
        "Brushed Hoodie",
        5900,
        {"size": ["S", "M", "L"], "colour": ["grey", "forest"]},
        sold_out=frozenset({"hoodie-s-forest"}),
    ),
    Good("runner", "Trail Running Shoes", 11900, {"size": ["8", "9", "10", "11"], "colour": ["black", "orange"]}),
    Good("jacket", "Rain Jacket", 16500, {"size": ["S", "M", "L"], "colour": ["yellow", "black"]}),
    Good("mug", "Stoneware Mug", 1850, {"colour": ["sand", "blue", "charcoal"]}),
    Good("kettle", "Pour-Over Kettle", 8900, {"finish": ["steel", "black"]}, {"black": 1000}),
    Good("bottle", "Insulated Bottle", 3200, {"size": ["500 ml", "750 ml"], "colour": ["white", "green"]}, {"750 ml": 500}),
    Good("headphones", "Noise-Cancelling Headphones", 27900, {"colour": ["black", "cream"]}),
    Good(
        "keyboard",
        "Mechanical Keyboard",
        14900,
        {"layout": ["US", "UK", "DE"], "switches": ["linear", "tactile"]},
        sold_out=frozenset({"keyboard-de-tactile"}),
    ),
    Good("lamp", "Desk Lamp", 6490, {"colour": ["white", "black"]}),
    Good("backpack", "Commuter Backpack", 9800, {"size": ["18 l", "24 l"], "colour": ["grey", "olive"]}, {"24 l": 1500}),
    Good("blanket", "Wool Blanket", 7950, {"colour": ["cream", "rust"]}),
    Good("espresso", "Espresso Machine", 74900, {"colour": ["steel", "red"]}, {"red": 2500}),
    Good("desk", "Standing Desk", 68900, {"width": ["120 cm", "160 cm"], "top": ["oak", "white"]}, {"160 cm": 9000}),
    Good("ebike", "Cargo E-Bike", 549000, {"frame": ["M", "L"], "battery": ["500 Wh", "750 Wh"]}, {"750 Wh": 60000}),
]

ARTICLES: list[dict[str, Any]] = [
    {
        "id": "shipping-times",
        "title": "How long delivery takes",
        "text": "We pack orders within one working day. Standard delivery takes 3 to 5 working days within the country and "
        "5 to 10 days abroad. Express takes 1 to 2 working days. You receive a tracking number by e-mail as soon as the "
        "carrier has picked up your parcel.",
        "url": "https://shop.example.com/help/shipping-times",
    },
    {
        "id": "late-parcel",
        "title": "My parcel is late or was not delivered",
        "text": "Look at the tracking page first: a parcel that was scanned in the last three days is on its way. If "
        "nothing moved for five working days, or if the carrier says delivered and you have nothing, write to us and we "
        "will find the parcel, send it again or give your money back.",
        "url": "https://shop.example.com/help/late-parcel",
    },
    {
        "id": "returns",
        "title": "How to return something",
        "text": "You can return unused items within 30 days after delivery. Tell us the order number and the items; we "
        "send you a prepaid label by e-mail. The refund goes to the original payment method, or to store credit if you "
        "prefer, once the parcel has arrived in our warehouse.",
        "url": "https://shop.example.com/help/returns",
    },
    {
        "id": "exchanges",
        "title": "Exchanging for another size or colour",
        "text": "A delivered item can be exchanged once for another variant of the same product that is in stock. We "
        "charge or refund the difference in price. Collect all the items that you want to exchange in one request.",
        "url": "https://shop.example.com/help/exchanges",
    },
    {
        "id": "refund-times",
        "title": "When a refund reaches your account",
        "text": "Refunds to store credit are there at once. Refunds to a card or to PayPal leave us the same day and take "
        "5 to 7 business days to appear on your statement, depending on your bank.",
        "url": "https://shop.example.com/help/refund-times",
    },
    {
        "id": "cancel-order",
        "title": "Cancelling an order",
        "text": "An order can be cancelled as long as it is pending, which means that we have not started packing it. "
        "Everything that you have paid goes back to where it came from. A processed or shipped order cannot be cancelled, "
        "but you can return it after delivery.",
        "url": "https://shop.example.com/help/cancel-order",
    },
    {
        "id": "change-order",
        "title": "Changing the address, the items or the payment of an order",
        "text": "While an order is pending we can change its delivery address, swap an item for another variant of the "
        "same product, or charge another of your payment methods. Items can be swapped once; afterwards nothing about the "
        "order can be changed or cancelled.",
        "url": "https://shop.example.com/help/change-order",
    },
    {
        "id": "damaged",
        "title": "Something arrived damaged or wrong",
        "text": "We are sorry. Send us the order number, what is wrong and a photo if you can. We refund the item or send "
        "a new one, and you do not need to return anything that is broken.",
        "url": "https://shop.example.com/help/damaged",
    },
    {
        "id": "store-credit",
        "title": "Store credit and gift cards",
        "text": "Store credit belongs to your account, never expires and pays for whole orders. You see the balance on "
        "your account page. It cannot be paid out in cash or given to another account.",
        "url": "https://shop.example.com/help/store-credit",
    },
    {
        "id": "invoice",
        "title": "Invoices and VAT numbers",
        "text": "The invoice is attached to your order confirmation and stands on your account page under the order. If "
        "you need a company name or a VAT number on it, tell us within 14 days and we issue it again.",
        "url": "https://shop.example.com/help/invoice",
    },
    {
        "id": "warranty",
        "title": "Warranty and repairs",
        "text": "Everything we sell has a two-year warranty; the frame of the cargo e-bike has five years. Write to us "
        "with the order number and what has failed, and we repair the product or replace it.",
        "url": "https://shop.example.com/help/warranty",
    },
]


def demo_products() -> list[dict[str, Any]]:
    """The demo shop's products with all their variants, in the contract's shape."""
    return [
        {"id": f"prod_{good.slug}", "name": good.name, "variants": [_variant(good, c) for c in _choices(good)]}
        for good in _GOODS
    ]


def _choices(good: Good) -> list[tuple[str, ...]]:
    return list(combinations(*good.options.values()))


def _variant(good: Good, choice: tuple[str, ...]) -> dict[str, Any]:
    variant_id = "-".join((good.slug, *choice)).lower().replace(" ", "")
    return {
        "id": variant_id,
        "options": dict(zip(good.options, choice, strict=True)),
        "price_minor": good.price_minor + sum(good.extra_minor.get(value, 0) for value in choice),
        "available": variant_id not in good.sold_out,
    }
