"""What the customers' orders and money should be: a few lines of arithmetic that know nothing of the service."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.properties.shop import OWNERS, PRICES, SHOP
from tests.properties.votes import Given, Votes
from tools.backends.shop import BookEntry

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Wish:
    """What somebody who may say so wanted: which tool on which order, with an amount where they named one."""

    tool: str
    order_id: str | None
    amount_minor: int | None = None


@dataclass
class OrderBook:
    """One order: its state, and what each method has paid and not had back, the first payer first."""

    status: str
    items: dict[str, int]
    left: dict[str, int]
    captured: int
    refunded: int = 0
    payments: int = 1

    def give_back(self, amount: int) -> dict[str, int]:
        """Spread an amount over those who paid; returns what each gets."""
        assert 0 < amount <= self.captured - self.refunded, "More went back than was left."
        legs: dict[str, int] = {}
        rest = amount
        for method, left in self.left.items():
            if part := min(rest, left):
                legs[method] = part
                rest -= part
        assert rest == 0
        return legs


@dataclass
class Model:
    """All orders and purses of one shop, what was agreed to by whom, and who voted."""

    orders: dict[str, OrderBook] = field(default_factory=dict)
    credit: Counter[str] = field(default_factory=Counter)
    wished: set[Wish] = field(default_factory=set)
    agreed: set[str] = field(default_factory=set)
    denied: set[str] = field(default_factory=set)
    votes: Votes = field(default_factory=Votes)
    moved: dict[str, Mapping[str, int]] = field(default_factory=dict)
    """What each action has moved, by method, unless it has come back."""
    owed: dict[str, tuple[str, int]] = field(default_factory=dict)
    """What moves to which method when the goods of an order arrive; less than nothing is charged to it."""

    def __post_init__(self) -> None:
        for order in SHOP["orders"]:
            left = {payment["method_id"]: payment["amount_minor"] for payment in order["payments"]}
            items = {item["id"]: item["price_minor"] for item in order["items"]}
            self.orders[order["id"]] = OrderBook(order["status"], items, left, sum(left.values()), payments=len(left))
        for customer in SHOP["customers"]:
            for method in customer["payment_methods"]:
                if method["kind"] == "store_credit":
                    self.credit[method["id"]] = method["balance_minor"]

    def wants(self, wish: Wish) -> None:
        """Somebody wants something; who sends back what has not left yet is offered to have it cancelled, and may agree."""
        self.wished.add(wish)
        if wish.tool in ("return_items", "issue_refund"):
            self.wished.add(Wish("cancel_order", wish.order_id))

    def effect(self, entry: BookEntry, action_id: str, decided_at: datetime) -> None:
        """Something happened in the shop: it was wanted and agreed to, enough people voted, and it changes this much."""
        tool = "issue_refund" if entry.kind == "refund" else entry.kind
        money = entry.amount_minor if entry.amount_minor else None
        wanted = {Wish(tool, entry.order_id), Wish(tool, entry.order_id, money)}
        assert wanted & self.wished, f"Nobody wanted {tool} on {entry.order_id} of {money}."
        assert tool == "add_note" or action_id in self.agreed, f"Nobody said yes to {tool} ({action_id})."
        assert action_id not in self.denied, f"{tool} ({action_id}) was denied."
        if entry.order_id:
            assert OWNERS[entry.order_id] == entry.customer_id, "Somebody else's order was touched."
            legs = getattr(self, f"_{entry.kind}")(self.orders[entry.order_id], entry)
            if entry.amount_minor:
                self.votes.spent(Given(action_id, decided_at, entry.customer_id, entry.amount_minor, tuple(legs)))
                self.moved[action_id] = legs

    def arrived(self, entry: BookEntry) -> None:
        """Goods are in the warehouse: whatever happened since, all that was promised for them moves."""
        assert entry.order_id
        order, (method, owed) = self.orders[entry.order_id], self.owed.pop(entry.order_id)
        assert entry.amount_minor == max(0, owed), f"{owed} was promised on {entry.order_id}, and {entry.amount_minor} moved."
        if owed > 0:
            self._pay(order, {method: owed})
        elif owed < 0:
            self._charge(order, method, -owed)

    def came_back(self, entry: BookEntry, action_id: str) -> None:
        """The bank has sent back what an action moved: it stands on the order again, and is nobody's money back any more."""
        assert entry.order_id
        order, legs = self.orders[entry.order_id], self.moved.pop(action_id)
        assert entry.amount_minor == -sum(legs.values())
        for method, amount in legs.items():
            assert method not in self.credit, "A store credit has its money at once."
            order.left[method] += amount
            order.refunded -= amount
            order.payments -= 1
        self.votes.returned(action_id)

    def _pay(self, order: OrderBook, legs: Mapping[str, int]) -> Mapping[str, int]:
        for method, amount in legs.items():
            order.left[method] = order.left.get(method, 0) - amount
            order.refunded += amount
            order.payments += 1
            if method in self.credit:
                self.credit[method] += amount
        return legs

    def _charge(self, order: OrderBook, method: str, amount: int) -> None:
        order.left[method] = order.left.get(method, 0) + amount
        order.captured += amount
        order.payments += 1
        if method in self.credit:
            self.credit[method] -= amount
            assert self.credit[method] >= 0

    def _refund(self, order: OrderBook, entry: BookEntry) -> Mapping[str, int]:
        return self._pay(order, order.give_back(entry.amount_minor))

    def _cancel_order(self, order: OrderBook, entry: BookEntry) -> Mapping[str, int]:
        assert order.status == "pending"
        order.status = "cancelled"
        left = order.captured - order.refunded
        assert entry.amount_minor == left
        return self._pay(order, order.give_back(left)) if left else {}

    def _return_items(self, order: OrderBook, entry: BookEntry) -> Mapping[str, int]:
        assert order.status == "delivered"
        order.status = "return_requested"
        value = sum(order.items[item] for item in entry.request["item_ids"])
        assert entry.amount_minor == value <= order.captured - order.refunded
        return self._owes(entry, entry.request["refund_to"], value)

    def _exchange_items(self, order: OrderBook, entry: BookEntry) -> Mapping[str, int]:
        assert order.status == "delivered"
        order.status = "exchange_requested"
        difference = self._difference(order, entry)
        assert entry.amount_minor == max(0, -difference)
        return self._owes(entry, entry.request["payment_method_id"], -difference)

    def _owes(self, entry: BookEntry, method: str, amount: int) -> Mapping[str, int]:
        """The money follows when the goods arrive."""
        self.owed[entry.order_id or ""] = (method, amount)
        return {method: max(0, amount)}

    def _change_order_items(self, order: OrderBook, entry: BookEntry) -> Mapping[str, int]:
        assert order.status == "pending"
        order.status = "items_modified"
        difference, method = self._difference(order, entry), entry.request["payment_method_id"]
        for item, variant in zip(entry.request["item_ids"], entry.request["new_item_ids"], strict=True):
            order.items[item] = _price(variant)
        if difference > 0:
            self._charge(order, method, difference)
        return self._pay(order, {method: -difference}) if difference < 0 else {}

    def _change_order_payment(self, order: OrderBook, entry: BookEntry) -> Mapping[str, int]:
        assert (order.status, order.payments) == ("pending", 1)
        (before, amount), method = next(iter(order.left.items())), entry.request["payment_method_id"]
        self._charge(order, method, amount)
        self._pay(order, {before: amount})
        return {}

    def _difference(self, order: OrderBook, entry: BookEntry) -> int:
        pairs = zip(entry.request["item_ids"], entry.request["new_item_ids"], strict=True)
        return sum(_price(variant) - order.items[item] for item, variant in pairs)

    def agrees_with(self, shop: Json) -> None:
        """The shop holds exactly what it should."""
        for order in shop["orders"]:
            book, left = self.orders[order["id"]], Counter[str]()
            for payment in order["payments"]:
                left[payment["method_id"]] += payment["amount_minor"] * (1 if payment["kind"] == "capture" else -1)
            assert order["status"] == book.status, order["id"]
            assert dict(left) == book.left, order["id"]
            assert {item["id"]: item["price_minor"] for item in order["items"]} == book.items, order["id"]
        purses = {
            method["id"]: method["balance_minor"]
            for customer in shop["customers"]
            for method in customer["payment_methods"]
            if method["kind"] == "store_credit"
        }
        assert purses == dict(self.credit)


def _price(variant: str) -> int:
    product, _, place = variant.partition("-")
    return PRICES[product][int(place) - 1]
