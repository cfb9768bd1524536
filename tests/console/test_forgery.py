"""Forged requests: forms from other sites, without a token, or with somebody else's."""

import pytest

from service.store.people import Role
from tests.console.test_roles import EXPECTED, Cell, Scene, scene
from tests.console.world import Browser, World

__all__ = ["scene"]

UNSAFE = [cell for cell in EXPECTED if cell[0] == "POST"]


async def opened_by(world: World, cell: Cell) -> Browser:
    """A browser of somebody who may use the route."""
    role = next(role for role in (Role.SUPERVISOR, Role.ADMIN) if role in EXPECTED[cell])
    return await world.browser(role)


FROM_ELSEWHERE: list[dict[str, str]] = [
    {"sec-fetch-site": "cross-site", "origin": "http://desk.test"},
    {"sec-fetch-site": "same-site", "origin": "http://other.desk.test"},
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {},
]
"""What browsers say of a form on another site, on a sister host, of an unknown origin, and when they say nothing."""


@pytest.mark.parametrize("cell", UNSAFE, ids=lambda cell: " ".join(cell))
async def test_a_form_from_elsewhere_changes_nothing(world: World, scene: Scene, cell: Cell) -> None:
    browser = await opened_by(world, cell)
    before = await world.counts()
    for headers in FROM_ELSEWHERE:
        answer = await browser.post_from(headers, scene.path(cell[1]), **scene.form(cell[1]))
        assert answer.status_code == 403, headers
        assert "not sent from the console" in answer.text
    assert await world.counts() == before


@pytest.mark.parametrize("cell", UNSAFE, ids=lambda cell: " ".join(cell))
async def test_a_form_without_its_token_changes_nothing(world: World, scene: Scene, cell: Cell) -> None:
    browser = await opened_by(world, cell)
    stranger = await world.browser(Role.VIEWER, "stranger")
    before = await world.counts()
    for token in ("", "guessed", stranger.token, "ünïcode"):
        browser.token = token
        answer = await browser.post(scene.path(cell[1]), **scene.form(cell[1]))
        assert answer.status_code == 403
    assert await world.counts() == before


async def test_a_browser_without_fetch_metadata_is_known_by_its_origin(world: World, scene: Scene) -> None:
    browser = await world.browser(Role.AGENT)
    path = f"/console/tickets/{scene.ticket}/messages"
    answer = await browser.post_from({"origin": "http://desk.test"}, path, kind="note", text="From an old browser.")
    assert answer.status_code == 303
