"""Kill switches from the shell: listed, thrown by somebody who may, with a reason, and lifted again."""

import json
from collections.abc import Callable

from typer.testing import Result

Deskrail = Callable[..., Result]


def test_a_switch_is_thrown_listed_and_lifted(deskrail: Deskrail) -> None:
    assert deskrail("user", "add", "ada@example.com", "--role", "admin", "--name", "Ada").exit_code == 0
    thrown = deskrail("switch", "throw", "effect", "MONEY", "--reason", "Two banks answer.", "--user", "ada@example.com")
    assert thrown.exit_code == 0, thrown.output
    assert "OFF    Two banks answer. (Ada, 2" in thrown.output
    assert thrown.output in deskrail("switch", "list").output
    rows = json.loads(deskrail("switch", "list", "--json").stdout)
    (on,) = [row for row in rows if row["on"]]
    assert (on["scope"], on["name"], on["reason"], on["in_flight"]) == ("effect", "MONEY", "Two banks answer.", [])
    assert deskrail("switch", "lift", "effect", "MONEY", "--user", "ada@example.com").exit_code == 0
    assert "OFF" not in deskrail("switch", "list").output


def test_a_switch_needs_somebody_who_may_throw_it_and_a_switch_that_is_there(deskrail: Deskrail) -> None:
    deskrail("user", "add", "bob@example.com", "--role", "agent")
    deskrail("user", "add", "ada@example.com", "--role", "supervisor")
    words = ("switch", "throw", "lane", "agent", "--reason", "x")
    for user in ("bob@example.com", "nobody@example.com"):
        refused = deskrail(*words, "--user", user)
        assert (refused.exit_code, "Only a supervisor or an admin" in refused.output) == (1, True)
    wrong = deskrail("switch", "throw", "lane", "nowhere", "--reason", "x", "--user", "ada@example.com")
    assert (wrong.exit_code, "There is no switch lane nowhere" in wrong.output) == (1, True)
    silent = deskrail("switch", "throw", "lane", "agent", "--reason", " ", "--user", "ada@example.com")
    assert (silent.exit_code, "Say why" in silent.output) == (1, True)
    assert "OFF" not in deskrail("switch", "list").output
