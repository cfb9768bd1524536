"""The tau retail tasks that share no order, worked by two workers at once on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import zip_longest

import pytest

from service.store.database import Database
from service.store.invariants.checking import broken, recomputed
from service.store.invariants.decisions import DECISIONS
from service.store.invariants.money import MONEY
from tests.conftest import StandingClock
from tests.tools.shop import tau
from tests.tools.tau_desk import Desk
from tests.tools.world import World
from tools.backends.shop import create_tables, dump, load, open_engine
from tools.limits import Policy

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.xdist_group("postgres"),
    pytest.mark.skipif(not tau.DATA.is_dir(), reason="../shared/data/tau_retail is not there."),
]

WORKERS = 2
AT_ONCE = 4
"""How many tickets each worker works at the same time."""


def _groups(tasks: Iterable[tau.Json]) -> list[list[tau.Json]]:
    """All tasks in groups of which no two share an order, or a gift card whose balance one leaves to the other."""
    groups: list[tuple[set[str], list[tau.Json]]] = []
    for task in tasks:
        given = [write["arguments"] for write in task["writes"]]
        touched = {one[name] for one in given for name in ("order_id", "payment_method_id") if name in one}
        free = next((group for group in groups if not group[0] & touched), None)
        if free is None:
            groups.append(free := (set(), []))
        free[0].update(touched)
        free[1].append(task)
    return [group for _, group in groups]


GROUPS = _groups(tau.read_tasks()) if tau.DATA.is_dir() else []


@pytest.mark.parametrize("group", GROUPS, ids=[f"{len(group)}-tasks" for group in GROUPS])
async def test_two_workers_leave_the_sum_of_all_differences(
    group: Sequence[tau.Json], postgres_url: str, clock: StandingClock
) -> None:
    database = tau.to_shop(tau.read_database())
    async with _workers(postgres_url, clock, database) as workers:
        callers = [await workers[0].ticket(task["customer"] or "nobody", "tau") for task in group]
        desks = [(Desk(workers[place % WORKERS], callers[place]), task) for place, task in enumerate(group)]
        queues = [desks[place :: WORKERS * AT_ONCE] for place in range(WORKERS * AT_ONCE)]
        answers = await asyncio.gather(*map(_work, queues))
        after = tau.to_tau(await dump(workers[0].shop_engine, "tau"))
        async with workers[0].database.reading() as conn:
            assert await broken(conn, "tau", Policy(), (*MONEY, *DECISIONS)) + await recomputed(conn, "tau") == ()
    assert [answer for mine in answers for answer in mine if answer[0] != answer[1]] == []
    expected = [entry for task in group for entry in task["final_diff"]]
    assert tau.difference(tau.to_tau(database), after) == sorted(expected, key=lambda entry: entry["path"])


async def _work(queue: Sequence[tuple[Desk, tau.Json]]) -> list[tuple[str, str]]:
    """Each write's answer beside the expected one; after each write another task of the queue has its turn."""
    rounds = zip_longest(*(task["writes"] for _, task in queue))
    return [
        (await desk.write(write, f"w-{turn}"), write["expect"])
        for turn, writes in enumerate(rounds)
        for (desk, _), write in zip(queue, writes, strict=True)
        if write is not None
    ]


@asynccontextmanager
async def _workers(url: str, clock: StandingClock, shop: tau.Json) -> AsyncIterator[list[World]]:
    """Workers with connections of their own on one database and one shop."""
    async with AsyncExitStack() as stack:
        engine = open_engine(url)
        stack.push_async_callback(engine.dispose)
        await create_tables(engine)
        await load(engine, "tau", shop)
        first = World(Database(url, pool_size=AT_ONCE), engine, clock)
        await first.add_tenant_of_loaded_shop("tau")
        worlds = [first, *(first.process(AT_ONCE) for _ in range(1, WORKERS))]
        for world in worlds:
            stack.push_async_callback(world.database.close)
        yield worlds
