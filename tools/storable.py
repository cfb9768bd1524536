"""Texts as every database keeps them: a model or a shop may write a NUL or half a character, and PostgreSQL takes neither."""

import json
import re
from collections.abc import Callable
from typing import Any

_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
"""A NUL in JSON; where its backslash is itself escaped, these are six characters of a text."""


def json_text(value: Any, default: Callable[[Any], Any] | None = None) -> str:
    """The JSON of a value as it can be kept; `default` writes what JSON has no form for."""
    text = json.dumps(value, default=default, ensure_ascii=False).encode(errors="replace").decode()
    return _NUL.sub(r"\1\\ufffd", text)


def as_kept(value: Any) -> Any:
    """A value of JSON as the database will give it back, so that what is decided on and hashed is what is read later."""
    return json.loads(json_text(value))
