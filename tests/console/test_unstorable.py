"""Forms with characters that no database can store: refused in words, whoever sends them, and nothing is kept."""

from collections.abc import Mapping

import pytest

from service.store.people import Role
from tests.console.world import HERE, World

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
