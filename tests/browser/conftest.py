"""Chromium, pages that watch what they load, and a running service."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from service.store.people import Role
from tests.browser.house import House, open_house

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

WIDE, NARROW = (1440, 900), (390, 844)


@dataclass
class Visit:
    """A page, and what went wrong or abroad on it."""

    page: Page
    house: House
    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    expected: set[str] = field(default_factory=lambda: {"Failed to load resource"})
    """Parts of complaints that belong to the test: the browser tells its console of every answer that is a refusal."""

    def go(self, path: str) -> None:
        """Open a page of the console."""
        self.page.goto(self.house.address + path)


Visitor = Callable[..., Visit]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser, or a skip that says what is missing."""
    path = os.environ.get("DESKRAIL_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        pytest.skip("set DESKRAIL_TEST_CHROMIUM to a Chromium, or install Debian's chromium, to run this")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A running service with a worker."""
    folder: Path = tmp_path_factory.mktemp("house")
    with open_house(f"sqlite:///{folder / 'deskrail.db'}") as opened:
        yield opened


@pytest.fixture
def visit(chromium: Browser, house: House) -> Iterator[Visitor]:
    """Opens a page, signed in when a role is given; at the end nothing may have gone wrong on it, or left the host."""
    visits: list[Visit] = []

    def open_page(
        role: Role | None = None, name: str = "ann", size: tuple[int, int] = WIDE, scheme: str = "light", bypass: bool = False
    ) -> Visit:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if scheme == "dark" else "light",
            bypass_csp=bypass,
        )
        made = Visit(context.new_page(), house)
        made.page.on("console", lambda said: made.complaints.append(said.text) if said.type == "error" else None)
        made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
        context.on("request", lambda request: made.hosts.add(urlsplit(request.url).netloc))
        visits.append(made)
        if role is not None:
            made.page.goto(house.link(role, name))
        return made

    yield open_page
    own = {urlsplit(house.address).netloc}
    for made in visits:
        faults = [text for text in made.complaints if not any(part in text for part in made.expected)]
        abroad = made.hosts - own
        made.page.context.close()
        assert not abroad, abroad
        assert not faults, faults
