"""Every write of the tau retail tasks, made on the shop, leaves exactly the difference that the oracle computed."""

import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.tools.shop import tau
from tests.tools.shop.look import end_of_threads
from tools.backends.shop import Shop, create_tables, dump, load, open_engine
from tools.errors import BackendRefused, Code

pytestmark = pytest.mark.skipif(not tau.DATA.is_dir(), reason="../shared/data/tau_retail is not there.")

TASKS = tau.read_tasks() if tau.DATA.is_dir() else []


@pytest.fixture(scope="module")
def database() -> tau.Json:
    return tau.read_database()


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory, database: tau.Json) -> Path:
    """A file with the whole shop, closed, so that each task starts from a copy."""
    path = tmp_path_factory.mktemp("tau") / "template.db"
    asyncio.run(_load(path, database))
    return path


@pytest.fixture(scope="module")
def before(database: tau.Json) -> tau.Json:
    return tau.to_tau(tau.to_shop(database))


def test_the_converter_loses_nothing_of_users_and_orders(database: tau.Json, before: tau.Json) -> None:
    for name, user in database["users"].items():
        wanted = {key: value for key, value in user.items() if key != "orders"}
        methods = {m["id"]: _in_cents(m, "balance") for m in user["payment_methods"].values()}
        assert before["users"][name] == wanted | {"payment_methods": methods}
    for name, order in database["orders"].items():
        items = [_in_cents(item, "price") for item in order["items"]]
        history = [_in_cents(entry, "amount") for entry in order["payment_history"]]
        wanted = order | {"items": items, "payment_history": history}
        back = {key: value for key, value in before["orders"][name].items() if value is not None}
        assert back == wanted


@pytest.mark.parametrize("task", TASKS, ids=[f"task-{task['task']}" for task in TASKS])
async def test_a_task_leaves_exactly_its_final_difference(
    task: tau.Json, loaded: Path, before: tau.Json, tmp_path: Path
) -> None:
    path = shutil.copy(loaded, tmp_path / "shop.db")
    engine = open_engine(f"sqlite:///{path}")
    shop = Shop(engine, "tau", lambda: datetime(2026, 11, 20, 10, 0, tzinfo=UTC))
    answers = [await _answer(shop, write, f"{task['task']}-{place}") for place, write in enumerate(task["writes"])]
    after = tau.to_tau(await dump(engine, "tau"))
    await engine.dispose()
    await end_of_threads()
    # The one write that must be refused lacks the balance.
    expected = {"ok": "ok", "refused": Code.INSUFFICIENT_BALANCE}
    assert answers == [(expected[write["expect"]], write["money_back_cents"]) for write in task["writes"]]
    assert tau.difference(before, after) == sorted(task["final_diff"], key=lambda entry: entry["path"])


async def _load(path: Path, database: tau.Json) -> None:
    engine = open_engine(f"sqlite:///{path}")
    await create_tables(engine)
    await load(engine, "tau", tau.to_shop(database))
    await engine.dispose()


async def _answer(shop: Shop, write: tau.Json, key: str) -> tuple[str, int]:
    try:
        receipt = await tau.perform(shop, write, key)
    except BackendRefused as refusal:
        return refusal.code, 0
    return "ok", receipt.amount_minor


def _in_cents(entry: tau.Json, name: str) -> tau.Json:
    return entry | {name: tau.cents(entry[name])} if name in entry else entry
