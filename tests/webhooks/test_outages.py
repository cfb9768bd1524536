"""When nothing can be stored the sender is asked to come back, and is never told that a message was taken."""

import asyncio
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, make_url

from service import intake
from service.store.database import Database
from tests.api.house import House, message, open_house
from tests.conftest import StandingClock
from tools.backends.shop import Fault


def asks_to_come_back(answer: Any) -> bool:
    """Whether this is the contract's 503."""
    assert answer.status_code == 503, answer.text
    assert answer.json()["code"] == "unavailable"
    return int(answer.headers["retry-after"]) > 0


async def test_a_full_disk_is_no_acceptance(small_house: House) -> None:
    engine = small_house.services.db.writer
    await small_house.deliver(message("T-0"), webhook_id="w-0")
    before = await small_house.rows()
    async with small_house.services.db.reading() as conn:
        pages = (await conn.exec_driver_sql("PRAGMA page_count")).scalar_one()

    @event.listens_for(engine.sync_engine, "checkout")
    def _full(connection: Any, _record: Any, _proxy: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA max_page_count={pages}")
        cursor.close()

    refused = 0
    for n in range(40):
        answer = await small_house.deliver(message(f"T-{n + 1}", text="x" * 50_000), webhook_id=f"w-{n + 1}")
        if answer.status_code == 202:
            continue
        assert asks_to_come_back(answer)
        refused += 1
    event.remove(engine.sync_engine, "checkout", _full)
    assert refused >= 39, "the first may still fit into free pages"
    after = await small_house.rows()
    assert after["messages"] - before["messages"] == 40 - refused
    assert after["workflow_status"] - before["workflow_status"] == 40 - refused


async def test_a_database_that_another_process_holds_is_no_acceptance(small_house: House) -> None:
    engine = small_house.services.db.writer

    @event.listens_for(engine.sync_engine, "checkout")
    def _impatient(connection: Any, _record: Any, _proxy: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout=50")
        cursor.close()

    other = Database(small_house.services.db.url.render_as_string())
    async with other.begin():
        assert asks_to_come_back(await small_house.deliver(message()))
    await other.close()
    assert (await small_house.deliver(message())).status_code == 202


async def test_a_database_that_cannot_be_opened_is_no_acceptance(small_house: House, tmp_path: Any) -> None:
    await small_house.services.db.close()
    database = tmp_path / "deskrail.db"
    database.rename(tmp_path / "gone.db")
    database.mkdir()
    assert asks_to_come_back(await small_house.deliver(message()))
    key = {"Authorization": "Bearer drk_nothing"}
    assert asks_to_come_back(await small_house.http.get("/v1/tickets", headers=key))
    assert asks_to_come_back(await small_house.http.get("/readyz"))
    assert (await small_house.http.get("/healthz")).status_code == 200


@pytest.mark.postgres
async def test_a_database_server_that_is_away_is_no_acceptance(postgres_url: str, clock: StandingClock) -> None:
    async with open_house(postgres_url, clock) as house:
        before = await house.rows()
        name = make_url(postgres_url).database
        with psycopg.connect(make_url(postgres_url).set(database="postgres").render_as_string(hide_password=False)) as admin:
            admin.autocommit = True
            admin.execute(f'alter database "{name}" allow_connections false')  # type: ignore[arg-type]
            try:
                admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (name,))
                for _ in range(3):
                    assert asks_to_come_back(await house.deliver(message()))
            finally:
                admin.execute(f'alter database "{name}" allow_connections true')  # type: ignore[arg-type]
        assert (await house.deliver(message())).status_code == 202
        assert (await house.rows())["messages"] == before["messages"] + 1


@pytest.mark.postgres
async def test_a_pool_without_a_free_connection_is_no_acceptance(postgres_url: str, clock: StandingClock) -> None:
    async with open_house(postgres_url, clock) as house:
        pool = house.services.db.engine.sync_engine.pool
        pool._timeout = 0.1  # type: ignore[attr-defined]
        held = [await house.services.db.engine.connect() for _ in range(20)]
        assert asks_to_come_back(await house.deliver(message()))
        await asyncio.gather(*(connection.close() for connection in held))
        assert (await house.deliver(message())).status_code == 202


@pytest.mark.postgres
async def test_a_database_that_only_reads_is_no_acceptance(postgres_url: str, clock: StandingClock) -> None:
    name = make_url(postgres_url).database
    async with open_house(postgres_url, clock) as house:
        with psycopg.connect(postgres_url, autocommit=True) as admin:
            admin.execute(f'alter database "{name}" set default_transaction_read_only = on')  # type: ignore[arg-type]
        try:
            await house.services.db.engine.dispose()
            assert asks_to_come_back(await house.deliver(message()))
        finally:
            with psycopg.connect(postgres_url, autocommit=True) as admin:
                admin.execute("set default_transaction_read_only = off")
                admin.execute(f'alter database "{name}" reset default_transaction_read_only')  # type: ignore[arg-type]


@pytest.mark.parametrize("away", ["unreachable", "silent"])
async def test_a_merchant_who_does_not_say_whose_an_address_is_is_no_acceptance_and_no_failure_of_ours(
    house_url: str, clock: StandingClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, away: str
) -> None:
    config = tmp_path / "deskrail.toml"
    config.write_text('[tenants.default]\ncustomer_key = "email"\n')
    async with open_house(house_url, clock, DESKRAIL_CONFIG=str(config)) as house:
        assert (await house.deliver(message("T-1"), webhook_id="w-1")).status_code == 202
        before = await house.rows()
        fault = Fault("unreachable") if away == "unreachable" else Fault(before=asyncio.Event().wait)
        house.shops["default"].script("find_customer_by_email", *[fault] * 3)
        with monkeypatch.context() as patience:
            patience.setattr(intake, "LOOKUP_SECONDS", 0.05)
            assert asks_to_come_back(await house.deliver(message("T-2"), webhook_id="w-2"))
            again = await house.deliver(message("T-1"), webhook_id="w-1")
            assert (again.status_code, again.json()["duplicate"]) == (200, True)
            other = await house.deliver(message("T-1", text="Something else."), webhook_id="w-1")
            assert (other.status_code, other.json()["code"]) == (409, "webhook_id_conflict")
            assert await house.rows() == before
        assert (await house.deliver(message("T-2"), webhook_id="w-2")).status_code == 202
