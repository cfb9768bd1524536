"""The tau retail tasks through the runner: exact differences, the expected refusal, and exactly the expected approvals."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from service.store.database import Database
from tests.conftest import StandingClock
from tests.tools.shop import tau
from tests.tools.world import Died, World
from tools.backends.shop import create_tables, dump, load, open_engine
from tools.execution import BOUNDARIES
from tools.ports import Caller, ToolResult

pytestmark = pytest.mark.skipif(not tau.DATA.is_dir(), reason="../shared/data/tau_retail is not there.")

TASKS = tau.read_tasks() if tau.DATA.is_dir() else []
WINDOW_APPROVALS = {"28": 1, "104": 1}
"""Approvals that no single write needs, and that the window over the task's writes adds."""

NAMES = {
    "cancel_pending_order": "cancel_order",
    "return_delivered_order_items": "return_items",
    "exchange_delivered_order_items": "exchange_items",
    "modify_pending_order_items": "change_order_items",
    "modify_pending_order_payment": "change_order_payment",
    "modify_pending_order_address": "change_order_address",
    "modify_user_address": "change_customer_address",
}


@pytest.fixture(scope="module")
def before() -> tau.Json:
    return tau.to_tau(tau.to_shop(tau.read_database()))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the whole shop, closed, so that each task starts from a copy."""
    path = tmp_path_factory.mktemp("tau") / "template.db"
    asyncio.run(_load(path))
    return path


def test_thirty_writes_of_all_tasks_need_people() -> None:
    assert sum(task["writes_needing_approval_at_50000"] for task in TASKS) + sum(WINDOW_APPROVALS.values()) == 30


@pytest.mark.parametrize("place", range(len(TASKS)), ids=[f"task-{task['task']}" for task in TASKS])
async def test_a_task_leaves_its_exact_difference_with_its_approvals(
    place: int, loaded: Path, before: tau.Json, sqlite_url: str, tmp_path: Path, clock: StandingClock
) -> None:
    # Each task's worker dies at one boundary of every write, and the boundaries take turns over the tasks.
    await _run(TASKS[place], BOUNDARIES[place % len(BOUNDARIES)], loaded, before, sqlite_url, tmp_path, clock)


@pytest.mark.long
@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("task", TASKS, ids=[f"task-{task['task']}" for task in TASKS])
async def test_a_task_whose_worker_dies_in_every_write_ends_the_same(
    task: tau.Json, boundary: str, loaded: Path, before: tau.Json, sqlite_url: str, tmp_path: Path, clock: StandingClock
) -> None:
    await _run(task, boundary, loaded, before, sqlite_url, tmp_path, clock)


async def _run(
    task: tau.Json, boundary: str, loaded: Path, before: tau.Json, url: str, tmp_path: Path, clock: StandingClock
) -> None:
    engine = open_engine(f"sqlite:///{shutil.copy(loaded, tmp_path / 'shop.db')}")
    world = World(Database(url), engine, clock)
    await world.add_tenant_of_loaded_shop("tau")
    desk = _Desk(world, await world.ticket(task["customer"] or "nobody", "tau"), boundary)
    answers = [await desk.write(write, f"w-{place}") for place, write in enumerate(task["writes"])]
    after = tau.to_tau(await dump(engine, "tau"))
    await engine.dispose()
    await world.database.close()
    assert answers == [write["expect"] for write in task["writes"]]
    assert desk.approvals == task["writes_needing_approval_at_50000"] + WINDOW_APPROVALS.get(task["task"], 0)
    assert tau.difference(before, after) == sorted(task["final_diff"], key=lambda entry: entry["path"])


class _Desk:
    """Works one ticket: each write is confirmed by its customer and approved by as many people as it needs."""

    def __init__(self, world: World, caller: Caller, boundary: str) -> None:
        self.world, self.caller, self.boundary, self.approvals = world, caller, boundary, 0

    async def write(self, write: tau.Json, origin: str) -> str:
        """`ok` or `refused`."""
        tool, args = NAMES[write["tool"]], await _arguments(self.world, write)
        result = await self._step(lambda runner: runner.call(self.caller, tool, args, origin))
        if result.needs_confirmation:
            await self.world.says_yes(result.action)
            result = await self._resume(result)
        if result.needs_approval:
            self.approvals += 1
            while (await self.world.vote(await self.world.person(tenant="tau"), result.action)).state == "pending":
                pass
            result = await self._resume(result)
        return "ok" if result.ok else "refused"

    async def _resume(self, result: ToolResult) -> ToolResult:
        assert result.action is not None
        action_id = result.action.id
        return await self._step(lambda runner: runner.resume(self.caller, action_id))

    async def _step(self, run: Any) -> ToolResult:
        try:
            return await run(self.world.runner_that_dies_at(self.boundary))
        except Died:
            self.caller = await self.world.new_claim(self.caller)
        return await run(self.world.runner)


async def _arguments(world: World, write: tau.Json) -> tau.Json:
    """A write's arguments as our tools name them, with the shop's own line ids."""
    given, shop = write["arguments"], world.shop_of("tau")
    args = {name: given[name] for name in ("order_id", "new_item_ids", "payment_method_id") if name in given}
    if "item_ids" in given:
        args["item_ids"] = await tau._lines(shop, given)
    if write["tool"] == "return_delivered_order_items":
        args["refund_to"] = args.pop("payment_method_id")
    if "reason" in given:
        args["reason"] = given["reason"].replace(" ", "_")
    if "address1" in given:
        args["address"] = tau._address(given).model_dump(mode="json")
    return args


async def _load(path: Path) -> None:
    engine = open_engine(f"sqlite:///{path}")
    await create_tables(engine)
    await load(engine, "tau", tau.to_shop(tau.read_database()))
    await engine.dispose()
