"""A ticket's page reads what belongs to the ticket, however much others have."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from service.store import story
from tests.conftest import StandingClock
from tests.rig import Rig, rig, rig_settings


@pytest.fixture
async def service(sqlite_url: str, clock: StandingClock, tmp_path: Path) -> AsyncIterator[Rig]:
    """The service on SQLite, which says how it goes about a query; its replies wait to be sent."""
    settings = rig_settings(sqlite_url, shop_url=f"sqlite:///{tmp_path}/shop.db", outbound_url="http://127.0.0.1:9/")
    async with rig(sqlite_url, clock, settings=settings) as made:
        yield made


async def test_who_opens_a_ticket_does_not_wait_while_everybodys_replies_are_read(service: Rig) -> None:
    ticket = await service.say("Where is my order D-100001?")
    asked: list[tuple[str, Any]] = []

    @event.listens_for(service.services.db.engine.sync_engine, "before_cursor_execute")
    def _ask(_conn: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        asked.append((statement, values))

    async with service.services.db.reading() as conn:
        told = await story.read(conn, "default", ticket["id"])
        asked_by_page = [one for one in asked if "outbox" in one[0]]
        plans = [(await conn.exec_driver_sql(f"explain query plan {sql}", values)).all() for sql, values in asked_by_page]
    assert told is not None
    assert [said.delivery for said in told.said] == [None, "pending"]
    steps = [step.detail for plan in plans for step in plan if "outbox" in step.detail]
    assert steps
    assert all("USING INDEX ix_outbox_ticket" in step for step in steps), steps
