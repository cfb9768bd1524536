"""Every route of the API, with every scope: who gets in, who is turned away. A route without a row here fails."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from service.app import create_app
from service.store.api_keys import Scope
from service.store.people import Role
from tests.api.house import House

EXPECTED: dict[tuple[str, str], Scope] = {
    ("GET", "/v1/tickets"): Scope.TICKETS_READ,
    ("GET", "/v1/tickets/{ticket}"): Scope.TICKETS_READ,
    ("GET", "/v1/tickets/{ticket}/journal"): Scope.TICKETS_READ,
    ("GET", "/v1/tickets/{ticket}/events"): Scope.TICKETS_READ,
    ("POST", "/v1/tickets/{ticket}/messages"): Scope.TICKETS_WRITE,
    ("POST", "/v1/tickets/{ticket}/take-over"): Scope.TICKETS_WRITE,
    ("POST", "/v1/tickets/{ticket}/hand-back"): Scope.TICKETS_WRITE,
    ("POST", "/v1/tickets/{ticket}/actions"): Scope.TOOLS_CALL,
    ("GET", "/v1/actions/{action}"): Scope.TICKETS_READ,
    ("POST", "/v1/actions/{action}/confirmation"): Scope.CUSTOMER_CONFIRM,
    ("POST", "/v1/actions/{action}/settlement"): Scope.APPROVALS_DECIDE,
    ("GET", "/v1/approvals"): Scope.TICKETS_READ,
    ("POST", "/v1/approvals/{approval}/decision"): Scope.APPROVALS_DECIDE,
    ("GET", "/v1/escalations"): Scope.TICKETS_READ,
    ("POST", "/v1/escalations/{escalation}/claim"): Scope.TICKETS_WRITE,
    ("POST", "/v1/escalations/{escalation}/release"): Scope.TICKETS_WRITE,
    ("POST", "/v1/escalations/{escalation}/resolve"): Scope.TICKETS_WRITE,
    ("GET", "/v1/switches"): Scope.OPS_READ,
    ("PUT", "/v1/switches/{scope}/{name}"): Scope.OPS_WRITE,
    ("GET", "/v1/autonomy"): Scope.OPS_READ,
    ("PUT", "/v1/autonomy/{tool}"): Scope.OPS_WRITE,
    ("GET", "/v1/tools"): Scope.TICKETS_READ,
}
"""The scope that each route asks for."""

OPEN = {
    ("POST", "/v1/webhooks/{tenant}/standard"),  # signed, see tests/webhooks
    ("POST", "/v1/webhooks/{tenant}/backend"),  # signed with a secret of its own, see tests/journeys
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/docs"),
    ("GET", "/docs/page.css"),
    ("GET", "/openapi.json"),
    ("GET", "/metrics"),  # its own token, or this machine alone, see tests/ops
}
"""The routes that ask for no key."""

SOMETHING = {
    "ticket": "tkt_x",
    "action": "act_x",
    "approval": "apr_x",
    "escalation": "esc_x",
    "scope": "tool",
    "name": "add_note",
    "tool": "add_note",
}
BODIES = {
    "messages": {"text": "x", "note": True},
    "actions": {"tool": "find_orders", "args": {}},
    "confirmation": {"answer": "yes"},
    "settlement": {"outcome": "not_happened", "reason": "x"},
    "decision": {"decision": "approve", "digest": "x"},
    "resolve": {},
    "{name}": {"on": False},
    "{tool}": {"level": "observe", "reason": "x"},
}


def routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Method and path of every route, as the application really has them; the console has a matrix of its own."""
    for context in iter_route_contexts(app.routes):
        for method in sorted(getattr(context, "methods", None) or ()):
            if method != "HEAD":
                yield method, str(context.path)


async def ask(house: House, method: str, path: str, key: dict[str, str] | None) -> tuple[int, dict[str, Any]]:
    """Status and body of a request with a body that is good for the route."""
    body = BODIES.get(path.rsplit("/", 1)[-1])
    answer = await house.http.request(method, path.format(**SOMETHING), headers=key, json=body)
    return answer.status_code, answer.json()


async def test_every_route_has_a_row(small_house: House) -> None:
    found = set(routes(create_app(small_house.services)))
    assert found == set(EXPECTED) | OPEN


async def test_without_a_key_nobody_gets_in(small_house: House) -> None:
    wrong = ["Bearer", "Bearer ", "Bearer drk_wrong", "Basic ZHJrOng=", "bearer\x00x", "Token x", "Bearer drk_é"]
    before = await small_house.rows()
    for method, path in EXPECTED:
        for sent in [None, *wrong]:
            headers = {} if sent is None else {"Authorization": sent.encode("latin-1")}
            answer = await small_house.http.request(
                method, path.format(**SOMETHING), headers=headers, content=b"{", params={"limit": "x"}
            )
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), (path, sent)
            assert answer.headers["www-authenticate"].startswith("Bearer")
    assert await small_house.rows() == before


async def test_each_scope_opens_its_routes_and_no_other(small_house: House) -> None:
    keys = {scope: await small_house.key(scope, Role.SUPERVISOR) for scope in Scope}
    before = await small_house.rows()
    for (method, path), needed in EXPECTED.items():
        for scope, key in keys.items():
            status, body = await ask(small_house, method, path, key)
            if scope is not needed:
                assert (status, body["code"]) == (403, "forbidden"), (method, path, scope)
                assert needed in body["detail"]
            elif Role.SUPERVISOR in ROLE_ROUTES.get((method, path), set(Role)):
                assert status in (200, 404), (method, path, scope, body)
            else:
                assert (status, body["code"]) == (403, "forbidden"), (method, path, scope)
                assert needed not in body["detail"]
    after = await small_house.rows()
    assert {name for name in after if after[name] != before[name]} <= {"switches", "journal", "journal_payloads"}


ROLE_ROUTES: dict[tuple[str, str], set[Role]] = {
    ("PUT", "/v1/autonomy/{tool}"): {Role.ADMIN},
    ("PUT", "/v1/switches/{scope}/{name}"): {Role.SUPERVISOR, Role.ADMIN},
    ("POST", "/v1/tickets/{ticket}/messages"): {Role.AGENT, Role.SUPERVISOR},
    ("POST", "/v1/tickets/{ticket}/take-over"): {Role.AGENT, Role.SUPERVISOR},
    ("POST", "/v1/tickets/{ticket}/hand-back"): {Role.AGENT, Role.SUPERVISOR},
    ("POST", "/v1/tickets/{ticket}/actions"): {Role.AGENT, Role.SUPERVISOR},
    ("POST", "/v1/escalations/{escalation}/claim"): {Role.AGENT, Role.SUPERVISOR},
    ("POST", "/v1/escalations/{escalation}/release"): {Role.AGENT, Role.SUPERVISOR},
    ("POST", "/v1/escalations/{escalation}/resolve"): {Role.AGENT, Role.SUPERVISOR},
}
"""The routes on which the person behind the key counts too; a vote is looked at in `test_approvals`, a word about an
unknown outcome in `tests/journeys/test_settling`."""


@pytest.mark.parametrize("role", [*Role, None])
async def test_a_key_is_worth_no_more_than_its_person(small_house: House, role: Role | None) -> None:
    key = await small_house.key(role=role)
    for (method, path), roles in ROLE_ROUTES.items():
        status, body = await ask(small_house, method, path, key)
        if role in roles:
            assert status in (200, 404), (path, body)
        else:
            assert (status, body["code"]) == (403, "forbidden"), path
