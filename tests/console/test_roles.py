"""Every route against every role: the cells are counted from the application, and one without an expectation fails."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from fastapi.routing import APIRoute

from service import site
from service.console import roles
from service.store.access_schema import people as people_table
from service.store.money_schema import approvals
from service.store.people import Role
from service.store.schema import tickets
from tests.console.world import ESPRESSO, Browser, World

Cell = tuple[str, str]

SIGNED_OUT = frozenset({("GET", "/"), ("GET", "/console/login"), ("POST", "/console/login")})
"""Routes for people who have not signed in."""

LINKS = frozenset({("GET", "/console/link/{token}"), ("POST", "/console/link/{token}")})
"""Routes that a one-time link opens; test_auth_signin shows that nothing else does."""

EXPECTED: Mapping[Cell, frozenset[Role]] = {
    ("POST", "/console/logout"): roles.EVERYONE,
    ("GET", "/console"): roles.EVERYONE,
    ("GET", "/console/tickets"): roles.EVERYONE,
    ("GET", "/console/tickets/{ticket_id}"): roles.EVERYONE,
    ("GET", "/console/tickets/{ticket_id}/shop"): roles.EVERYONE,
    ("GET", "/console/approvals"): roles.EVERYONE,
    ("GET", "/console/tickets/{ticket_id}/act"): frozenset({Role.AGENT, Role.SUPERVISOR}),
    ("GET", "/console/tickets/{ticket_id}/act/{tool}"): frozenset({Role.AGENT, Role.SUPERVISOR}),
    ("POST", "/console/tickets/{ticket_id}/act/{tool}"): frozenset({Role.AGENT, Role.SUPERVISOR}),
    ("GET", "/console/approvals/{approval_id}"): roles.EVERYONE,
    ("GET", "/console/switches"): roles.EVERYONE,
    ("GET", "/console/policy"): roles.EVERYONE,
    ("GET", "/console/live"): roles.EVERYONE,
    ("GET", "/ops"): roles.EVERYONE,
    ("POST", "/console/tickets/{ticket_id}/take-over"): frozenset({Role.AGENT, Role.SUPERVISOR}),
    ("POST", "/console/tickets/{ticket_id}/hand-back"): frozenset({Role.AGENT, Role.SUPERVISOR}),
    ("POST", "/console/tickets/{ticket_id}/messages"): frozenset({Role.AGENT, Role.SUPERVISOR}),
    ("POST", "/console/escalations/{case_id}/{deed}"): frozenset({Role.AGENT, Role.SUPERVISOR}),
    ("POST", "/console/approvals/{approval_id}/decision"): frozenset({Role.SUPERVISOR}),
    ("POST", "/console/actions/{action_id}/by-hand"): frozenset({Role.AGENT, Role.SUPERVISOR}),
    ("POST", "/console/actions/{action_id}/settlement"): frozenset({Role.SUPERVISOR, Role.ADMIN}),
    ("POST", "/console/switches"): frozenset({Role.SUPERVISOR, Role.ADMIN}),
    ("POST", "/console/policy/autonomy"): frozenset({Role.ADMIN}),
    ("GET", "/console/people"): frozenset({Role.ADMIN}),
    ("POST", "/console/people"): frozenset({Role.ADMIN}),
    ("POST", "/console/people/{person_id}/link"): frozenset({Role.ADMIN}),
    ("POST", "/console/people/{person_id}/role"): frozenset({Role.ADMIN}),
    ("POST", "/console/people/{person_id}/active"): frozenset({Role.ADMIN}),
    ("GET", "/console/audit"): frozenset({Role.ADMIN, Role.AUDITOR}),
}

NAMED = [cell for cell in EXPECTED if "{" in cell[1]]
"""Routes that name a thing, which another tenant's people must not find."""


def cells() -> set[Cell]:
    """Every method and path that the site answers."""
    return {
        (method, route.path)
        for router in site.ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }


@dataclass
class Scene:
    """Things of the default tenant that a route may name."""

    ticket: str
    case: str
    approval: str
    action: str
    digest: str
    person: str

    def path(self, template: str) -> str:
        """The route's path with these things in it."""
        return template.format(
            ticket_id=self.ticket,
            case_id=self.case,
            deed="claim",
            approval_id=self.approval,
            action_id=self.action,
            person_id=self.person,
            tool="add_note",
        )

    def form(self, path: str) -> dict[str, str]:
        """A form that the route accepts."""
        forms = {
            "/console/tickets/{ticket_id}/messages": {"kind": "note", "text": "A note."},
            "/console/tickets/{ticket_id}/act/{tool}": {"text": "A note for the shop.", "key": "k"},
            "/console/escalations/{case_id}/{deed}": {"ticket_id": self.ticket},
            "/console/approvals/{approval_id}/decision": {
                "decision": "approve",
                "digest": self.digest,
                "ticket_id": self.ticket,
            },
            "/console/actions/{action_id}/settlement": {"outcome": "not_happened", "reason": "A test."},
            "/console/switches": {"scope": "lane", "name": "agent", "on": "on", "reason": "A test."},
            "/console/policy/autonomy": {
                "tool": "issue_refund",
                "level": "observe",
                "was": "approve_over_cap",
                "reason": "A test.",
            },
            "/console/people": {"email": "new@example.com", "role": "viewer"},
            "/console/people/{person_id}/role": {"role": "viewer"},
            "/console/people/{person_id}/active": {"active": "false"},
        }
        return forms.get(path, {})


