"""Every refund takes its locks in the one order of the design, so that no two can ever wait for each other."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from typing import Any

import psycopg
import pytest

from service.store.database import sync_url
from service.store.people import Role
from tests.conftest import StandingClock
from tests.store.crowd import many
from tests.tools.world import World, build_world
from tools.ports import ToolResult

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("postgres")]

ROWS = (("order", "D-1-1"), ("customer", "cus_1"), ("fingerprint", "fp_a"), ("fingerprint", "fp_z"), ("day", "2026-11-20 USD"))
"""What a refund of this order locks after its ticket, in order; the card that paid first sorts last."""

Wanted = Callable[[World], Awaitable[tuple[str, Coroutine[Any, Any, ToolResult]]]]
"""Makes everything ready for a refund; gives its ticket and the call that decides it."""

REFUND = {"order_id": "D-1-1", "amount_minor": 6_000, "currency": "USD", "reason": "late"}


@pytest.fixture
async def world(postgres_url: str, clock: StandingClock) -> AsyncIterator[World]:
    """A world with an order that two cards paid."""
    async with build_world(postgres_url, postgres_url, clock) as built:
        data = many(customers=1, orders_each=1, paid_minor=5_000)
        card, (paid,) = data["customers"][0]["payment_methods"][0], data["orders"][0]["payments"]
        data["customers"][0]["payment_methods"] = [
            {**card, "id": "pm_z", "fingerprint": "fp_z"},
            {**card, "id": "pm_a", "fingerprint": "fp_a"},
        ]
        data["orders"][0]["payments"] = [{**paid, "id": f"p{n}", "method_id": f"pm_{n}"} for n in "za"]
        await built.add_tenant("lumen", data)
        yield built


async def asked_by_a_person(world: World) -> tuple[str, Coroutine[Any, Any, ToolResult]]:
    """A person's refund, decided when it is asked for; its ticket and the call that is to be made."""
    person = world.as_person(await world.ticket("cus_1", "lumen"), await world.person(Role.AGENT, "lumen"))
    return person.ticket, world.runner.call(person, "issue_refund", REFUND, "r", confirmed=True)


async def confirmed_by_the_customer(world: World) -> tuple[str, Coroutine[Any, Any, ToolResult]]:
    """A bot's refund, decided again after the customer's yes."""
    caller = await world.ticket("cus_1", "lumen")
    asked = await world.runner.call(caller, "issue_refund", REFUND, "r")
    await world.says_yes(asked.action)
    assert asked.action is not None
    return caller.ticket, world.runner.resume(caller, asked.action.id)


@pytest.mark.parametrize("wanted", [asked_by_a_person, confirmed_by_the_customer], ids=lambda wanted: wanted.__name__)
@pytest.mark.parametrize("held", [None, *ROWS], ids=["ticket", *(f"{kind} {ref}" for kind, ref in ROWS)])
async def test_a_refund_that_waits_for_a_lock_holds_those_before_it_and_none_after(
    world: World, held: tuple[str, str] | None, wanted: Wanted
) -> None:
    ticket, call = await wanted(world)
    url = sync_url(world.database.url).replace("+psycopg", "")
    async with await psycopg.AsyncConnection.connect(url) as holder, await psycopg.AsyncConnection.connect(url) as looker:
        await looker.set_autocommit(True)
        for kind, ref in ROWS:
            made = "insert into locks (tenant, kind, ref) values ('lumen', %s, %s) on conflict do nothing"
            await looker.execute(made, (kind, ref))
        if held is None:
            await holder.execute("select 1 from tickets where id = %s for update", (ticket,))
        else:
            await holder.execute("select 1 from locks where tenant = 'lumen' and kind = %s and ref = %s for update", held)
        refund = asyncio.create_task(call)
        await _waits(looker, refund)
        place = -1 if held is None else ROWS.index(held)
        assert await _free(looker, ROWS[:place] if held else ()) == []
        assert await _free(looker, ROWS[place + 1 :]) == list(ROWS[place + 1 :])
        await holder.rollback()
        assert (await refund).ok


async def _waits(looker: psycopg.AsyncConnection, refund: asyncio.Task[ToolResult]) -> None:
    """Until somebody in this database waits for a lock, which must be before the refund is made."""
    query = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    async with asyncio.timeout(10):
        while (await (await looker.execute(query)).fetchone()) == (0,):
            assert not refund.done(), "The refund waited for nobody."


async def _free(looker: psycopg.AsyncConnection, rows: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those of these lock rows that nobody holds."""
    free = []
    for row in rows:
        try:
            await looker.execute("select 1 from locks where tenant = 'lumen' and kind = %s and ref = %s for update nowait", row)
            free.append(row)
        except psycopg.errors.LockNotAvailable:
            continue
    return free
