"""The tau retail tasks through the runner: exact differences, the expected refusal, and exactly the expected approvals."""

import asyncio
import shutil
from pathlib import Path

import pytest

from service.store.database import Database
from tests.conftest import StandingClock
from tests.tools.shop import tau
from tests.tools.tau_desk import WINDOW_APPROVALS, Desk
from tests.tools.world import World
from tools.backends.shop import create_tables, dump, load, open_engine
from tools.execution import BOUNDARIES

pytestmark = pytest.mark.skipif(not tau.DATA.is_dir(), reason="../shared/data/tau_retail is not there.")

TASKS = tau.read_tasks() if tau.DATA.is_dir() else []


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
    desk = Desk(world, await world.ticket(task["customer"] or "nobody", "tau"), boundary)
    answers = [await desk.write(write, f"w-{place}") for place, write in enumerate(task["writes"])]
    after = tau.to_tau(await dump(engine, "tau"))
    await engine.dispose()
    await world.database.close()
    assert answers == [write["expect"] for write in task["writes"]]
    assert desk.approvals == task["writes_needing_approval_at_50000"] + WINDOW_APPROVALS.get(task["task"], 0)
    assert tau.difference(before, after) == sorted(task["final_diff"], key=lambda entry: entry["path"])


async def _load(path: Path) -> None:
    engine = open_engine(f"sqlite:///{path}")
    await create_tables(engine)
    await load(engine, "tau", tau.to_shop(tau.read_database()))
    await engine.dispose()
