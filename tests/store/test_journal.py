"""The journal's chain: what is written stays as it was, and whoever changes it is seen."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from service.store import journal
from service.store.database import Database
from service.store.journal import Entry, Head
from service.store.schema import journal as chain
from service.store.schema import journal_payloads, tenants
from tests.tampering import lift_guards

NOW = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)


async def written(db: Database, count: int = 5) -> Head:
    async with db.begin() as conn:
        await conn.execute(insert(tenants).values(name="acme", created_at=NOW))
        for n in range(count):
            await journal.append_to_tenant(conn, "acme", [Entry("person.signed_in", "person:1", {"n": n, "name": "Ünï"})], NOW)
        row = (await conn.execute(select(tenants))).one()
        return Head(row.journal_seq, row.journal_head)


async def verdict(db: Database, head: Head) -> str | None:
    async with db.reading() as conn:
        return await journal.verify(conn, "tenant:acme", head)


async def test_an_untouched_chain_verifies(database_url: str) -> None:
    db = Database(database_url)
    head = await written(db)
    assert head.seq == 5
    assert await verdict(db, head) is None
    await db.close()


@pytest.mark.parametrize(
    ("tampering", "finding"),
    [
        (lambda: update(journal_payloads).where(journal_payloads.c.seq == 2).values(data={"n": 99}), "payload of entry 2"),
        (lambda: update(chain).where(chain.c.seq == 3).values(actor="person:2"), "entry 3 does not follow"),
        (lambda: delete(chain).where(chain.c.seq == 4), "entry 4 is missing"),
        (lambda: delete(chain).where(chain.c.seq == 5), "the chain ends at 4"),
        (lambda: update(chain).where(chain.c.seq == 1).values(at=datetime(2026, 1, 1, tzinfo=UTC)), "entry 1 does not follow"),
    ],
)
async def test_whoever_changes_the_chain_is_found_out(database_url: str, tampering: Callable[[], Any], finding: str) -> None:
    db = Database(database_url)
    head = await written(db)
    async with db.begin() as conn:
        await lift_guards(conn)
        await conn.execute(tampering())
    assert finding in (await verdict(db, head) or "")
    await db.close()


@pytest.mark.parametrize("number", [1e22, 1.5e300, -0.0, float("inf"), 1e-7, 0.1, 10**30])
async def test_an_odd_number_in_a_refused_call_does_not_look_like_tampering(database_url: str, number: float) -> None:
    db = Database(database_url)
    refused = Entry("tool.refused", "bot", {"tool": "issue_refund", "args": {"amount_minor": number}})
    async with db.begin() as conn:
        await conn.execute(insert(tenants).values(name="acme", created_at=NOW))
        await journal.append_to_tenant(conn, "acme", [refused], NOW)
        row = (await conn.execute(select(tenants))).one()
    assert await verdict(db, Head(row.journal_seq, row.journal_head)) is None
    await db.close()


@pytest.mark.parametrize(
    ("odd", "kept"),
    [("a\x00b", "a\ufffdb"), ("a\ud800b", "a?b"), ("a\\\x00b", "a\\\ufffdb"), ("a\\u0000b", "a\\u0000b"), ("💥", "💥")],
    ids=["NUL", "half a character", "backslash and NUL", "six letters", "emoji"],
)
async def test_an_odd_character_in_a_models_call_breaks_no_turn(database_url: str, odd: str, kept: str) -> None:
    db = Database(database_url)
    reply = Entry("agent.reply", "bot", {"input": {"query": odd}})
    async with db.begin() as conn:
        await conn.execute(insert(tenants).values(name="acme", created_at=NOW))
        await journal.append_to_tenant(conn, "acme", [reply], NOW)
        row = (await conn.execute(select(tenants))).one()
        (found,) = await journal.read(conn, "tenant:acme")
    assert found.data == {"input": {"query": kept}}
    assert await verdict(db, Head(row.journal_seq, row.journal_head)) is None
    await db.close()


async def test_an_erased_payload_leaves_the_chain_verifiable(database_url: str) -> None:
    db = Database(database_url)
    head = await written(db)
    async with db.begin() as conn:
        await conn.execute(delete(journal_payloads).where(journal_payloads.c.seq == 2))
    assert await verdict(db, head) is None
    async with db.reading() as conn:
        entries = await journal.read(conn, "tenant:acme")
    assert [entry.data is None for entry in entries] == [False, True, False, False, False]
    await db.close()
