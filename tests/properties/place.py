"""Where plays take place: one service on one database, a tenant of its own for each play, and a process that may die."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from contextvars import copy_context
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import make_url, select, update

from service.replies import Deliverer
from service.store import people
from service.store.database import Connection
from service.store.invariants.checking import broken, recomputed
from service.store.money_schema import actions, approvals
from service.store.people import Person, Role
from service.store.reconcile import reconcile
from service.store.schema import outbox, tickets
from service.store.tenancy import EVERYBODY, across_tenants, within
from service.store.tenants import add_tenant
from service.store.timers import take_due
from service.store.verification import verify_tenant
from service.store.wakeups import EventKind
from tests.conftest import StandingClock
from tests.properties.premises import Manner, Premises
from tests.properties.shop import SHOP
from tests.rig import Rig, rig, rig_settings
from tests.service.receiver import deliver_all, help_desk
from tools.backends.shop.data import load
from tools.backends.shop.faults import Faulty
from tools.ports import ActionStatus, TenantName

T = TypeVar("T")

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MANY = 1_000


class Died(BaseException):
    """Stands for kill -9: nothing after it runs in this process."""


class Place:
    """One database for many plays. What a play leaves behind rests for ever, so the next one need not clean up.

    `rig` keeps its replies to itself; `mailing` is a second service on the same database, which delivers them to a help desk,
    and so can send codes.
    """

    def __init__(self, url: str, app_role: str | None = None) -> None:
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._premises: dict[str, Premises] = {}
        self.clock = StandingClock(START)
        self.dies_at: str | None = None
        self.passages: Counter[str] = Counter()
        self.rig, self.mailing, self._sender = self.run(self._open(url, app_role))
        self.dialect = make_url(url).get_backend_name()

    async def _open(self, url: str, app_role: str | None) -> tuple[Rig, Rig, Deliverer]:
        desk = await self._stack.enter_async_context(help_desk())
        settings = replace(rig_settings(url), app_role=app_role)
        quiet, mailing = [
            await self._stack.enter_async_context(
                rig(
                    url,
                    self.clock,
                    settings=replace(settings, outbound_url=outbound),
                    crashpoint=self._pass,
                    commerce_for=self._front_of,
                    seed=False,
                )
            )
            for outbound in (None, desk.url)
        ]
        services = mailing.services
        key = settings.webhook_keys["default"][0]
        sender = Deliverer(services.db, self.clock, desk.url, lambda _: key, services.codes)
        self._stack.push_async_callback(sender.close)
        return quiet, mailing, sender

    def close(self) -> None:
        """Give everything back."""
        self.run(self._stack.aclose())
        self._runner.close()

    def run(self, work: Coroutine[Any, Any, T], tenant: str = EVERYBODY) -> T:
        """Run something to its end, for a tenant or across all of them."""
        with within(tenant):
            return self._runner.run(work, context=copy_context())

    def premises_of(self, tenant: str, manner: Manner | None = None) -> Premises:
        """The tenant's shop; with a manner it is opened anew."""
        if manner or tenant not in self._premises:
            self._premises[tenant] = Premises.open(self.rig.services.shop_engine, tenant, self.clock, manner or "prompt")
        return self._premises[tenant]

    def _front_of(self, tenant: str) -> Faulty:
        return self.premises_of(tenant).front

    def _pass(self, boundary: str) -> None:
        self.passages[boundary] += 1
        if boundary == self.dies_at:
            self.dies_at = None
            raise Died(boundary)

    async def new_tenant(self) -> tuple[str, dict[str, Person]]:
        """A tenant with a shop, two supervisors and an agent; the clock starts anew."""
        tenant = f"play_{secrets.token_hex(6)}"
        self.clock.now, self.dies_at = START, None
        async with self.rig.services.db.begin() as conn:
            await add_tenant(conn, tenant, START)
            staff = {
                name: await people.create(conn, TenantName(tenant), f"{name}@{tenant}.example", name, role, START)
                for name, role in (("sue", Role.SUPERVISOR), ("sam", Role.SUPERVISOR), ("ann", Role.AGENT))
            }
        await load(self.rig.services.shop_engine, tenant, SHOP)
        return tenant, staff

    async def drain(self, service: Rig, tenant: str) -> bool:
        """Run the drains that the tenant's tickets wait for; whether there was any."""
        async with service.services.db.reading() as conn:
            query = select(tickets.c.id, tickets.c.wake).where(tickets.c.tenant == tenant, tickets.c.pending > 0)
            waiting = (await conn.execute(query.order_by(tickets.c.created_at, tickets.c.id))).all()
        for row in waiting:
            await service.services.pipeline.drain(row.id, row.wake)
        return bool(waiting)

    async def work(self, service: Rig, tenant: str) -> None:
        """Run drains until nothing waits."""
        for _ in range(40):
            if not await self.drain(service, tenant):
                return
        raise AssertionError("The tickets never came to rest.")

    async def deliver(self) -> None:
        """The help desk takes the replies that wait."""
        await deliver_all(self._sender)

    async def sweep(self, service: Rig) -> None:
        """What a worker does every few seconds: timers, approvals nobody decided on, actions nobody works on."""
        services = service.services
        with across_tenants():
            async with services.db.begin() as conn:
                for ticket_id in await take_due(conn, self.clock(), MANY):
                    await services.wakeups.wake(conn, ticket_id, EventKind.TIMER)
            await services.approvals.expire(MANY)
            await reconcile(services.db, services.book, services.runner, self.clock, MANY)

    async def lay_to_rest(self, tenant: str) -> None:
        """Nothing of this tenant is due ever again, however its play has ended."""
        never = START + timedelta(days=36_500)
        async with self.rig.services.db.begin() as conn:
            await conn.execute(update(tickets).where(tickets.c.tenant == tenant).values(wake_at=None))
            await conn.execute(update(approvals).where(approvals.c.tenant == tenant).values(expires_at=never))
            await conn.execute(update(outbox).where(outbox.c.tenant == tenant).values(next_at=never))
            under_way = actions.c.status.in_((ActionStatus.RESERVED, ActionStatus.SENT, ActionStatus.UNKNOWN))
            await conn.execute(update(actions).where(actions.c.tenant == tenant, under_way).values(lease_until=never))
        del self._premises[tenant]

    async def end_leases(self, tenant: str) -> None:
        """Leases run on the database's own clock, which no test moves; here they end."""
        async with self.rig.services.db.begin() as conn:
            await conn.execute(update(actions).where(actions.c.tenant == tenant).values(lease_until=None))

    async def faults(self, conn: Connection, tenant: str) -> list[str]:
        """What breaks a promise now."""
        return [str(one) for one in await broken(conn, tenant, self.rig.services.policy_for(tenant))]

    async def all_faults(self, conn: Connection, tenant: str) -> list[str]:
        """The same with what only code can recompute, hash chains included."""
        recomputable = [str(one) for one in await recomputed(conn, tenant)]
        return await self.faults(conn, tenant) + recomputable + list((await verify_tenant(conn, tenant)).findings)
