"""What sweeps ask every few seconds, and every view of a ticket, is answered by an index, however many tickets there are."""

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event, text

from service.replies import Deliverer
from service.store import approvals
from service.store.database import Connection, Database
from service.store.tenancy import across_tenants
from tests.conftest import StandingClock
from tests.rig import Rig, rig, rig_settings
from tests.service.machine import settle, sweeps_of

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("postgres")]

FEW_PAGES = 30
"""An index is asked with a handful; the smallest of the planted tables has twice as many as these."""

PLANTED = """
insert into customers (id, tenant, external_id, created_at) values ('cst', 'default', 'cus', now());
insert into tickets (id, tenant, external_id, customer_id, verification, status, lane, seq, pending, wake, beat, created_at,
    updated_at, journal_seq, anchored_seq)
  select 'tkt_' || n, 'default', 'T-' || n, 'cst', 'none', 'resolved', 'workflow', 1, 0, 1, now(), now(), now(), 9, 9
  from generate_series(1, 10000) n;
insert into actions (id, tenant, ticket_id, origin, key, tool, effect, args, wish, lane, requester, status, decision,
    policy_version, created_at)
  select 'act_' || n, 'default', 'tkt_' || n, 'o', 'k' || n, 't', 'WRITE', '{}', 'w' || n, 'workflow', 'bot', 'succeeded',
    'allow', '1', now() from generate_series(1, 10000) n;
insert into approvals (id, tenant, ticket_id, action_id, digest, facts, rule, votes_needed, state, created_at, expires_at)
  select 'apr_' || n, 'default', 'tkt_' || n, 'act_' || n, 'd', '{}', 'r', 1, 'used', now(), now()
  from generate_series(1, 10000) n;
insert into escalations (id, tenant, ticket_id, reason, brief, state, risk, due_at, created_at)
  select 'esc_' || n, 'default', 'tkt_' || n, 'policy', '{}', 'resolved', 'low', now(), now() from generate_series(1, 10000) n;
insert into outbox (id, tenant, ticket_id, kind, body, state, next_at, created_at)
  select 'out_' || n, 'default', 'tkt_' || n, 'ticket.reply', '{}', 'sent', now(), now() from generate_series(1, 10000) n;
insert into idempotency (tenant, credential, idempotency_key, request_sha256, created_at)
  select 'default', 'c', 'k' || n, 's', timestamptz '2026-11-20' from generate_series(1, 10000) n
"""
"""Years of tickets that have ended, each with what belongs to it."""


@pytest.fixture
async def years(postgres_url: str, clock: StandingClock) -> AsyncIterator[Rig]:
    """A service with all that behind it."""
    settings = rig_settings(postgres_url, outbound_url="http://127.0.0.1:9/")
    async with rig(postgres_url, clock, settings=settings, seed=False) as service:
        async with service.services.db.begin() as conn:
            for statement in PLANTED.split(";"):
                await conn.execute(text(statement))
        async with service.services.db.reading() as conn:
            # The tests before have left their dead rows here, which a real database is rid of.
            await conn.execute(text("vacuum analyze"))
        yield service


async def pages_read(db: Database, asking: Callable[[], Awaitable[object]]) -> dict[str, int]:
    """The statements that our tables are asked, and how many of the database's pages each looks at."""
    asked: dict[str, Any] = {}

    def note(_conn: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        asked[statement] = values

    with across_tenants():
        event.listen(db.engine.sync_engine, "before_cursor_execute", note)
        await asking()
        event.remove(db.engine.sync_engine, "before_cursor_execute", note)
        async with db.begin() as conn:
            return {statement: await _pages(conn, statement, values) for statement, values in asked.items()}


async def _pages(conn: Connection, statement: str, values: Any) -> int:
    (((explained,),),) = (await conn.exec_driver_sql(f"explain (analyze, buffers, format json) {statement}", values)).all()
    return explained["Plan"]["Shared Hit Blocks"] + explained["Plan"]["Shared Read Blocks"]


async def test_years_of_tickets_make_no_sweep_read_them_all(years: Rig) -> None:
    services, sweeps = years.services, sweeps_of(years)
    deliverer = Deliverer(services.db, years.clock, "http://127.0.0.1:9/", lambda _: None, services.codes)

    async def sweep_once() -> None:
        ours = (sweeps.ring_timers, sweeps.rescue, services.approvals.expire, sweeps.carry_on, sweeps.anchor, sweeps.forget)
        for sweep in (*ours, services.engine.prune, partial(settle, years), deliverer.deliver_due):
            await sweep()

    pages = await pages_read(services.db, sweep_once)
    await deliverer.close()
    assert len(pages) == 10
    assert {statement: count for statement, count in pages.items() if count > FEW_PAGES} == {}


async def test_years_of_tickets_make_no_view_of_one_read_them_all(years: Rig) -> None:
    db = years.services.db

    async def look() -> None:
        await years.ticket("tkt_7")
        async with db.reading() as conn:
            assert await approvals.current(conn, "act_7")

    pages = await pages_read(db, look)
    assert len(pages) > 6
    assert {statement: count for statement, count in pages.items() if count > FEW_PAGES} == {}
