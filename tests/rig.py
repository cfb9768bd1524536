"""A whole service on one database, whose drains run when a test says so; every part is the real one."""

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import make_url, select

from service.accounts import create_person
from service.bootstrap import CommerceFor, Services, build, prepare
from service.intake import Accepted
from service.payload import IncomingMessage
from service.settings import FileSettings, Settings, TenantSettings, load
from service.store import journal, views
from service.store.journal import Head
from service.store.people import Person, Role
from service.store.schema import messages, tickets
from service.store.tenancy import across_tenants, within
from service.store.tenants import ensure_tenant
from tests.conftest import StandingClock
from tools.backends.shop.data import dump, read_books
from tools.backends.shop.data import load as load_shop
from tools.backends.shop.seed import demo_data
from tools.execution import Crashpoint, go_on
from tools.ports import TenantName

SECRET = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTMyYg=="


@dataclass
class Rig:
    """The service and what a test needs to drive and look at it."""

    services: Services
    clock: StandingClock
    _people: dict[str, Person] = field(default_factory=dict)

    async def hear(
        self,
        text: str,
        *,
        ticket: str = "T-1",
        customer: str = "cus_1",
        verified: bool = True,
        tenant: str = "default",
        subject: str = "",
        message: str | None = None,
        webhook: str | None = None,
        email: str | None = None,
    ) -> Accepted:
        """A customer's message comes in; nothing works on it yet."""
        name = secrets.token_hex(6)
        incoming = IncomingMessage.model_validate(
            {
                "ticket": {"external_id": ticket, "subject": subject, "channel": "email"},
                "customer": {
                    "external_id": customer,
                    "email": email or f"{customer}@example.com",
                    "name": "Ada Byron",
                    "verified": verified,
                },
                "message": {
                    "external_id": message or f"m-{name}",
                    "text": text,
                    "sent_at": self.clock().isoformat(),
                    "attachments": [],
                },
            }
        )
        return await self.services.intake.accept(tenant, "standard", webhook or f"wh-{name}", text.encode(), incoming)

    async def work(self, limit: int = 50) -> None:
        """Run drains until no ticket has anything to do."""
        for _ in range(limit):
            with across_tenants():
                async with self.services.db.reading() as conn:
                    query = select(tickets.c.id, tickets.c.wake, tickets.c.tenant).where(tickets.c.pending > 0)
                    waiting = (await conn.execute(query)).all()
            if not waiting:
                return
            for row in waiting:
                with within(row.tenant):
                    await self.services.pipeline.drain(row.id, row.wake)
        raise AssertionError("The tickets never came to rest.")

    async def say(self, text: str, **how: Any) -> dict[str, Any]:
        """A message comes in and is worked on; the ticket as the API shows it."""
        accepted = await self.hear(text, **how)
        await self.work()
        return await self.ticket(accepted.ticket_id, how.get("tenant", "default"))

    async def ticket(self, ticket_id: str, tenant: str = "default") -> dict[str, Any]:
        """The ticket as the API shows it."""
        with within(tenant):
            async with self.services.db.reading() as conn:
                shape = await views.ticket(conn, tenant, ticket_id, {})
            return shape if isinstance(shape, dict) else shape.model_dump(mode="json")

    async def ticket_called(self, external_id: str, tenant: str = "default") -> dict[str, Any]:
        """The ticket that the help desk knows by this id."""
        with within(tenant):
            async with self.services.db.reading() as conn:
                found = select(tickets.c.id).where(tickets.c.tenant == tenant, tickets.c.external_id == external_id)
                ticket_id = (await conn.execute(found)).scalar_one()
        return await self.ticket(ticket_id, tenant)

    async def person(self, name: str, role: Role = Role.SUPERVISOR, tenant: str = "default") -> Person:
        """Somebody with this role."""
        if name not in self._people:
            made = await create_person(self.services.db, self.clock, TenantName(tenant), f"{name}@example.com", role, name)
            self._people[name] = made[0] if isinstance(made, tuple) else made
        return self._people[name]

    async def approve(self, person: Person, approval: Mapping[str, Any], decision: str = "approve") -> None:
        """A person votes on an approval as the API shows it."""
        with within(person.tenant):
            await self.services.approvals.decide(person, approval["id"], decision, "looks right", approval["digest"])  # type: ignore[arg-type]

    async def shop(self, tenant: str = "default") -> dict[str, Any]:
        """The shop's data."""
        return await dump(self.services.shop_engine, tenant)

    async def books(self, tenant: str = "default") -> list[Any]:
        """The shop's own books."""
        return list(await read_books(self.services.shop_engine, tenant))

    async def order(self, order_id: str, tenant: str = "default") -> dict[str, Any]:
        """One order of the shop."""
        return next(order for order in (await self.shop(tenant))["orders"] if order["id"] == order_id)

    async def said(self, ticket_id: str) -> list[str]:
        """What the bot and people have written to the customer."""
        with across_tenants():
            async with self.services.db.reading() as conn:
                query = select(messages.c.text).where(
                    messages.c.ticket_id == ticket_id, messages.c.author.in_(("bot", "human"))
                )
                return list((await conn.execute(query.order_by(messages.c.position))).scalars())

    async def verify_journals(self) -> None:
        """Every ticket's chain verifies."""
        with across_tenants():
            async with self.services.db.reading() as conn:
                for row in (await conn.execute(select(tickets))).all():
                    assert await journal.verify(conn, row.id, Head(row.journal_seq, row.journal_head)) is None


def rig_settings(url: str, shop_url: str | None = None, **changes: Any) -> Settings:
    """Settings for a test: the scripted model, one secret, nothing from the environment."""
    environment = {
        "DESKRAIL_DATABASE_URL": url,
        "DESKRAIL_WEBHOOK_SECRET": SECRET,
        "DESKRAIL_SESSION_SECRET": secrets.token_hex(32),
        "DESKRAIL_MODEL_PROVIDER": "scripted",
    }
    if shop_url:
        environment["DESKRAIL_SHOP_URL"] = shop_url
    return replace(load(environment), **changes)


def tenant_file(**tenant: Any) -> FileSettings:
    """A settings file that tunes the default tenant."""
    return FileSettings(tenants={"default": TenantSettings(**tenant)})


async def prepared_for(url: str, role: str, clock: StandingClock) -> str:
    """The owner prepares every database for the role that works; the URL under which that role comes."""
    owner = build(replace(rig_settings(url), app_role=role), clock=clock)
    await prepare(owner)
    await owner.close()
    return make_url(url).set(username=role).render_as_string(hide_password=False)


@asynccontextmanager
async def rig(
    url: str,
    clock: StandingClock,
    *,
    settings: Settings | None = None,
    crashpoint: Crashpoint = go_on,
    commerce_for: CommerceFor | None = None,
    seed: bool = True,
    tenants: tuple[str, ...] = ("default",),
) -> AsyncIterator[Rig]:
    """A service on this database; with `seed`, each tenant gets the demo shop."""
    services = build(settings or rig_settings(url), clock=clock, crashpoint=crashpoint, commerce_for=commerce_for)
    await prepare(services)
    try:
        for tenant in tenants:
            with within(tenant):
                async with services.db.begin() as conn:
                    await ensure_tenant(conn, tenant, clock())
            if seed:
                await load_shop(services.shop_engine, tenant, demo_data(clock()))
        yield Rig(services, clock)
    finally:
        await services.close()
