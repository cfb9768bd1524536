"""What a form may hold and nobody may keep: a NUL, which no database can store, and a card number in somebody's reason."""

from collections.abc import Mapping

import pytest

from service.store.money_schema import approvals, autonomy, switches, votes
from service.store.people import Role
from tests.console.world import ESPRESSO, HERE, World

NUL = "a\0b"

FORMS: Mapping[str, tuple[Role, str, dict[str, str]]] = {
    "a note": (Role.AGENT, "/console/tickets/{ticket}/messages", {"kind": "note", "text": NUL}),
    "the key of a form": (Role.AGENT, "/console/tickets/{ticket}/messages", {"kind": "note", "text": "x", "key": NUL}),
    "a case's ticket": (Role.AGENT, "/console/escalations/{case}/claim", {"ticket_id": NUL}),
    "a tool's argument": (Role.AGENT, "/console/tickets/{ticket}/act/add_note", {"text": NUL}),
    "a switch's reason": (
        Role.SUPERVISOR,
        "/console/switches",
        {"scope": "tenant", "name": "default", "on": "on", "reason": NUL},
    ),
    "a person's name": (Role.ADMIN, "/console/people", {"email": "new@example.com", "role": "agent", "name": NUL}),
    "a field that no form has": (Role.AGENT, "/console/tickets/{ticket}/messages", {"kind": "note", "text": "x", NUL: "x"}),
}


@pytest.mark.parametrize(("role", "path", "fields"), FORMS.values(), ids=FORMS.keys())
async def test_a_form_with_a_nul_is_refused_and_changes_nothing(
    each_world: World, role: Role, path: str, fields: dict[str, str]
) -> None:
    ticket = await each_world.message()
    case = await each_world.case(ticket)
    browser = await each_world.browser(role)
    before = await each_world.counts()
    answer = await browser.post(path.format(ticket=ticket, case=case), **fields)
    assert answer.status_code == 422
    assert await each_world.counts() == before


@pytest.mark.parametrize("field", ["email", "password", "tenant", "next_page"])
async def test_a_stranger_who_signs_in_with_a_nul_is_refused(each_world: World, field: str) -> None:
    fields = {"email": "bob@example.com", "password": "a password of some length"} | {field: NUL}
    answer = await each_world.stranger().http.post("/console/login", data=fields, headers=HERE)
    assert answer.status_code == 422


async def test_a_card_number_in_somebodys_reason_is_not_kept(world: World) -> None:
    reason, kept = "She paid with 4242 4242 4242 4242.", "She paid with [card ending 4242]."
    await world.wanted(await world.message(), ESPRESSO)
    (asked,) = await world.rows(approvals)
    ann, boss = await world.browser(Role.SUPERVISOR, "ann"), await world.browser(Role.ADMIN, "boss")
    vote = {"decision": "deny", "digest": asked.digest, "ticket_id": asked.ticket_id}
    await ann.post(f"/console/approvals/{asked.id}/decision", reason=reason, **vote)
    await ann.post("/console/switches", scope="lane", name="agent", on="on", reason=reason)
    level = {"tool": "issue_refund", "level": "observe", "was": "approve_over_cap"}
    await boss.post("/console/policy/autonomy", reason=reason, **level)
    assert [row.reason for row in await world.rows(votes)] == [kept]
    assert [row.reason for row in await world.rows(switches, switches.c.on)] == [kept]
    assert [row.reason for row in await world.rows(autonomy)] == [kept]
