"""The stories that durability tests stop at every boundary."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.rig import Rig

Step = Callable[[Rig], Awaitable[Any]]


async def faulty_item(rig: Rig, *, above_minor: int = 0, below_minor: int = 50_000) -> tuple[str, str, str]:
    """A delivered order of one item within a price range: its customer, its id, and the item's name."""
    for order in (await rig.shop())["orders"]:
        total = sum(item["price_minor"] for item in order["items"])
        if order["status"] == "delivered" and len(order["items"]) == 1 and above_minor < total <= below_minor:
            return order["customer_id"], order["id"], order["items"][0]["name"]
    raise AssertionError("The demo shop has no such order.")


async def wants_refund(rig: Rig, *, above_minor: int = 0, below_minor: int = 50_000, ticket: str = "T-1") -> Any:
    """The customer reports a broken item and wants the money back."""
    customer, order, name = await faulty_item(rig, above_minor=above_minor, below_minor=below_minor)
    return await rig.hear(
        f"The {name} from order {order} arrived broken, I want my money back.", customer=customer, ticket=ticket
    )


async def says(rig: Rig, text: str, ticket: str = "T-1") -> Any:
    """The same customer writes again on the same ticket."""
    shown = await rig.ticket_called(ticket)
    return await rig.hear(text, customer=shown["customer"]["external_id"], ticket=ticket)


async def votes(rig: Rig, ticket: str = "T-1") -> None:
    """A supervisor approves what waits."""
    shown = await rig.ticket_called(ticket)
    await rig.approve(await rig.person("sue"), shown["approvals"][0])


async def small_refund(rig: Rig) -> list[Step]:
    """Asked, confirmed, refunded."""
    return [lambda r: wants_refund(r), lambda r: says(r, "yes please")]


async def large_refund(rig: Rig) -> list[Step]:
    """Asked, confirmed, approved by a person, refunded."""
    return [
        lambda r: wants_refund(r, above_minor=50_000, below_minor=500_000),
        lambda r: says(r, "yes please"),
        lambda r: votes(r),
    ]
