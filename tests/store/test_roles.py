"""The role that works may not do what only the owner of the tables may."""

from collections.abc import AsyncIterator

import psycopg
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import ProgrammingError

from service.engine import Engine
from service.errors import Fatal
from service.store import migrate
from service.store.database import Database
from tests.conftest import StandingClock
from tests.durability.stories import large_refund
from tests.journeys.honesty import books_agree
from tests.rig import Rig, prepared_for, rig
from tests.service.machine import at_rest, worker_on

pytestmark = pytest.mark.postgres


@pytest.fixture
async def service(postgres_url: str, app_role: str, clock: StandingClock) -> AsyncIterator[Rig]:
    """A whole service that works with the role of its own, on a database that the owner has prepared."""
    async with rig(await prepared_for(postgres_url, app_role, clock), clock) as made:
        yield made


async def test_a_refund_is_approved_and_paid_with_the_working_role(service: Rig) -> None:
    async with worker_on(service):
        for step in await large_refund(service):
            await step(service)
            await at_rest(service, (await service.ticket_called("T-1"))["id"])
    ticket = await service.ticket_called("T-1")
    assert [action["status"] for action in ticket["actions"]] == ["succeeded"], ticket
    assert len(await service.books()) == 1
    await books_agree(service)


@pytest.mark.parametrize(
    "attempt",
    [
        "update journal set actor = 'person:2'",
        "delete from journal",
        "update ledger set amount_minor = 1",
        "delete from ledger",
        "update journal_payloads set data = '{}'",
        "truncate journal_payloads",
        "truncate ledger",
        "alter table journal disable trigger all",
        "drop function deskrail_refuse cascade",
        "set session_replication_role = replica",
        "alter table journal drop column actor",
        "update alembic_version set version_num = '0000'",
        "create table mine (id int)",
    ],
)
async def test_the_working_role_is_refused(app_url: str, attempt: str) -> None:
    db = Database(app_url)
    with pytest.raises(ProgrammingError) as refused:
        async with db.begin() as conn:
            await conn.execute(text(attempt))
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)
    await db.close()


def test_granting_twice_is_as_good_as_once(postgres_url: str, app_role: str) -> None:
    assert migrate.upgrade(postgres_url, app_role)
    assert migrate.upgrade(postgres_url, app_role)
    Engine(Database(postgres_url)).migrate(app_role)


def test_the_working_role_migrates_nothing_and_says_who_does(app_url: str, postgres_url: str) -> None:
    assert not migrate.upgrade(app_url), "it has nothing to do, and says that it does not own the tables"
    with psycopg.connect(postgres_url, autocommit=True) as owner:
        (head,) = owner.execute("select version_num from alembic_version").fetchone() or ("",)
        owner.execute("update alembic_version set version_num = '0000'")
        try:
            with pytest.raises(Fatal, match="as the owner of the tables"):
                migrate.upgrade(app_url)
        finally:
            owner.execute("update alembic_version set version_num = %s", [head])


def test_a_role_that_could_escape_is_not_taken(postgres_url: str, app_role: str) -> None:
    owner = make_url(postgres_url).username or ""
    with pytest.raises(Fatal, match="superuser"):
        migrate.upgrade(postgres_url, owner)
    with pytest.raises(Fatal, match="create role nobody_here login"):
        migrate.upgrade(postgres_url, "nobody_here")
