"""How many who write at once come by the one writer that SQLite has."""

import asyncio

from sqlalchemy import text

from service.store.database import Database

MANY = 60


async def test_many_who_write_at_once_are_served_in_the_order_of_their_asking(sqlite_url: str) -> None:
    db, served = Database(sqlite_url), list[int]()

    async def write(number: int) -> None:
        async with db.begin() as conn:
            await conn.execute(text("update tickets set version = version"))
            served.append(number)

    await asyncio.gather(*(write(number) for number in range(MANY)))
    await db.close()
    assert served == list(range(MANY))


async def test_who_only_reads_waits_for_no_writer(sqlite_url: str) -> None:
    db = Database(sqlite_url)
    async with db.begin() as conn:
        await conn.execute(text("create table notes (word)"))
    async with db.begin() as conn:
        await conn.execute(text("insert into notes values ('kept')"))
        async with db.reading() as other:
            assert (await other.execute(text("select count(*) from notes"))).scalar_one() == 0
    async with db.snapshot() as other:
        rows = await other.execute(text("select word, count(*) over () from notes"))
        assert [tuple(row) for row in rows] == [("kept", 1)]
    await db.close()


async def test_a_writer_that_was_broken_off_leaves_nothing_behind_and_holds_nobody_up(sqlite_url: str) -> None:
    db, begun = Database(sqlite_url), asyncio.Event()

    async def write() -> None:
        async with db.begin() as conn:
            await conn.execute(text("create table notes (word)"))
            begun.set()
            await asyncio.Event().wait()

    writer = asyncio.create_task(write())
    await begun.wait()
    writer.cancel()
    await asyncio.wait([writer])
    async with db.begin() as conn:
        tables = await conn.execute(text("select name from sqlite_master where name = 'notes'"))
        assert tables.all() == []
    await db.close()
