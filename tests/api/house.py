"""A whole service without a worker: its databases, two tenants with the same goods, keys, and a client that speaks HTTP."""

import base64
import copy
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import func, inspect, select, table
from standardwebhooks import Webhook

from service.app import create_app
from service.bootstrap import Services, build, prepare
from service.payload import EXAMPLE
from service.serving import address, listen, serving
from service.settings import load as load_settings
from service.store import api_keys, people
from service.store.api_keys import Scope
from service.store.people import Person, Role
from service.store.schema import metadata
from service.store.tenancy import across_tenants, within
from service.store.tenants import ensure_tenant
from tests.tools.goods import SHOP
from tools.backends.shop import Faulty, Shop, UnknownShop
from tools.backends.shop import dump as dump_shop
from tools.backends.shop import load as load_shop
from tools.backends.shop.engine import SCHEMA
from tools.ports import Clock, TenantName

SECRETS = {name: "whsec_" + base64.b64encode(name.encode() * 7).decode() for name in ("default", "acme", "older")}
EVERYTHING = ",".join(Scope)


@dataclass
class House:
    """The service and a client for it."""

    services: Services
    http: httpx.AsyncClient
    shops: Mapping[str, Faulty]

    async def rows(self) -> dict[str, int]:
        """How many rows each of our tables holds, and the engine's table of workflows."""
        with across_tenants():
            async with self.services.db.reading() as conn:
                counts = {
                    one.name: (await conn.execute(select(func.count()).select_from(one))).scalar_one()
                    for one in metadata.sorted_tables
                }
                name, schema = engine_table(self.services)
                found = await conn.execute(select(func.count()).select_from(table(name, schema=schema)))
                return counts | {"workflow_status": found.scalar_one()}

    async def person(self, role: Role, tenant: str = "default", email: str | None = None) -> Person:
        """Somebody with this role."""
        with within(tenant):
            async with self.services.db.begin() as conn:
                name = email or f"{role}@{tenant}.example"
                known = await people.find_by_email(conn, tenant, name)
                return known or await people.create(conn, TenantName(tenant), name, "", role, self.services.clock())

    async def key(
        self, scopes: str = EVERYTHING, role: Role | None = Role.AGENT, tenant: str = "default", email: str | None = None
    ) -> dict[str, str]:
        """Headers with a new key of these scopes; it acts as a person with this role, or as the person with this address."""
        person = None if role is None else await self.person(role, tenant, email)
        kept = [one for one in scopes.split(",") if person or one != Scope.APPROVALS_DECIDE]
        with within(tenant):
            async with self.services.db.begin() as conn:
                made = await api_keys.create(
                    conn,
                    TenantName(tenant),
                    "test",
                    api_keys.parse_scopes(",".join(kept)),
                    person and person.id,
                    self.services.clock(),
                )
        return {"Authorization": f"Bearer {made.token}"}

    async def deliver(self, body: Any, tenant: str = "default", webhook_id: str = "msg_1", **changed: str) -> httpx.Response:
        """Post a webhook as a stock sender signs it; `changed` replaces headers."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = signed(raw, tenant, webhook_id, self.services.clock()) | changed
        return await self.http.post(f"/v1/webhooks/{tenant}/standard", content=raw, headers=headers)

    async def ticket(self, external_id: str = "T-1", tenant: str = "default", customer: str = "cus_ada") -> str:
        """The id of a new ticket of this customer."""
        answer = await self.deliver(message(external_id, customer=customer), tenant, f"msg_{external_id.encode().hex()}")
        assert answer.status_code == 202, answer.text
        return answer.json()["ticket_id"]


def engine_table(services: Services) -> tuple[str, str | None]:
    """The name and schema of the engine's table of drains."""
    return "workflow_status", None if services.db.is_sqlite else "dbos"


async def prepared(services: Services) -> bool:
    """Whether an earlier test has prepared this database for the engine and for the shop, each of which may come alone."""
    async with services.db.reading() as conn:
        name, schema = engine_table(services)
        engine = await conn.run_sync(lambda sync: inspect(sync).has_table(name, schema))
    async with services.shop_engine.connect() as conn:
        schema = None if conn.dialect.name == "sqlite" else SCHEMA
        return engine and await conn.run_sync(lambda sync: inspect(sync).has_table("customers", schema))


def signed(raw: bytes, tenant: str, webhook_id: str, at: datetime) -> dict[str, str]:
    """The headers that the stock library's signer makes for this body."""
    signature = Webhook(SECRETS[tenant]).sign(webhook_id, at.replace(tzinfo=UTC), raw.decode())
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
        "content-type": "application/json",
    }


def message(ticket: str = "T-1", message_id: str = "m-1", text: str = "Where is D-1?", **customer: Any) -> dict[str, Any]:
    """A webhook body; `customer` replaces the sender's id by `customer=`, or other fields of the sender."""
    body: dict[str, Any] = copy.deepcopy(EXAMPLE)
    body["data"]["ticket"]["external_id"] = ticket
    body["data"]["message"] |= {"external_id": message_id, "text": text}
    body["data"]["customer"]["external_id"] = customer.pop("customer", "cus_ada")
    body["data"]["customer"] |= customer
    return body


@asynccontextmanager
async def open_house(url: str, clock: Clock, **changed: str) -> AsyncIterator[House]:
    """The service over this database, reached in process; `changed` adds to its environment."""
    environment = {
        "DESKRAIL_DATABASE_URL": url,
        "DESKRAIL_MODEL_PROVIDER": "scripted",
        "DESKRAIL_SESSION_SECRET": "a session secret of the tests",
        "DESKRAIL_WEBHOOK_SECRET": f"{SECRETS['default']},{SECRETS['older']}",
        "DESKRAIL_TENANT_ACME_WEBHOOK_SECRETS": SECRETS["acme"],
        "DESKRAIL_TENANT_GHOST_WEBHOOK_SECRETS": SECRETS["acme"],
        **changed,
    }
    shops: dict[str, Faulty] = {}
    services = build(load_settings(environment), clock=clock, commerce_for=lambda tenant: shops[tenant])
    if not await prepared(services):
        await prepare(services)
    for tenant in ("default", "acme"):
        with within(tenant):
            async with services.db.begin() as conn:
                await ensure_tenant(conn, tenant, clock())
        try:
            await dump_shop(services.shop_engine, tenant)
        except UnknownShop:
            await load_shop(services.shop_engine, tenant, SHOP)
        shops[tenant] = Faulty(Shop(services.shop_engine, tenant, clock))
    transport = httpx.ASGITransport(create_app(services), raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as http:
        yield House(services, http, shops)
    await services.close()


@asynccontextmanager
async def on_the_wire(house: House) -> AsyncIterator[House]:
    """The same service, reached over a real socket."""
    async with reach(create_app(house.services)) as http:
        yield House(house.services, http, house.shops)


@asynccontextmanager
async def reach(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client for an application behind a real server on a free loopback port."""
    listening = listen("127.0.0.1", 0)
    async with serving(app, listening), httpx.AsyncClient(base_url=address(listening), timeout=30) as http:
        yield http
