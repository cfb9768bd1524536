"""The commands on both databases."""

import asyncio
import json
import os

import pytest
from sqlalchemy import insert
from typer.testing import CliRunner

from service.cli import app
from service.clock import wall_clock
from service.store.database import Database
from service.store.schema import customers
from service.store.tenancy import within


@pytest.fixture(
    params=["sqlite_url", *(pytest.param(name, marks=pytest.mark.postgres) for name in ("postgres_url", "app_url"))]
)
def on_each(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """The command line over SQLite, and over PostgreSQL as the owner and as the role that works."""
    if request.param == "app_url":
        monkeypatch.setenv("DESKRAIL_APP_ROLE", request.getfixturevalue("app_role"))
        monkeypatch.setenv("DESKRAIL_DATABASE_URL", request.getfixturevalue("postgres_url"))
        assert CliRunner().invoke(app, ["migrate"]).exit_code == 0
    monkeypatch.setenv("DESKRAIL_DATABASE_URL", request.getfixturevalue(request.param))
    return CliRunner()


def test_people_are_added_looked_at_and_journalled_on_each_database(on_each: CliRunner) -> None:
    for words in (
        ("tenant", "add", "acme"),
        ("user", "add", "amy@example.com", "--role", "supervisor", "--tenant", "acme"),
        ("key", "create", "--name", "k", "--scopes", "tickets:read", "--tenant", "acme"),
    ):
        assert on_each.invoke(app, list(words)).exit_code == 0
    verified = json.loads(on_each.invoke(app, ["audit", "verify", "--tenant", "acme", "--json"]).stdout)
    promises = verified.pop("promises")
    assert (promises > 30, verified) == (True, {"chains": 1, "anchors": 0, "erased": 0, "findings": []})
    seen = {one["what"]: one["health"] for one in json.loads(on_each.invoke(app, ["doctor", "--json"]).stdout)}
    assert seen["database"] == seen["clock"] == seen["migrations"] == "ok"
    assert seen["backend of acme"] == "warning"


def test_migrating_twice_is_as_good_as_once(on_each: CliRunner) -> None:
    for _ in range(2):
        assert on_each.invoke(app, ["migrate"]).stdout == "The database is at this release's version.\n"


def test_a_tenant_that_is_not_there_has_no_journal(on_each: CliRunner) -> None:
    shown = on_each.invoke(app, ["audit", "verify", "--tenant", "ghost"])
    assert (shown.exit_code, shown.stdout) == (1, "")


@pytest.mark.postgres
def test_the_doctor_knows_the_owner_from_the_role_that_works(
    postgres_url: str, app_role: str, app_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKRAIL_APP_ROLE", app_role)
    monkeypatch.setenv("DESKRAIL_DATABASE_URL", postgres_url)
    assert CliRunner().invoke(app, ["migrate"]).exit_code == 0
    for url, health, says in ((postgres_url, "warning", "owns the tables"), (app_url, "ok", "does not own them")):
        monkeypatch.setenv("DESKRAIL_DATABASE_URL", url)
        found = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)
        (role,) = (one for one in found if one["what"] == "database role")
        assert (role["health"], says in role["found"]) == (health, True), role


@pytest.mark.postgres
def test_migrating_for_a_role_that_is_not_there_says_how_to_make_it(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKRAIL_DATABASE_URL", postgres_url)
    monkeypatch.setenv("DESKRAIL_APP_ROLE", "nobody_here")
    shown = CliRunner().invoke(app, ["migrate"])
    assert shown.exit_code == 1
    assert "create role nobody_here login" in shown.stderr


def test_an_operator_erases_a_customer(on_each: CliRunner) -> None:
    assert on_each.invoke(app, ["tenant", "add", "acme"]).exit_code == 0
    asyncio.run(meet("cus_1"))
    assert on_each.invoke(app, ["erase", "cus_1"], input="n\n").exit_code == 1
    done = on_each.invoke(app, ["erase", "cus_1", "--yes", "--json"])
    assert json.loads(done.stdout) == {"tickets": 0, "messages_elsewhere": 0}
    for words in (["erase", "cus_9", "--yes"], ["erase", "cus_1", "--yes", "--tenant", "acme"]):
        unknown = on_each.invoke(app, words)
        assert (unknown.exit_code, unknown.stderr) == (1, "deskrail: The tenant has no customer with this id.\n")


async def meet(customer: str) -> None:
    """A customer of the default tenant."""
    db = Database(os.environ["DESKRAIL_DATABASE_URL"])
    row = {"id": "cst_1", "tenant": "default", "external_id": customer, "email": "ada@example.com", "created_at": wall_clock()}
    with within("default"):
        async with db.begin() as conn:
            await conn.execute(insert(customers).values(row))
    await db.close()
