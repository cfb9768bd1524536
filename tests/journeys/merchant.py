"""The merchant's own system as it reports later: what it does in its shop, and the signed events that it sends about it."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any

import httpx
from sqlalchemy import func, select
from standardwebhooks import Webhook

from service.app import create_app
from service.bootstrap import embedded_shop
from service.settings import EmbeddedShop
from service.store import api_keys
from service.store.api_keys import Scope
from service.store.money_schema import ledger
from service.store.people import Role
from tests.conftest import StandingClock
from tests.rig import Rig, rig, rig_settings, tenant_file
from tools.backends.shop import Shop, SlowShop
from tools.ports import TenantName

BACKEND_KEY = b"the merchant's own system's key."
BACKEND_SECRET = "whsec_" + base64.b64encode(BACKEND_KEY).decode()


@dataclass
class Merchant:
    """The people behind the shop, on the same database as the service."""

    service: Rig
    http: httpx.AsyncClient
    shop: Shop
    slow: SlowShop

    async def tells(
        self, kind: str, key: str, *, webhook: str = "evt-1", secret: str = BACKEND_SECRET, tenant: str = "default"
    ) -> httpx.Response:
        """The shop's event about the effect with this key, as a stock signer signs it."""
        at = self.service.clock()
        raw = json.dumps({"type": kind, "timestamp": at.isoformat(), "data": {"key": key}})
        headers = {
            "webhook-id": webhook,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret).sign(webhook, at.replace(tzinfo=UTC), raw),
        }
        return await self.http.post(f"/v1/webhooks/{tenant}/backend", content=raw, headers=headers)

    async def key(self, name: str, role: Role = Role.SUPERVISOR) -> dict[str, str]:
        """Headers with the key of somebody with this role."""
        person = await self.service.person(name, role)
        scopes = api_keys.parse_scopes(",".join(Scope))
        async with self.service.services.db.begin() as conn:
            made = await api_keys.create(conn, TenantName("default"), name, scopes, person.id, self.service.clock())
        return {"Authorization": f"Bearer {made.token}"}

    async def balances(self) -> dict[str, int]:
        """What stands on each account of our ledger that is not at zero."""
        async with self.service.services.db.reading() as conn:
            sums = select(ledger.c.account, func.sum(ledger.c.amount_minor).label("total")).group_by(ledger.c.account)
            return {row.account: int(row.total) for row in await conn.execute(sums) if row.total}


@asynccontextmanager
async def merchant(url: str, clock: StandingClock, **tenant: Any) -> AsyncIterator[Merchant]:
    """A service over a shop that behaves as `tenant`'s settings say."""
    settings = replace(rig_settings(url, file=tenant_file(**tenant)), backend_keys={"default": (BACKEND_KEY,)})
    async with rig(url, clock, settings=settings) as service:
        services = service.services
        slow = embedded_shop(settings, services.shop_engine, clock, "default")
        pay = settings.tenant("default").shop.returns_pay
        shop = Shop(services.shop_engine, "default", clock, returns_pay=pay)
        transport = httpx.ASGITransport(create_app(services), raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as http:
            yield Merchant(service, http, shop, slow)


def slow(*methods: str) -> EmbeddedShop:
    """Settings of a shop for which these effects take long."""
    return EmbeddedShop.model_validate({"slow": methods})
