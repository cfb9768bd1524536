"""Finds the customers and orders of a shop for whom a story's words are true."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from service.errors import Fatal
from service.scenarios.story import Story, Wanted
from tools.backends.shop.data import ShopData
from tools.commerce import Customer, Order
from tools.money import Money


@dataclass(frozen=True, slots=True)
class Role:
    """A customer with the order that the story is about, and another customer who has no part in it."""

    customer: Customer
    stranger: Customer
    order: Order | None = None
    strange_order: Order | None = None

    def speak(self, text: str) -> str:
        """The text with this role's names and numbers in it."""
        return text.format_map(self._words())

    def _words(self) -> Mapping[str, Any]:
        customer, order = self.customer, self.order
        words = {
            "first": customer.name.first,
            "last": customer.name.last,
            "email": customer.email,
            "city": customer.address.city if customer.address else "",
            "stranger": self.stranger.name.first,
            "strange_order": self.strange_order.id if self.strange_order else "",
        }
        if order is None:
            return words
        parcel = order.shipments[0].tracking_id if order.shipments else ""
        total = Money(order.captured_minor, order.currency).text()
        return words | {"order": order.id, "item": order.items[0].name, "parcel": parcel, "total": total}


class Casting:
    """Gives each story a role: no order twice, and the customers in turn, so that stories do not meet by accident."""

    def __init__(self, shop: ShopData, now: datetime) -> None:
        self._shop = shop
        self._now = now
        self._customers = {customer.id: customer for customer in shop.customers}
        self._orders = [order.model_copy(update={"currency": shop.currency}) for order in shop.orders]
        self._taken: set[str] = set()
        self._played: Counter[str] = Counter()
        self._roles: dict[str, Role] = {}

    def cast(self, stories: Iterable[Story]) -> list[tuple[Story, Role]]:
        """A role for each story, in order. Raises `Fatal` for a story that nobody in this shop can play."""
        return [(story, self._role(story)) for story in stories]

    def _role(self, story: Story) -> Role:
        if story.same_as is not None:
            role = self._roles[story.same_as]
        elif story.order is None:
            role = self._with(self._freshest(list(self._customers.values()), lambda customer: customer.id))
        else:
            role = self._about(story, story.order)
        self._roles[story.name] = role
        return role

    def _about(self, story: Story, wanted: Wanted) -> Role:
        fitting = [order for order in self._orders if order.customer_id in self._customers and fits(order, wanted, self._now)]
        free = [order for order in fitting if order.id not in self._taken] or fitting
        if not free:
            raise Fatal(f"No order of this shop suits the story {story.name}; it wants {_described(wanted)}.")
        order = self._freshest(free, lambda order: order.customer_id)
        self._taken.add(order.id)
        return self._with(self._customers[order.customer_id], order)

    def _freshest(self, candidates: Sequence[Any], player: Any) -> Any:
        if not candidates:
            raise Fatal("This shop has no customers; `deskrail shop load FILE` brings some.")
        return min(candidates, key=lambda candidate: self._played[player(candidate)])

    def _with(self, customer: Customer, order: Order | None = None) -> Role:
        self._played[customer.id] += 1
        others = [other for other in self._shop.customers if other.id != customer.id] or [customer]
        stranger = others[self._played.total() * 7 % len(others)]
        strange_order = next((one for one in self._orders if one.customer_id == stranger.id), None)
        return Role(customer, stranger, order, strange_order)


def fits(order: Order, wanted: Wanted, now: datetime) -> bool:
    """Whether the order is as wanted."""
    placed = order.placed_at or now
    return (
        (wanted.status is None or order.status == wanted.status)
        and (wanted.parcel is None or any(parcel.status == wanted.parcel for parcel in order.shipments))
        and all(any(part.lower() in item.name.lower() for item in order.items) for part in wanted.holds)
        and (wanted.lines is None or len(order.items) == wanted.lines)
        and order.captured_minor > wanted.above_minor
        and (wanted.below_minor is None or order.captured_minor < wanted.below_minor)
        and placed <= now - timedelta(days=wanted.older_days)
        and (wanted.younger_days is None or placed > now - timedelta(days=wanted.younger_days))
    )


def _described(wanted: Wanted) -> str:
    return ", ".join(f"{name} {value}" for name, value in wanted.model_dump(exclude_defaults=True).items())
