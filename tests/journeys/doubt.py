"""A refund of which nobody knows whether it happened, and the people who find out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
from sqlalchemy import update

from service.app import create_app
from service.store.money_schema import actions
from service.store.people import Role
from service.store.reconcile import reconcile
from service.store.tenancy import across_tenants
from tests.conftest import StandingClock
from tests.journeys.merchant import BACKEND_KEY, Merchant
from tests.rig import rig, rig_settings
from tools.backends.shop import Fault, Faulty, Shop, SlowShop

BROKEN = "The kettle from order D-100002 arrived broken, I want my money back."
KETTLE = 8_900
AWAY = Fault("unreachable")
LONG = 200
"""So many calls in a row that nobody gets through."""


@dataclass
class Doubt(Merchant):
    """A service over a shop that answers only when a test lets it."""

    faulty: Faulty

    def goes_away(self) -> None:
        """From now on the shop can neither be asked nor read."""
        for method in ("find_effect", "get_order"):
            self.faulty.script(method, *[AWAY] * LONG)

    def comes_back(self) -> None:
        """From now on everything works."""
        self.faulty.recover()

    async def unknown(self, **how: Any) -> dict[str, Any]:
        """A ticket whose refund was sent without any answer; `lost` says where the answer, or the request, was lost."""
        self.faulty.script("refund", Fault(how.get("lost", "lost_request")))
        self.faulty.script("find_effect", *[AWAY] * LONG)
        await self.service.say(BROKEN)
        self.service.clock.advance(minutes=5)
        ticket = await self.service.say("Yes please")
        assert [one["status"] for one in ticket["actions"]] == ["unknown"]
        return ticket

    async def sweep(self, minutes: int = 5) -> None:
        """What a worker does some minutes later."""
        s = self.service.services
        self.service.clock.advance(minutes=minutes)
        with across_tenants():
            async with s.db.begin() as conn:
                await conn.execute(update(actions).values(lease_until=None))
            await reconcile(s.db, s.book, s.runner, self.service.clock)
        await self.service.work()

    async def settles(
        self, action: str, outcome: str, *, by: str = "grace", role: Role = Role.SUPERVISOR, **told: Any
    ) -> httpx.Response:
        """Somebody says over the API what became of the action; then the ticket is worked on."""
        body = {"outcome": outcome, "reason": "Their payment list says so."} | told
        answer = await self.http.post(f"/v1/actions/{action}/settlement", json=body, headers=await self.key(by, role))
        await self.service.work()
        return answer


@asynccontextmanager
async def doubt(url: str, clock: StandingClock, *, forgets_keys: bool = False) -> AsyncIterator[Doubt]:
    """A service over the demo shop, whose calls can go wrong."""
    shops: dict[str, Faulty] = {}
    settings = replace(rig_settings(url), backend_keys={"default": (BACKEND_KEY,)})
    async with rig(url, clock, settings=settings, commerce_for=lambda tenant: shops[tenant]) as service:
        engine = service.services.shop_engine
        shop = Shop(engine, "default", clock)
        faulty = shops["default"] = Faulty(shop, forgets_keys)
        transport = httpx.ASGITransport(create_app(service.services), raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as http:
            yield Doubt(service, http, shop, SlowShop(shop, engine, "default", clock, ()), faulty)
