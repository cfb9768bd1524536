"""The agent over the real tool layer and the real shop: a run whose calls go through the runner."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.loop import work
from agent.model import Model
from agent.scripted import ScriptedModel
from agent.settings import AgentSettings
from agent.toolbox import Toolbox
from tests.agent.support import KEY, MemoryRun, ticket
from tests.tools.goods import ADDRESS
from tests.tools.world import World
from tools.catalogue import granted
from tools.limits import Policy
from tools.ports import Caller, Json, Lane, ToolResult
from workflows.outcome import Outcome

TENANT = "lumen"
TOOLBOX = Toolbox.of(granted(Policy(), Lane.AGENT))
OPENING = (("get_customer", {}), ("find_orders", {"limit": 5}))


def _customer(name: str, card: str) -> dict[str, Any]:
    method = {"id": f"pm_{name.lower()}", "kind": "card", "brand": "visa", "last4": card, "fingerprint": f"fp_{name.lower()}"}
    return {
        "id": f"cus_{name.lower()}",
        "email": f"{name.lower()}@example.com",
        "name": {"first": name, "last": "Test"},
        "address": ADDRESS,
        "payment_methods": [method],
    }


def _order(number: int, customer: str, status: str, *captures: int, **more: Any) -> dict[str, Any]:
    name = f"D-{number}"
    item = {
        "id": f"{name}-i1",
        "variant_id": "v_lamp_white",
        "product_id": "prd_lamp",
        "name": "Desk Lamp",
        "price_minor": 6_490,
    }
    payments = [
        {
            "id": f"{name}-p{place}",
            "method_id": f"pm_{customer}",
            "amount_minor": amount,
            "kind": "capture",
            "at": f"2026-11-0{place}T10:00:00Z",
        }
        for place, amount in enumerate(captures, start=1)
    ]
    return {
        "id": name,
        "customer_id": f"cus_{customer}",
        "status": status,
        "placed_at": "2026-11-01T10:00:00Z",
        "address": ADDRESS,
        "items": [{**item, "options": {"colour": "white"}}],
        "payments": payments,
        "shipments": [],
        **more,
    }


def _parcel(status: str, tracking: str, said: str) -> list[dict[str, Any]]:
    event = {"at": "2026-11-18T08:00:00Z", "status": status, "text": said, "location": "Dover, US"}
    return [{"tracking_id": tracking, "carrier": "UPS", "status": status, "item_ids": [], "events": [event]}]


SHOP: dict[str, Any] = {
    "currency": "USD",
    "customers": [_customer("Ada", "4242"), _customer("Bob", "1111"), _customer("Cleo", "2222")],
    "products": [
        {
            "id": "prd_lamp",
            "name": "Desk Lamp",
            "variants": [
                {"id": "v_lamp_white", "options": {"colour": "white"}, "price_minor": 6_490, "available": True},
                {"id": "v_lamp_black", "options": {"colour": "black"}, "price_minor": 6_990, "available": False},
            ],
        }
    ],
    "orders": [
        _order(200001, "ada", "shipped", 6_490, shipments=_parcel("exception", "1Z001", "Delayed: the address needs a check")),
        _order(200002, "bob", "delivered", 6_490, 6_490, shipments=_parcel("delivered", "1Z002", "Left at the front door")),
        _order(200003, "cleo", "delivered", 3_245, 3_245, shipments=_parcel("delivered", "1Z003", "Left at the front door")),
    ],
    "articles": [
        {
            "id": "invoices",
            "title": "Where to find your invoice",
            "text": "Every invoice is in your account under Orders; open the order and choose Download invoice.",
            "url": "https://shop.example.com/help/invoices",
        }
    ],
}


@dataclass
class RealRun(MemoryRun):
    """A `MemoryRun` whose calls go through the runner as one ticket's caller."""

    world: World | None = None
    caller: Caller | None = None

    async def call(self, tool: str, args: Mapping[str, Json], *, step: str) -> ToolResult:
        assert self.world is not None
        assert self.caller is not None
        return await self.world.runner.call(self.caller, tool, args, f"{self.id}:agent:{step}")

    def resumed_as(self, turn: str) -> "RealRun":
        """A new run of the same ticket, with a journal of its own."""
        assert self.caller is not None
        return RealRun(world=self.world, caller=self.caller, id=f"{self.caller.ticket}:{turn}")


@dataclass
class Desk:
    """One customer's ticket in a world with the shop above."""

    world: World
    caller: Caller
    run: RealRun

    @classmethod
    async def of(cls, world: World, customer: str = "ada") -> "Desk":
        if TENANT not in world.shops:
            await world.add_tenant(TENANT, SHOP)
        caller = await world.ticket(f"cus_{customer}", TENANT, Lane.AGENT)
        return cls(world, caller, RealRun(world=world, caller=caller, id=f"{caller.ticket}:1"))

    async def hears(self, *texts: str, model: Model | None = None, **more: Any) -> Outcome:
        """Let the agent work on these messages."""
        settings = AgentSettings(
            shop="Lumen",
            policy_text="Amounts above 500 USD need a colleague.",
            key=KEY,
            allowed_hosts=frozenset({"shop.example.com"}),
            opening=OPENING,
        )
        return await work(ticket(*texts), self.run, model or ScriptedModel(), TOOLBOX, settings, **more)

    async def says_yes(self, action_id: str) -> ToolResult:
        """The customer confirms, and the action is resumed as the pipeline does it."""
        action = await self.world.book.find(self.caller, action=action_id)  # type: ignore[arg-type]
        await self.world.says_yes(action)
        return await self.world.runner.resume(self.caller, action_id)  # type: ignore[arg-type]