@pytest.fixture
async def scene(world: World) -> Scene:
    """A ticket with an open case and a pending approval, and somebody to manage."""
    ticket = await world.message()
    await world.wanted(ticket, ESPRESSO)
    (asked,) = await world.rows(approvals)
    somebody = await world.person(Role.AGENT, "somebody")
    return Scene(ticket, await world.case(ticket), asked.id, asked.action_id, asked.digest, somebody.id)


async def ask(browser: Browser, scene: Scene, cell: Cell) -> tuple[int, str]:
    """Use a route; returns the status and where it leads."""
    method, path = cell
    if path == "/console/live":
        # The stream has no end; a wrong kind shows that the door was open, and a closed door is shut before it looks.
        answer = await browser.get("/console/live?kind=nothing")
    elif method == "GET":
        answer = await browser.get(scene.path(path))
    else:
        answer = await browser.post(scene.path(path), **scene.form(path))
    return answer.status_code, answer.headers.get("location", "")


def test_every_route_of_the_site_has_its_cells() -> None:
    assert cells() == set(EXPECTED) | SIGNED_OUT | LINKS


def test_the_site_has_no_other_routes_than_those_counted(world: World) -> None:
    built = site.build_site(world.services)
    included = [getattr(route, "original_router", None) for route in built.routes]
    assert [router for router in included if router is not None] == list(site.ROUTERS)
    assert [route.path for route in built.routes if not hasattr(route, "original_router")] == ["/console/static"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("cell", list(EXPECTED), ids=lambda cell: " ".join(cell))
async def test_a_role_uses_what_it_may_and_nothing_else(world: World, scene: Scene, cell: Cell) -> None:
    browsers = {role: await world.browser(role) for role in Role}
    before = await world.counts()
    for role in roles.EVERYONE - EXPECTED[cell]:
        status, _ = await ask(browsers[role], scene, cell)
        assert status == 403, role
    assert await world.counts() == before
    for role in EXPECTED[cell]:
        status, leads_to = await ask(browsers[role], scene, cell)
        # The first one to claim or hand back leaves a conflict for the next; a conflict is past the door.
        assert status in (200, 303, 409) or (cell[1] == "/console/live" and status == 422), role
        assert not leads_to.startswith("/console/login") or cell[1] == "/console/logout", role


@pytest.mark.parametrize("cell", list(EXPECTED), ids=lambda cell: " ".join(cell))
async def test_nobody_gets_in_without_a_session(world: World, scene: Scene, cell: Cell) -> None:
    before = await world.counts()
    status, leads_to = await ask(world.stranger(), scene, cell)
    assert status == 401 or leads_to.startswith("/console/login?next=")
    assert await world.counts() == before


@pytest.mark.parametrize("cell", NAMED, ids=lambda cell: " ".join(cell))
async def test_another_tenants_things_are_not_there(world: World, scene: Scene, cell: Cell) -> None:
    role = next(role for role in (Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR) if role in EXPECTED[cell])
    browser = await world.browser(role, "outsider", tenant="acme")
    before = await world.counts()
    status, _ = await ask(browser, scene, cell)
    assert status == 404
    assert await world.counts() == before


async def test_another_tenants_tickets_stand_in_no_list(world: World, scene: Scene) -> None:
    browser = await world.browser(Role.SUPERVISOR, "outsider", tenant="acme")
    for path in ("/console?show=all", "/console/tickets", "/console/tickets?q=T-1", "/console/approvals", "/ops"):
        page = (await browser.get(path)).text
        assert scene.ticket not in page
        assert "T-1<" not in page


async def test_an_admin_cannot_change_their_own_role_or_lock_themselves_out(world: World) -> None:
    browser = await world.browser(Role.ADMIN)
    admin = await world.person(Role.ADMIN)
    role = await browser.post(f"/console/people/{admin.id}/role", role="supervisor")
    active = await browser.post(f"/console/people/{admin.id}/active", active="false")
    assert (role.status_code, active.status_code) == (422, 422)
    (row,) = await world.rows(people_table, people_table.c.id == admin.id)
    assert row.active
    assert (await world.person(Role.ADMIN)).role is Role.ADMIN


async def test_buttons_are_shown_only_to_whom_they_work_for(world: World, scene: Scene) -> None:
    page = f"/console/tickets/{scene.ticket}"
    for role in Role:
        text = (await (await world.browser(role)).get(page)).text
        assert ('id="do-claim"' in text) == (role in (Role.AGENT, Role.SUPERVISOR))
        assert ('value="approve"' in text) == (role is Role.SUPERVISOR)
        assert 'id="do-resolve"' not in text


async def test_a_viewer_who_sends_the_form_by_hand_changes_nothing(world: World, scene: Scene) -> None:
    before = await world.rows(tickets)
    browser = await world.browser(Role.VIEWER)
    answer = await browser.post(f"/console/tickets/{scene.ticket}/messages", kind="note", text="I should not")
    assert answer.status_code == 403
    assert await world.rows(tickets) == before
