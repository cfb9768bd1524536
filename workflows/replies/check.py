"""Checks the reply templates: they compile, need what they say, hold no HTML and claim nothing without a receipt."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jinja2 import TemplateSyntaxError
from jinja2.meta import find_referenced_templates, find_undeclared_variables
from jinja2.nodes import Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from workflows.replies.renderer import TEMPLATES, environment


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong in a template; `line` counts from 1."""

    file: Path
    line: int
    message: str


_HEADER = re.compile(r"\A\{# Needs: (?P<names>[a-z0-9_, ]+)\. #\}\n")
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_HTML = re.compile(r"</?[a-zA-Z][^>]*>|&[a-z]+;")
_DEED = "(?:refunded|cancelled|changed|updated|accepted|returned|sent|credited|paid)"
_CLAIM = re.compile(rf"\b(?:I|we)(?: have|'ve)(?: now)? {_DEED}\b|\bis now {_DEED}\b", re.IGNORECASE)


def check_templates(folder: Path = TEMPLATES) -> Iterator[Finding]:
    """Everything that is wrong with the templates of a folder, file by file."""
    sandbox = environment(folder)
    for path in sorted(folder.glob("*.txt")):
        source = path.read_text(encoding="utf-8")
        try:
            parsed = sandbox.parse(source, path.name)
        except TemplateSyntaxError as error:
            yield Finding(path, error.lineno, f"The template does not compile: {error.message}.")
            continue
        yield from _check_values(path, source, parsed, sandbox)
        yield from _check_text(path, source)


def _check_values(path: Path, source: str, parsed: Template, sandbox: ImmutableSandboxedEnvironment) -> Iterator[Finding]:
    header = _HEADER.match(source)
    if header is None:
        yield Finding(path, 1, "The first line must say which values the reply needs: {# Needs: first_name, order_id. #}")
        return
    declared = {name.strip() for name in header["names"].split(",")}
    used = find_undeclared_variables(parsed)
    for included in find_referenced_templates(parsed):
        part = path.parent / (included or "")
        if included is None or not part.is_file():
            yield Finding(path, 1, f"It includes {included!r}, which does not exist.")
            continue
        used |= find_undeclared_variables(sandbox.parse(part.read_text(encoding="utf-8"), part.name))
    for name in sorted(used - declared):
        yield Finding(path, _line_of(source, name), f"It uses {name!r} and does not say so in its first line.")
    for name in sorted(declared - used):
        yield Finding(path, 1, f"It asks for {name!r} and does not use it.")


def _check_text(path: Path, source: str) -> Iterator[Finding]:
    text = _COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), source)
    for number, line in enumerate(text.splitlines(), start=1):
        if _HTML.search(line):
            yield Finding(path, number, "Replies are plain text, and this looks like HTML.")
        if _CLAIM.search(line) and "receipt" not in text:
            yield Finding(path, number, "It says that something was done and shows no receipt.")


def _line_of(source: str, name: str) -> int:
    lines = source.splitlines()
    return next((number for number, line in enumerate(lines, 1) if number > 1 and re.search(rf"\b{name}\b", line)), 1)
