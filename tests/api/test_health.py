"""A process that cannot do its work says so, and one that lives says so too."""

import httpx
from alembic.script import ScriptDirectory
from sqlalchemy import update

from service.app import create_app
from service.store import migrate, workers
from service.store.schema import workers as table
from tests.api.house import House


async def test_a_process_with_its_database_is_ready(house: House) -> None:
    assert (await house.http.get("/healthz")).json() == {"status": "ok"}
    answer = await house.http.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "workers": 0})


async def test_a_database_of_another_release_is_not_ready(house: House) -> None:
    async with house.services.db.begin() as conn:
        await conn.exec_driver_sql("update alembic_version set version_num = 'older'")
    try:
        answer = await house.http.get("/readyz")
    finally:
        async with house.services.db.begin() as conn:
            await conn.exec_driver_sql(f"update alembic_version set version_num = '{await head()}'")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0


async def head() -> str:
    """The newest version of the tables."""
    return ScriptDirectory.from_config(migrate._config()).get_current_head() or ""


async def test_a_worker_inside_that_stands_still_makes_its_process_unready(house: House) -> None:
    services = house.services
    transport = httpx.ASGITransport(create_app(services, has_worker=True))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as http:
        assert (await http.get("/readyz")).status_code == 503
        async with services.db.begin() as conn:
            await workers.register(conn, services.engine.worker_id, alone=False)
        assert (await http.get("/readyz")).json() == {"status": "ready", "workers": 1}
        async with services.db.begin() as conn:
            await conn.execute(update(table).values(beat=services.clock().replace(year=2020)))
        assert (await http.get("/readyz")).status_code == 503
        assert (await http.get("/healthz")).status_code == 200
