"""Fills a reply template in a sandbox where a missing value is an error and nothing can be changed or reached."""

import re
from functools import cache
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateNotFound
from jinja2.sandbox import ImmutableSandboxedEnvironment

from workflows.errors import UnknownReply

TEMPLATES = Path(__file__).parent / "en"
"""The folder of the English templates; a name that begins with `_` is a part of others."""

_BLANK_LINES = re.compile(r"\n{3,}")


def environment(folder: Path) -> ImmutableSandboxedEnvironment:
    """The sandbox over the templates of one folder."""
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        # Replies are plain text: escaping would put "&amp;" into a customer's item names.
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(name: str, **values: object) -> str:
    """The text of the reply `name`; raises `UnknownReply`, or `UndefinedError` when a value is missing."""
    text = _template(name).render({"first_name": None, **values})
    return _BLANK_LINES.sub("\n\n", text).strip()


def reply_names(folder: Path = TEMPLATES) -> tuple[str, ...]:
    """The names of all replies in a folder, sorted."""
    return tuple(sorted(path.stem for path in folder.glob("*.txt") if not path.stem.startswith("_")))


@cache
def _template(name: str) -> Template:
    try:
        return environment(TEMPLATES).get_template(f"{name}.txt")
    except TemplateNotFound as error:
        raise UnknownReply(f"There is no reply named {name!r}.") from error
