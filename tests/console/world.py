"""A whole service for the console's tests: real parts over a fresh database, people with roles, and browsers with cookies."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import Table, func, select, update

from service import accounts
from service.app import create_app
from service.bootstrap import CommerceFor, Services, build, prepare
from service.payload import IncomingMessage
from service.settings import load
from service.store.people import Person, Role
from service.store.schema import metadata, tickets
from service.store.sessions import Purpose
from tests.conftest import StandingClock
from tools.backends.shop import demo_data
from tools.backends.shop import load as load_shop
from tools.ports import Caller, Lane, TenantName, TicketId, ToolResult, Verification

HERE = {"sec-fetch-site": "same-origin", "origin": "http://desk.test"}
"""What a browser says of a form on the console's own page."""

ESPRESSO = {"order_id": "D-100004", "amount_minor": 74_900, "currency": "USD", "reason": "damaged"}
"""A refund to Ada that one supervisor must approve."""

E_BIKE = {"order_id": "D-100007", "amount_minor": 549_000, "currency": "USD", "reason": "damaged"}
"""A refund to the second customer that two supervisors must approve."""


@dataclass
class Browser:
    """One person's browser: keeps cookies, follows nothing by itself."""

    http: httpx.AsyncClient
    token: str = ""

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Open a page."""
        return await self.http.get(path, headers=headers)

    async def post(self, path: str, **fields: Any) -> httpx.Response:
        """Send a form as the console's own page does."""
        return await self.post_from(HERE, path, **fields)

    async def post_from(self, origin: dict[str, str], path: str, **fields: Any) -> httpx.Response:
        """Send a form with what a browser says of where it stood."""
        return await self.http.post(path, data={"form_token": self.token, **fields}, headers=origin)

    async def learn_token(self) -> None:
        """Read the form token from a page."""
        self.token = form_token((await self.get("/console")).text)


@dataclass
class World:
    """The service, its clock, and what happened in it so far."""

    services: Services
    app: FastAPI
    clock: StandingClock
    browsers: list[httpx.AsyncClient] = field(default_factory=list)
    messages: int = 0

    async def person(self, role: Role, name: str | None = None, tenant: str = "default") -> Person:
        """Somebody with this role; the first call makes them."""
        email = f"{name or role.value}@example.com"
        async with self.services.db.begin() as conn:
            known = await accounts.people.find_by_email(conn, tenant, email)
        if known is not None:
            return known
        made, _ = await accounts.create_person(self.services.db, self.clock, TenantName(tenant), email, role, name or "")
        return made

    def stranger(self, scheme: str = "http") -> Browser:
        """A browser that nobody has signed in with."""
        transport = httpx.ASGITransport(self.app, client=("127.0.0.1", 40_000))
        self.browsers.append(httpx.AsyncClient(transport=transport, base_url=f"{scheme}://desk.test"))
        return Browser(self.browsers[-1])

    async def browser(self, role: Role, name: str | None = None, tenant: str = "default") -> Browser:
        """A browser in which somebody with this role has signed in."""
        browser = self.stranger()
        await browser.get(await self.link(await self.person(role, name, tenant)))
        await browser.learn_token()
        return browser

    async def link(self, person: Person, purpose: Purpose = Purpose.LOGIN) -> str:
        """The path of a new one-time link."""
        return accounts.link_path(await accounts.make_link(self.services.db, self.clock, person, purpose))

    async def message(
        self, named: str = "T-1", text: str = "Where is D-100004?", tenant: str = "default", **customer: Any
    ) -> str:
        """A customer writes; returns the ticket's id."""
        self.messages += 1
        name = f"m-{self.messages}"
        sender = {"external_id": "cus_1", "email": "ada@example.com", "name": "Ada Lindqvist", "verified": True, **customer}
        said = {"external_id": name, "text": text, "sent_at": self.clock().isoformat(), "attachments": []}
        ticket = {"external_id": named, "subject": text[:60], "channel": "email"}
        incoming = IncomingMessage.model_validate({"ticket": ticket, "customer": sender, "message": said})
        accepted = await self.services.intake.accept(tenant, "standard", name, text.encode(), incoming)
        return accepted.ticket_id

    async def case(self, ticket_id: str) -> str:
        """Give a ticket to people, with nobody's name on the case; returns the case's id."""
        agent = await self.person(Role.AGENT, "passer-by")
        case_id = await self.services.desk.take_over(agent, ticket_id)
        await self.services.desk.release(agent, case_id)
        return case_id

    async def wanted(
        self, ticket_id: str, args: dict[str, Any], customer: str = "cus_1", by: Person | None = None
    ) -> ToolResult:
        """Somebody at the desk wants a refund, and attests the customer's yes; over the cap it waits for approval."""
        person = by or await self.person(Role.AGENT, "asker")
        async with self.services.db.reading() as conn:
            seq = (await conn.execute(select(tickets.c.seq).where(tickets.c.id == ticket_id))).scalar_one()
        caller = Caller(
            tenant=TenantName("default"),
            ticket=TicketId(ticket_id),
            customer=customer,  # type: ignore[arg-type]
            verification=Verification.CHANNEL,
            lane=Lane.HUMAN,
            person=person.id,
            seen_seq=seq,
            asks=False,
        )
        return await self.services.runner.call(caller, "issue_refund", args, f"desk:{args['order_id']}", confirmed=True)

    async def rows(self, table: Table, *where: Any) -> list[Any]:
        """The rows of a table."""
        async with self.services.db.reading() as conn:
            return list((await conn.execute(select(table).where(*where))).all())

    async def change(self, table: Table, *where: Any, **values: Any) -> None:
        """Set columns behind the service's back."""
        async with self.services.db.begin() as conn:
            await conn.execute(update(table).where(*where).values(**values))

    async def counts(self) -> dict[str, int]:
        """How many rows each table holds."""
        async with self.services.db.reading() as conn:
            return {
                table.name: (await conn.execute(select(func.count()).select_from(table))).scalar_one()
                for table in metadata.sorted_tables
            }


def form_token(page: str) -> str:
    """The token in a page's forms."""
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    return found[1] if found else ""


def services_over(url: str, clock: StandingClock, commerce_for: CommerceFor | None = None, **environment: str) -> Services:
    """The service over this database; nothing connects yet."""
    told = {
        "DESKRAIL_DATABASE_URL": url,
        "DESKRAIL_MODEL_PROVIDER": "scripted",
        "DESKRAIL_SESSION_SECRET": "a session secret of the tests",
    }
    return build(load(told | environment), clock=clock, commerce_for=commerce_for)


async def furnish(url: str, clock: StandingClock) -> None:
    """Make the tables, two tenants, and the demo's shop for each."""
    services = services_over(url, clock)
    await prepare(services)
    await accounts.create_tenant(services.db, clock, "acme")
    for tenant in ("default", "acme"):
        await load_shop(services.shop_engine, tenant, demo_data(clock()))
    await services.close()


@asynccontextmanager
async def open_world(
    url: str, clock: StandingClock, commerce_for: CommerceFor | None = None, **environment: str
) -> AsyncIterator[World]:
    """The service over a furnished database; `commerce_for` replaces the shop."""
    services = services_over(url, clock, commerce_for, **environment)
    world = World(services, create_app(services), clock)
    try:
        yield world
    finally:
        for client in world.browsers:
            await client.aclose()
        await services.close()
