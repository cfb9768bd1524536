"""Settling by hand from the shell: what nobody could find out, said by somebody who may."""

import asyncio
import json
from collections.abc import Callable

from sqlalchemy import update
from typer.testing import Result

from service.clock import wall_clock
from service.store.money_schema import actions
from tests.conftest import StandingClock
from tests.rig import rig

Deskrail = Callable[..., Result]

NOTE = ("tool", "call", "add_note", "--args", '{"text": "The box was crushed."}', "--user", "bob@example.com", "--json")


def ticket_on(sqlite_url: str) -> str:
    """A ticket of the demo shop's first customer; nothing works on it."""

    async def hear() -> str:
        async with rig(sqlite_url, StandingClock(wall_clock())) as built:
            return (await built.hear("My espresso machine is broken.", ticket="T-7")).ticket_id

    return asyncio.run(hear())


async def forget(sqlite_url: str, action: str) -> None:
    """The answer to the action was lost, and the shop does not know its key."""
    async with rig(sqlite_url, StandingClock(wall_clock()), seed=False) as built, built.services.db.begin() as conn:
        lost = {"status": "unknown", "receipt": None, "ended_at": None, "key": "0" * 64}
        await conn.execute(update(actions).where(actions.c.id == action).values(lost))


def test_an_unknown_action_is_settled_once_by_somebody_who_may(deskrail: Deskrail, sqlite_url: str) -> None:
    for name, role in (("bob", "agent"), ("ann", "supervisor")):
        assert deskrail("user", "add", f"{name}@example.com", "--role", role).exit_code == 0
    ticket = ticket_on(sqlite_url)
    called = json.loads(deskrail(*NOTE, "--ticket", ticket).stdout)
    assert called["ok"], called
    asyncio.run(forget(sqlite_url, called["action_id"]))
    settle = ("action", "settle", called["action_id"], "--reason", "It stands in the shop.")
    both = deskrail(*settle, "--user", "ann@example.com", "--happened", "n-1", "--not-happened")
    assert (both.exit_code, "Say either --happened" in both.output) == (1, True)
    agent = deskrail(*settle, "--user", "bob@example.com", "--happened", "n-1")
    assert (agent.exit_code, "Supervisors and admins" in agent.output) == (1, True)
    done = deskrail(*settle, "--user", "ann@example.com", "--happened", "n-1", "--json")
    assert done.exit_code == 0, done.output
    assert (json.loads(done.stdout)["status"], json.loads(done.stdout)["receipt"]) == ("succeeded", "n-1")
    again = deskrail(*settle, "--user", "ann@example.com", "--not-happened")
    assert (again.exit_code, "not unknown" in again.output) == (1, True)


def test_an_action_that_is_not_there_is_named_and_nothing_is_settled(deskrail: Deskrail) -> None:
    assert deskrail("user", "add", "ann@example.com", "--role", "supervisor").exit_code == 0
    settle = ("action", "settle", "act_typo", "--reason", "It is in the shop.", "--user", "ann@example.com", "--not-happened")
    shown = deskrail(*settle)
    assert (shown.exit_code, shown.stderr) == (1, "deskrail: The tenant 'default' has no action 'act_typo'.\n")
