"""`deskrail policy explain`, on a ticket of the demo shop."""

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import psycopg
import pytest

from service.clock import wall_clock
from tests.cli.conftest import Deskrail
from tests.rig import rig

ESPRESSO = {"order_id": "D-100004", "amount_minor": 74_900, "currency": "USD", "reason": "damaged"}
"""A refund to the first customer that one supervisor must approve."""


@pytest.fixture
def ticket(deskrail: Deskrail, sqlite_url: str) -> str:
    """A ticket of the demo shop's first customer, as the help desk names it; nothing works on it."""
    return furnish(deskrail, sqlite_url)


def furnish(deskrail: Deskrail, url: str) -> str:
    """The demo shop, a ticket in it, and somebody who works there."""

    async def hear() -> None:
        async with rig(url, wall_clock) as built:  # type: ignore[arg-type]
            await built.hear("My espresso machine is broken.", ticket="T-7")

    asyncio.run(hear())
    deskrail("user", "add", "amy@example.com", "--role", "agent")
    return "T-7"


def explain(deskrail: Deskrail, ticket: str, args: dict[str, Any], *words: str, tool: str = "issue_refund") -> Any:
    """The explanation as JSON."""
    shown = deskrail("policy", "explain", "--ticket", ticket, "--tool", tool, "--args", json.dumps(args), "--json", *words)
    assert shown.exit_code == 0, shown.stderr
    return json.loads(shown.stdout)


def dump(folder: Path) -> dict[str, list[str]]:
    """Everything that the databases hold."""
    found = {}
    for file in sorted(folder.glob("*.db")):
        with sqlite3.connect(file) as db:
            found[file.name] = list(db.iterdump())
    return found


def everything(url: str) -> dict[str, list[str]]:
    """Every row of every table of a PostgreSQL database, and what guards them."""
    with psycopg.connect(url) as db:
        tables = db.execute(
            "select format('%I.%I', schemaname, tablename) from pg_tables "
            "where schemaname not in ('pg_catalog', 'information_schema') order by 1"
        ).fetchall()
        found = {name: [row for (row,) in db.execute(f"select t::text from {name} t order by 1")] for (name,) in tables}  # type: ignore[arg-type]
        guards = "select tgname from pg_trigger union all select policyname from pg_policies order by 1"
        return found | {"guards": [name for (name,) in db.execute(guards)]}


def test_it_says_what_would_happen_and_which_rule_says_so(deskrail: Deskrail, ticket: str) -> None:
    told = explain(deskrail, ticket, ESPRESSO)
    assert (told["verdict"]["decision"], told["verdict"]["rule"]) == ("needs_confirmation", "money.confirmation")
    assert told["after_the_customers_yes"]["rule"] == "refund.per_call_cap"
    assert told["amount"] == {"amount_minor": 74_900, "currency": "USD"}
    cap = next(rule for rule in told["rules"] if rule["name"] == "refund.per_call_cap")
    assert (cap["says"], cap["number"]) == ("asks for 1 vote", "$500.00 one vote; $5,000.00 two votes")
    assert [rule["order"] for rule in told["rules"]] == list(range(1, len(told["rules"]) + 1))


def test_people_read_it_as_one_screen(deskrail: Deskrail, ticket: str) -> None:
    shown = deskrail("policy", "explain", "--ticket", ticket, "--tool", "issue_refund", "--args", json.dumps(ESPRESSO))
    assert shown.exit_code == 0
    assert "The customer would be asked (money.confirmation)" in shown.stdout
    assert "After the customer's yes: It would wait for one person's vote (refund.per_call_cap)" in shown.stdout
    assert "← decides" in shown.stdout
    assert len(shown.stdout.splitlines()) < 50


def test_a_person_is_explained_as_a_person(deskrail: Deskrail, ticket: str) -> None:
    alone = explain(deskrail, ticket, ESPRESSO, "--user", "amy@example.com")
    assert (alone["verdict"]["decision"], alone["verdict"]["code"]) == ("deny", "confirmation_required")
    attested = explain(deskrail, ticket, ESPRESSO, "--user", "amy@example.com", "--customer-confirmed")
    assert (attested["verdict"]["decision"], attested["verdict"]["votes"]) == ("needs_approval", 1)


