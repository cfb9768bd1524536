"""The policy's page: every rule and every tool as they decide now, a record that earns a level, and an admin who gives it."""

import re
from pathlib import Path

import pytest

from service.store.money_schema import actions, autonomy
from service.store.people import Role
from service.store.schema import journal
from tests.conftest import StandingClock
from tests.console.world import ESPRESSO, World, open_world
from tools.catalogue import CATALOGUE
from tools.policy import RULES
from tools.ports import Effect

WIDE = """
[tenants.default.policy.limits.USD]
one_vote_above = 50_000
two_votes_above = 500_000
window_cap = 100_000
tenant_day_cap = 500_000
"""

SET = "/console/policy/autonomy"


async def test_every_rule_and_every_tool_stands_on_the_page_with_its_numbers(world: World) -> None:
    page = (await (await world.browser(Role.VIEWER)).get("/console/policy")).text
    numbers = re.findall(r'<tr id="rule-([\w.]+)"><td class="num">(\d+)</td>', page)
    assert numbers == [(rule.name, str(order)) for order, rule in enumerate(RULES, start=1)]
    assert "$500.00 one vote; $5,000.00 two votes" in page
    for spec in CATALOGUE.values():
        assert f'<span class="cell-sub mono">{spec.name}</span>' in page
        assert (f'id="tool-{spec.name}"' in page) == (spec.effect is not Effect.READ)


async def test_an_admin_sets_a_level_with_a_reason_and_everybody_sees_who_and_why(world: World) -> None:
    admin = await world.browser(Role.ADMIN, "ann")
    answer = await admin.post(
        SET, tool="issue_refund", level="observe", was="approve_over_cap", reason="We <b>watch</b> first."
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/policy#tool-issue_refund")
    page = (await (await world.browser(Role.VIEWER)).get("/console/policy")).text
    entry = page.split('id="tool-issue_refund"')[1].split("</li>")[0]
    assert "Observe" in entry
    assert "We &lt;b&gt;watch&lt;/b&gt; first.; ann" in entry
    assert "alone up to $0.00" in entry
    assert f'action="{SET}"' not in page
    audit = (await (await world.browser(Role.AUDITOR)).get("/console/audit")).text
    assert "Autonomy: changed" in audit


async def test_a_level_without_a_reason_or_from_a_stale_page_is_not_set(world: World) -> None:
    admin = await world.browser(Role.ADMIN)
    silent = await admin.post(SET, tool="issue_refund", level="observe", was="approve_over_cap", reason=" ")
    assert (silent.status_code, "Say why" in silent.text) == (422, True)
    stale = await admin.post(SET, tool="issue_refund", level="auto", was="approve_all", reason="Earned.")
    assert (stale.status_code, "since you looked" in stale.text) == (409, True)
    assert await world.rows(autonomy) == []


async def test_what_is_true_of_every_tool_is_said_once_and_only_while_it_is_true(world: World) -> None:
    viewer = await world.browser(Role.VIEWER)
    page = (await viewer.get("/console/policy")).text
    assert page.count("auto would let no tool do more") == 1
    assert "allow nothing more" not in page
    admin = await world.browser(Role.ADMIN)
    await admin.post(SET, tool="issue_refund", level="observe", was="approve_over_cap", reason="We watch first.")
    page = (await viewer.get("/console/policy")).text
    assert page.count("in a row that people must approve as proposed") == 1, "Only where a level can be earned."


async def test_where_auto_means_something_its_tools_say_what_they_lack(
    world_url: str, clock: StandingClock, tmp_path: Path
) -> None:
    wide = tmp_path / "deskrail.toml"
    wide.write_text(WIDE, "utf-8")
    async with open_world(world_url, clock, DESKRAIL_CONFIG=str(wide)) as world:
        page = (await (await world.browser(Role.VIEWER)).get("/console/policy")).text
    assert "auto would let no tool do more" not in page
    money = [spec for spec in CATALOGUE.values() if spec.effect is Effect.MONEY]
    assert page.count("in a row that people must approve as proposed") == len(money)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
async def test_nobody_but_an_admin_sets_a_level(world: World, role: Role) -> None:
    browser = await world.browser(role)
    before = await world.counts()
    answer = await browser.post(SET, tool="issue_refund", level="auto", was="approve_over_cap", reason="Please.")
    assert answer.status_code == 403
    assert await world.counts() == before


async def test_a_record_without_a_break_proposes_the_next_level_and_nothing_is_raised_by_itself(world: World) -> None:
    ticket = await world.message()
    await world.wanted(ticket, ESPRESSO)
    (first,) = await world.rows(actions)
    admin = await world.browser(Role.ADMIN)
    await admin.post(SET, tool="issue_refund", level="observe", was="approve_over_cap", reason="We watch first.")
    await _many(world, first, watched=20)
    page = (await admin.get("/console/policy")).text
    entry = page.split('id="tool-issue_refund"')[1].split("</li>")[0]
    assert "20 approved as proposed, 0 changed, 0 denied, 0 reversed" in entry
    assert "Has earned: approve all" in entry
    assert 'value="approve_all" selected' in entry
    (row,) = await world.rows(autonomy)
    assert row.level == "observe"
    await admin.post(SET, tool="issue_refund", level="approve_all", was="observe", reason="Earned.")
    (row,) = await world.rows(autonomy)
    assert (row.level, row.reason) == ("approve_all", "Earned.")
    assert len(await world.rows(journal, journal.c.kind == "autonomy.changed")) == 2


async def _many(world: World, like: object, watched: int) -> None:
    """So many watched wishes, each done by a person in the same way."""
    columns = dict(like._mapping)  # type: ignore[attr-defined]
    async with world.services.db.begin() as conn:
        for number in range(watched):
            own = {"wish": f"wish-{number}", "legs": [], "approval_id": None, "created_at": world.clock()}
            bot = {"requester": "bot", "lane": "workflow", "rule": "autonomy.observe", "status": "refused"}
            hand = {"requester": "person:per_1", "lane": "human", "rule": None, "status": "succeeded"}
            for name, theirs in (("bot", bot), ("hand", hand)):
                ids = {"id": f"act_{name}_{number}", "origin": f"{name}-{number}", "key": f"{name}-{number}"}
                await conn.execute(actions.insert().values(columns | own | theirs | ids))
