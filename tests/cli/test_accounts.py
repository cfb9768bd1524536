"""Tenants, people and keys made from the command line."""

import asyncio
import json
from collections.abc import Mapping

from sqlalchemy import update

from service.clock import wall_clock
from service.store import api_keys, people, sessions
from service.store.access_schema import login_links
from service.store.database import Database
from service.store.sessions import Purpose
from tests.cli.conftest import Deskrail


def test_a_tenant_is_added_once(deskrail: Deskrail) -> None:
    assert deskrail("tenant", "add", "acme").exit_code == 0
    again = deskrail("tenant", "add", "acme")
    assert again.exit_code == 1
    assert again.stderr == "deskrail: A tenant with this name is already here.\n"


def test_a_tenant_s_name_has_to_fit_into_a_path(deskrail: Deskrail) -> None:
    assert deskrail("tenant", "add", "Acme & Sons").exit_code == 1


def test_a_new_person_gets_a_link_that_sets_a_password(deskrail: Deskrail, environment: Mapping[str, str]) -> None:
    shown = deskrail("user", "add", "Amy@Example.com", "--role", "agent", "--json", "--url", "https://desk.example.com/")
    link = json.loads(shown.stdout)["link"]
    assert link.startswith("https://desk.example.com/console/link/")
    assert asyncio.run(_whose(environment, link)) == ("amy@example.com", Purpose.SET_PASSWORD)


def test_an_admin_whose_first_link_has_ended_gets_another_one(deskrail: Deskrail, environment: Mapping[str, str]) -> None:
    first = json.loads(deskrail("user", "add", "amy@example.com", "--role", "admin", "--json").stdout)["link"]
    asyncio.run(_end_links(environment))
    assert asyncio.run(_whose(environment, first)) is None
    told = json.loads(deskrail("user", "link", "Amy@Example.com", "--url", "https://desk.example.com/", "--json").stdout)
    assert told["link"].startswith("https://desk.example.com/console/link/")
    assert asyncio.run(_whose(environment, told["link"])) == ("amy@example.com", Purpose.SET_PASSWORD)
    assert deskrail("user", "link", "amy@example.com").stdout.startswith("This link sets the password of amy@example.com; it")


def test_no_link_is_made_for_a_stranger_or_for_somebody_who_is_locked_out(
    deskrail: Deskrail, environment: Mapping[str, str]
) -> None:
    deskrail("user", "add", "amy@example.com", "--role", "agent")
    stranger = deskrail("user", "link", "bob@example.com")
    assert (stranger.exit_code, stranger.stderr) == (1, "deskrail: Nobody here has this e-mail address.\n")
    asyncio.run(_lock_out(environment, "amy@example.com"))
    locked = deskrail("user", "link", "amy@example.com")
    assert (locked.exit_code, locked.stdout) == (1, "")
    assert "locked out" in locked.stderr


def test_nobody_is_added_to_a_tenant_that_is_not_there(deskrail: Deskrail) -> None:
    shown = deskrail("user", "add", "amy@example.com", "--role", "agent", "--tenant", "acme")
    assert shown.exit_code == 1
    assert "There is no tenant 'acme'" in shown.stderr


def test_an_unknown_role_is_refused_with_the_roles_there_are(deskrail: Deskrail) -> None:
    shown = deskrail("user", "add", "amy@example.com", "--role", "boss")
    assert shown.exit_code == 2
    assert "supervisor" in shown.stderr


def test_a_key_is_printed_once_and_acts_as_its_person(deskrail: Deskrail, environment: Mapping[str, str]) -> None:
    deskrail("user", "add", "amy@example.com", "--role", "supervisor")
    words = ("--name", "desk", "--scopes", "tickets:read,approvals:decide", "--user", "amy@example.com")
    token = deskrail("key", "create", *words).stdout.strip()
    row = asyncio.run(_found(environment, token))
    assert row is not None
    assert row.scopes == {"tickets:read", "approvals:decide"}
    assert row.person is not None
    assert row.person.email == "amy@example.com"


def test_a_key_without_a_person_decides_nothing(deskrail: Deskrail) -> None:
    shown = deskrail("key", "create", "--name", "desk", "--scopes", "approvals:decide")
    assert shown.exit_code == 1
    assert "acts as a person" in shown.stderr


def test_an_unknown_scope_makes_no_key(deskrail: Deskrail) -> None:
    shown = deskrail("key", "create", "--name", "desk", "--scopes", "tickets:read,everything")
    assert shown.exit_code == 1
    assert "Scopes are a list out of" in shown.stderr


def test_a_key_that_leaked_is_found_and_ends_at_once(deskrail: Deskrail, environment: Mapping[str, str]) -> None:
    deskrail("user", "add", "amy@example.com", "--role", "supervisor")
    tokens = {}
    for name, more in (("desk", ("--user", "amy@example.com")), ("laptop", ())):
        words = ("--name", name, "--scopes", "tickets:read", *more)
        tokens[name] = deskrail("key", "create", *words).stdout.strip()
    assert "as amy@example.com" in deskrail("key", "list").stdout
    listed = {row["name"]: row for row in json.loads(deskrail("key", "list", "--json").stdout)}
    assert {name: row["user"] for name, row in listed.items()} == {"desk": "amy@example.com", "laptop": None}
    leaked = listed["laptop"]["id"]
    assert deskrail("key", "revoke", leaked).exit_code == 0
    assert [row["name"] for row in json.loads(deskrail("key", "list", "--json").stdout)] == ["desk"]
    assert asyncio.run(_found(environment, tokens["laptop"])) is None
    assert asyncio.run(_found(environment, tokens["desk"])) is not None
    again = deskrail("key", "revoke", leaked)
    assert again.exit_code == 1
    assert "deskrail key list" in again.stderr


def test_another_tenants_key_is_neither_listed_nor_revoked(deskrail: Deskrail) -> None:
    deskrail("tenant", "add", "acme")
    made = json.loads(deskrail("key", "create", "--name", "k", "--scopes", "tickets:read", "--json").stdout)
    assert deskrail("key", "list", "--tenant", "acme").stdout == ""
    assert deskrail("key", "revoke", made["id"], "--tenant", "acme").exit_code == 1
    assert made["id"] in deskrail("key", "list").stdout


async def _found(environment: Mapping[str, str], token: str) -> api_keys.KeyRow | None:
    db = Database(environment["DESKRAIL_DATABASE_URL"])
    async with db.reading() as conn:
        row = await api_keys.find(conn, token)
    await db.close()
    return row


async def _whose(environment: Mapping[str, str], link: str) -> tuple[str, Purpose] | None:
    db = Database(environment["DESKRAIL_DATABASE_URL"])
    async with db.reading() as conn:
        found = await sessions.peek_link(conn, link.rpartition("/")[2], wall_clock())
    await db.close()
    return found and (found[0].email, found[1])


async def _end_links(environment: Mapping[str, str]) -> None:
    db = Database(environment["DESKRAIL_DATABASE_URL"])
    async with db.begin() as conn:
        await conn.execute(update(login_links).values(expires_at=wall_clock()))
    await db.close()


async def _lock_out(environment: Mapping[str, str], email: str) -> None:
    db = Database(environment["DESKRAIL_DATABASE_URL"])
    async with db.begin() as conn:
        person = await people.find_by_email(conn, "default", email)
        assert person is not None
        await people.set_active(conn, person, False, "system", wall_clock())
    await db.close()
