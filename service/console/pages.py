"""Renders templates: autoescaped, strict about unknown names, with the frame that every page has."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from service.console import roles, words
from service.console.filters import FILTERS
from service.console.sentences import who
from service.store import shell
from service.store.sessions import Session
from tools.rules import SENTENCES

HERE = Path(__file__).parent
STATIC = HERE / "static"


@cache
def asset(name: str) -> str:
    """The address of a static file, with its content's hash so that browsers may keep it for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/console/static/{name}?v={digest}"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS, actor=who)
    environment.globals.update(asset=asset, roles=roles, rule_sentence=lambda rule: SENTENCES.get(rule, ""))
    return environment


ENVIRONMENT = _environment()


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds a page: who looks at it, their form token, the numbers in the menu, and which entry is current.

    `mode` says what the tenant's mode leaves out, empty for the normal one.
    """

    session: Session
    shell: shell.Shell
    here: str
    mode: str


def html(name: str, status: int = 200, headers: dict[str, str] | None = None, **context: Any) -> HTMLResponse:
    """A page without a frame: signing in, or an error before anybody is known."""
    return HTMLResponse(ENVIRONMENT.get_template(name).render(context), status, headers)


async def page(request: Request, live: Session, here: str, name: str, status: int = 200, **context: Any) -> HTMLResponse:
    """A page in its frame; `here` is the menu entry that is current."""
    services = request.app.state.services
    async with services.db.reading() as conn:
        around = await shell.read(conn, live.person.tenant, live.person.id)
    mode = words.MODE.get(services.settings.tenant(live.person.tenant).mode, "")
    frame = Frame(live, around, here, mode)
    return html(name, status, frame=frame, person=live.person, now=services.clock(), **context)
