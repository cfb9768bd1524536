"""The database itself refuses to change what was written, whoever asks it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update

from service.store import migrate
from service.store.database import BrokenRule, Database
from service.store.money_schema import actions
from service.store.money_schema import ledger as books
from service.store.schema import journal, journal_payloads
from tests.conftest import StandingClock
from tests.tools.world import World, build_world

REFUND = {"order_id": "D-100001", "amount_minor": 1_999, "currency": "USD", "reason": "damaged"}


@pytest.fixture
async def world(database_url: str, clock: StandingClock, tmp_path: Any) -> AsyncIterator[World]:
    """A ticket with a refund: it is in the journal and in the ledger."""
    async with build_world(database_url, f"sqlite:///{tmp_path}/shop.db", clock) as made:
        assert (await made.confirmed(await made.ticket(), "issue_refund", REFUND)).ok
        yield made


@pytest.mark.parametrize(
    "change",
    [
        update(journal).values(actor="person:2"),
        delete(journal),
        update(books).values(amount_minor=1),
        delete(books),
        update(journal_payloads).values(data={"text": "Goodbye"}),
    ],
    ids=["journal changed", "journal cut", "books changed", "books cut", "payload changed"],
)
async def test_what_was_written_cannot_be_changed(world: World, change: Any) -> None:
    async with world.database.reading() as conn:
        before = [(await conn.execute(select(table))).all() for table in (journal, books, journal_payloads)]
    assert all(before)
    with pytest.raises(BrokenRule, match="stay as they were written"):
        async with world.database.begin() as conn:
            await conn.execute(change)
    async with world.database.reading() as conn:
        assert [(await conn.execute(select(table))).all() for table in (journal, books, journal_payloads)] == before


@pytest.mark.parametrize("table", ["journal", "ledger", "journal_payloads"])
async def test_nobody_puts_another_row_in_the_place_of_one(
    sqlite_url: str, clock: StandingClock, tmp_path: Any, table: str
) -> None:
    async with build_world(sqlite_url, f"sqlite:///{tmp_path}/shop.db", clock) as world:
        assert (await world.confirmed(await world.ticket(), "issue_refund", REFUND)).ok
        with pytest.raises(BrokenRule, match="stay as they were written"):
            async with world.database.begin() as conn:
                await conn.execute(text(f"replace into {table} select * from {table} limit 1"))


async def test_one_wish_of_a_turn_cannot_become_two_actions(world: World) -> None:
    (row,) = await world.all_actions()
    twin = {**row._mapping, "id": "act_twin", "key": "another key"}
    with pytest.raises(BrokenRule):
        async with world.database.begin() as conn:
            await conn.execute(insert(actions).values(twin))


async def test_a_payload_can_be_erased(world: World) -> None:
    async with world.database.begin() as conn:
        await conn.execute(delete(journal_payloads))
    assert await world.journal_faults() == []


async def test_a_guard_that_somebody_took_away_is_back_after_the_next_migration(database_url: str) -> None:
    db = Database(database_url)
    async with db.begin() as conn:
        before = await triggers(conn)
        for name, table in before:
            await conn.execute(text(f"drop trigger {name}" + ("" if db.is_sqlite else f" on {table}")))
        on = "after insert on journal"
        body = "begin select 1; end" if db.is_sqlite else "for each row execute function deskrail_refuse()"
        await conn.execute(text(f"create trigger deskrail_of_an_older_release {on} {body}"))
    migrate.upgrade(database_url)
    async with db.begin() as conn:
        assert await triggers(conn) == before
    await db.close()


async def triggers(conn: Any) -> list[Any]:
    """The guards that stand in the database."""
    query = "select name, tbl_name from sqlite_master where type = 'trigger' order by 1"
    if conn.dialect.name == "postgresql":
        query = "select tgname, tgrelid::regclass::text from pg_trigger where tgname like 'deskrail%' order by 1"
    return [tuple(row) for row in await conn.execute(text(query))]
