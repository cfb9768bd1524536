"""When the database is full, locked or gone: what certainly did not happen, and what nobody can know."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.conftest import StandingClock
from tests.tools.shop.look import ADA, assert_untouched, end_of_threads, order_of
from tests.tools.shop.small import CARD, DELIVERED, PENDING, SMALL_SHOP, leg
from tools.backends.shop import Shop, create_tables, load, open_engine
from tools.errors import BackendUnavailable, OutcomeUnknown


async def test_reads_go_on_while_somebody_writes(sqlite: AsyncEngine, clock: StandingClock) -> None:
    await load(sqlite, "default", SMALL_SHOP)
    shop = Shop(sqlite, "default", clock)
    async with sqlite.connect() as writer:
        await writer.execute(text("BEGIN IMMEDIATE"))
        assert await shop.get_order(PENDING) is not None
        assert len(await shop.find_orders(ADA)) == 3
        await writer.execute(text("ROLLBACK"))


async def test_a_call_that_is_given_up_while_it_waits_leaves_no_lock_behind(engine: AsyncEngine, shop: Shop) -> None:
    lock = "BEGIN IMMEDIATE" if engine.dialect.name == "sqlite" else "BEGIN; LOCK TABLE shop.orders"
    async with engine.connect() as writer:
        for statement in lock.split(";"):
            await writer.execute(text(statement))
        call = asyncio.create_task(shop.cancel_order(PENDING, "no_longer_needed", "k1"))
        done, _ = await asyncio.wait([call], timeout=0.1)
        assert not done
        call.cancel()
        await writer.execute(text("ROLLBACK"))
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await shop.find_effect("k1") is None
    await shop.cancel_order(PENDING, "no_longer_needed", "k1")


async def test_a_full_disk_is_unavailable_and_changes_nothing(tmp_path: Path, clock: StandingClock) -> None:
    url = f"sqlite:///{tmp_path / 'full.db'}"
    engine = open_engine(url)
    await create_tables(engine)
    await load(engine, "default", SMALL_SHOP)
    await engine.dispose()

    def no_more_pages(connection: DBAPIConnection, _record: object) -> None:
        connection.cursor().execute("PRAGMA max_page_count=1")

    full = open_engine(url)
    event.listen(full.sync_engine, "connect", no_more_pages)
    with pytest.raises(BackendUnavailable):
        await Shop(full, "default", clock).add_note(PENDING, ADA, "x" * 100_000, "k1")
    await assert_untouched(full)
    await full.dispose()
    await end_of_threads()


async def test_a_file_that_cannot_be_opened_is_unavailable(tmp_path: Path, clock: StandingClock) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}")
    shop = Shop(engine, "default", clock)
    with pytest.raises(BackendUnavailable):
        await shop.get_order(PENDING)
    with pytest.raises(BackendUnavailable):
        await shop.cancel_order(PENDING, "no_longer_needed", "k1")
    await end_of_threads()


async def test_a_server_that_is_not_there_is_unavailable(clock: StandingClock) -> None:
    engine = open_engine("postgresql://nobody@127.0.0.1:1/nothing")
    shop = Shop(engine, "default", clock)
    with pytest.raises(BackendUnavailable):
        await shop.get_order(PENDING)
    with pytest.raises(BackendUnavailable):
        await shop.cancel_order(PENDING, "no_longer_needed", "k1")


@pytest.mark.postgres
async def test_after_a_restart_of_the_server_the_next_call_works(postgres: AsyncEngine, clock: StandingClock) -> None:
    await load(postgres, "default", SMALL_SHOP)
    shop = Shop(postgres, "default", clock)
    for kind in ("read", "effect"):
        await shop.get_order(PENDING)
        await _cut_every_connection(postgres)
        if kind == "read":
            assert await shop.get_order(PENDING) is not None
        else:
            receipt = await shop.refund(DELIVERED, [leg(CARD, 100)], "late", 0, "k1")
            assert await shop.find_effect("k1") == receipt


@pytest.mark.postgres
async def test_a_connection_lost_in_the_commit_leaves_the_outcome_unknown(postgres: AsyncEngine, clock: StandingClock) -> None:
    await load(postgres, "default", SMALL_SHOP)
    shop = Shop(postgres, "default", clock)
    async with postgres.connect() as connection:
        await connection.execute(text(_DIE_IN_COMMIT))
        await connection.execute(text(_TRIGGER))
    try:
        with pytest.raises(OutcomeUnknown):
            await shop.refund(DELIVERED, [leg(CARD, 100)], "late", 0, "k1")
        assert await shop.find_effect("k1") is None
        assert (await order_of(shop, DELIVERED)).refunded_minor == 0
    finally:
        async with postgres.connect() as connection:
            await connection.execute(text("DROP TRIGGER die_in_commit ON shop.books"))


_CUT_THE_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_DIE_IN_COMMIT = """
CREATE OR REPLACE FUNCTION shop.die() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$
"""
_TRIGGER = """
CREATE CONSTRAINT TRIGGER die_in_commit AFTER INSERT ON shop.books
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION shop.die()
"""


async def _cut_every_connection(engine: AsyncEngine) -> None:
    """End the server's side of every pooled connection, as a restart does."""
    other = open_engine(engine.url.render_as_string(hide_password=False))
    async with other.connect() as connection:
        assert (await connection.scalars(text(_CUT_THE_OTHERS))).all()
    await other.dispose()
