"""What is read together is of one moment, whatever commits in between, and is never written."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import DBAPIError

from service.store.database import Database
from service.store.schema import tenants

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
COUNT = select(func.count()).select_from(tenants)


async def test_who_looks_at_a_ticket_while_it_changes_sees_it_before_or_after_and_no_mixture(database_url: str) -> None:
    db = Database(database_url)
    async with db.snapshot() as conn:
        before = (await conn.execute(COUNT)).scalar_one()
        async with db.begin() as other:
            await other.execute(insert(tenants).values(name="acme", created_at=NOW))
        assert (await conn.execute(COUNT)).scalar_one() == before
    async with db.snapshot() as conn:
        assert (await conn.execute(COUNT)).scalar_one() == before + 1
    await db.close()


async def test_nothing_that_is_written_in_a_snapshot_stays(database_url: str) -> None:
    db = Database(database_url)
    adding = insert(tenants).values(name="acme", created_at=NOW)
    async with db.snapshot() as conn:
        before = (await conn.execute(COUNT)).scalar_one()
        if db.is_sqlite:
            await conn.execute(adding)
        else:
            with pytest.raises(DBAPIError, match="read-only"):
                await conn.execute(adding)
    async with db.reading() as conn:
        assert (await conn.execute(COUNT)).scalar_one() == before
    await db.close()
