"""Two merchants in one PostgreSQL database: the database itself shows each only its own rows."""

from collections.abc import AsyncIterator

import psycopg
import pytest
from sqlalchemy import Table, delete, func, insert, select, update
from sqlalchemy.exc import ProgrammingError

from service.accounts import create_key
from service.replies import Deliverer
from service.signin import SignIn
from service.store import sessions
from service.store.api_keys import Scope
from service.store.database import Database
from service.store.guards import PREFIX
from service.store.money_schema import metadata, switches
from service.store.people import Role
from service.store.row_policies import policies
from service.store.schema import customers, messages, tenants, tickets
from service.store.sessions import Purpose
from service.store.tenancy import across_tenants, within
from tests.conftest import StandingClock
from tests.durability.stories import faulty_item
from tests.rig import Rig, prepared_for, rig, rig_settings
from tools.ports import TenantName

pytestmark = pytest.mark.postgres

TENANTS = ("default", "acme")
WITHOUT_TENANT = {"workers", "login_attempts"}
"""Processes, and hashes of who tried to sign in: these belong to nobody."""


@pytest.fixture
async def service(postgres_url: str, app_role: str, clock: StandingClock) -> AsyncIterator[Rig]:
    """A service with two tenants that works with the role of its own."""
    settings = rig_settings(await prepared_for(postgres_url, app_role, clock), outbound_url="http://127.0.0.1:9/")
    async with rig(settings.database_url, clock, settings=settings, tenants=TENANTS) as made:
        yield made


async def same_story(service: Rig, tenant: str) -> None:
    """A refund that a person approves, a question to a person, a sign-in, a key and a switch."""
    services, clock = service.services, service.clock
    customer, order, name = await faulty_item(service, above_minor=50_000, below_minor=500_000)
    how = {"ticket": "T-1", "customer": customer, "tenant": tenant}
    await service.say(f"The {name} from order {order} arrived broken, I want my money back.", **how)
    # Nothing answers at that address, but the question counts as delivered.
    key = services.settings.webhook_keys["default"][0]
    deliverer = Deliverer(services.db, clock, services.settings.outbound_url or "", lambda _: key, services.codes)
    await deliverer.deliver_due()
    await deliverer.close()
    asked = await service.say("yes please", **how)
    boss = await service.person(f"boss_of_{tenant}", Role.SUPERVISOR, tenant)
    await service.approve(boss, asked["approvals"][0])
    await service.work()
    await service.say("Let me talk to a person.", ticket="T-2", tenant=tenant)
    signing = SignIn(services.db, clock, "secret")
    with within(tenant):
        async with services.db.begin() as conn:
            link = await sessions.make_link(conn, boss.id, Purpose.LOGIN, clock())
        await signing.with_link(link)
    await create_key(services.db, clock, TenantName(tenant), "k", frozenset({Scope.TICKETS_READ}))
    with within(tenant):
        async with services.db.begin() as conn:
            row = {"tenant": tenant, "credential": "c", "idempotency_key": "k", "request_sha256": "0", "created_at": clock()}
            await conn.execute(insert(metadata.tables["idempotency"]).values(row))


async def count(db: Database, table: Table) -> int:
    async with db.reading() as conn:
        return (await conn.execute(select(func.count()).select_from(table))).scalar_one()


async def test_each_tenant_sees_its_own_rows_of_every_table_and_silence_sees_none(service: Rig) -> None:
    for tenant in TENANTS:
        await same_story(service, tenant)
    tried = 0
    for table in (metadata.tables[name] for name in policies()):
        with across_tenants():
            every = await count(service.services.db, table)
        seen = []
        for tenant in TENANTS:
            with within(tenant):
                seen.append(await count(service.services.db, table))
        with within("nobody"):
            assert await count(service.services.db, table) == 0, table.name
        assert await count(service.services.db, table) == 0, table.name
        # The stories are the same, so each tenant has half of the rows.
        assert seen == [every / 2, every / 2], table.name
        tried += every > 0
    assert tried > 20, "the stories write rows of nearly every table"


async def test_nobody_changes_or_adds_rows_of_another_tenant(service: Rig) -> None:
    for tenant in TENANTS:
        await same_story(service, tenant)
    db = service.services.db
    may_delete = [name for name in policies() if name not in ("journal", "ledger")]
    with within("nobody"):
        for name in may_delete:
            async with db.begin() as conn:
                assert (await conn.execute(delete(metadata.tables[name]))).rowcount == 0, name
    with within("default"):
        async with db.begin() as conn:
            assert (await conn.execute(update(tickets).where(tickets.c.tenant == "acme").values(subject="x"))).rowcount == 0
    theirs, now = (await service.ticket_called("T-1", "acme"))["id"], service.clock()
    message = {
        "id": "m",
        "ticket_id": theirs,
        "author": "bot",
        "text": "Hello",
        "sent_at": now,
        "position": 1,
        "created_at": now,
    }
    for change in (
        insert(switches).values(tenant="acme", scope="tenant", name="", on=True),
        insert(tenants).values(name="third", created_at=now),
        insert(messages).values(message),
        update(customers).values(tenant="acme"),
    ):
        with within("default"), pytest.raises(ProgrammingError, match="row-level security"):
            async with db.begin() as conn:
                await conn.execute(change)


def test_every_table_has_its_policy(app_url: str, postgres_url: str) -> None:
    assert set(metadata.tables) - policies().keys() == WITHOUT_TENANT
    with psycopg.connect(postgres_url) as owner:
        found = owner.execute(
            "select c.relname, count(p.policyname) filter (where p.policyname like %s and p.cmd = 'ALL') from pg_class c "
            "left join pg_policies p on p.tablename = c.relname and p.schemaname = current_schema() "
            "where c.relrowsecurity and c.relnamespace = current_schema()::regnamespace group by 1",
            [f"{PREFIX}%"],
        ).fetchall()
    assert dict(found) == dict.fromkeys(policies(), 1)


async def test_a_tenant_that_is_no_name_sees_nothing_and_says_nothing_to_the_database(service: Rig) -> None:
    for name in ("x'; reset deskrail.tenant; --", "Default", "", "default\n"):
        with within(name):
            assert await count(service.services.db, tenants) == 0


async def test_what_one_transaction_was_told_is_forgotten_by_the_next(app_url: str, clock: StandingClock) -> None:
    db = Database(app_url, pool_size=1)
    with across_tenants():
        async with db.begin() as conn:
            await conn.execute(insert(tenants).values([{"name": n, "created_at": clock()} for n in TENANTS]))
    for tenant, visible in (("acme", 1), ("nobody", 0), ("default", 1), ("*", 2), ("nobody", 0)):
        with within(tenant):
            assert await count(db, tenants) == visible
            async with db.begin() as conn:
                query = select(func.count()).select_from(tenants)
                assert (await conn.execute(query)).scalar_one() == visible
            with pytest.raises(ZeroDivisionError):
                async with db.begin():
                    raise ZeroDivisionError
            assert await count(db, tenants) == visible
    assert await count(db, tenants) == 0
    await db.close()