def test_another_customers_order_is_refused_like_one_that_does_not_exist(deskrail: Deskrail, ticket: str) -> None:
    theirs, nobodys = (explain(deskrail, ticket, {**ESPRESSO, "order_id": name}) for name in ("D-100007", "D-999999"))
    assert theirs["verdict"] == nobodys["verdict"]
    assert theirs["verdict"]["code"] == "not_found"


def test_explaining_changes_nothing(deskrail: Deskrail, ticket: str, tmp_path: Path, sqlite_url: str) -> None:
    folder = Path(sqlite_url.removeprefix("sqlite:///")).parent
    before = dump(folder)
    assert len(before) == 2
    for words in ((), ("--lane", "workflow"), ("--user", "amy@example.com", "--customer-confirmed")):
        explain(deskrail, ticket, ESPRESSO, *words)
    explain(deskrail, ticket, {"order_id": "D-999999", "reason": "no_longer_needed"}, tool="cancel_order")
    explain(deskrail, ticket, {}, tool="find_orders")
    assert dump(folder) == before


def test_explaining_prepares_nothing(deskrail: Deskrail, ticket: str, sqlite_url: str) -> None:
    """Serving would put these databases right; explaining leaves them as their owner did."""
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with sqlite3.connect(path) as db:
        (guard,) = db.execute(
            "select name from sqlite_master where type = 'trigger' and tbl_name = 'ledger' limit 1"
        ).fetchone()
        db.execute(f"drop trigger {guard}")
        db.execute("drop table workflow_status")
    with sqlite3.connect(path.with_name("deskrail-shop.db")) as shop:
        shop.execute("drop table jobs")
    before = dump(path.parent)
    assert explain(deskrail, ticket, ESPRESSO)["verdict"]["decision"] == "needs_confirmation"
    assert dump(path.parent) == before


def test_explaining_migrates_nothing(deskrail: Deskrail, ticket: str, sqlite_url: str) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with sqlite3.connect(path) as db:
        db.execute("update alembic_version set version_num = '0001'")
    before = dump(path.parent)
    shown = deskrail("policy", "explain", "--ticket", ticket, "--tool", "find_orders")
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert "run `deskrail migrate`" in shown.stderr
    assert dump(path.parent) == before


@pytest.mark.postgres
def test_explaining_changes_nothing_on_postgres_either(
    deskrail: Deskrail, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKRAIL_DATABASE_URL", postgres_url)
    ticket = furnish(deskrail, postgres_url)
    before = everything(postgres_url)
    for words in ((), ("--lane", "agent"), ("--user", "amy@example.com", "--customer-confirmed")):
        explain(deskrail, ticket, ESPRESSO, *words)
    explain(deskrail, ticket, {}, tool="find_orders")
    assert everything(postgres_url) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--ticket", "T-404", "--tool", "find_orders"), "has no ticket 'T-404'"),
        (("--ticket", "T-7", "--tool", "refund"), "There is no tool 'refund'; there are: add_note"),
        (("--ticket", "T-7", "--tool", "issue_refund", "--args", "{"), "--args is not JSON"),
        (
            ("--ticket", "T-7", "--tool", "issue_refund", "--args", '{"order_id": "D-1", "amount": 5}'),
            "which takes order_id, amount_minor, currency, reason. amount_minor: Field required",
        ),
        (("--ticket", "T-7", "--tool", "find_orders", "--customer-confirmed"), "name them with --user"),
        (("--ticket", "T-7", "--tool", "find_orders", "--user", "amy@example.com", "--lane", "agent"), "no other lane"),
        (("--ticket", "T-7", "--tool", "find_orders", "--user", "bob@example.com"), "Nobody with this e-mail"),
        (("--ticket", "T-7", "--tool", "find_orders", "--tenant", "acme"), "There is no tenant 'acme'"),
    ],
)
def test_what_cannot_be_explained_is_one_clear_line(deskrail: Deskrail, ticket: str, words: tuple[str, ...], said: str) -> None:
    shown = deskrail("policy", "explain", *words)
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert said in shown.stderr
    assert shown.stderr.count("\n") == 1
