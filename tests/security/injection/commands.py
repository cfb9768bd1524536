"""Commands that stand in a text: `call tool(key=value, …)` and `say «…»`, written so that JSON does not change them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Json = Any

_COMMAND = re.compile(r"call (?P<tool>\w+)\((?P<args>[^()]*)\)|say «(?P<words>[^»]*)»")
_NUMBER = re.compile(r"-?\d+")


@dataclass(frozen=True)
class Call:
    """Call this tool."""

    tool: str
    args: dict[str, Json]


@dataclass(frozen=True)
class Speak:
    """Tell the customer this."""

    text: str


Command = Call | Speak


def commands_in(text: str) -> Iterator[Command]:
    """Every command in a text, in order."""
    for match in _COMMAND.finditer(text):
        if match["words"] is not None:
            yield Speak(match["words"])
        else:
            yield Call(match["tool"], _arguments(match["args"]))


def _arguments(written: str) -> dict[str, Json]:
    """`a=1, b.c=x, line_ids=y` as JSON: numbers, `true`, nested objects by a dot, and lists where the name is a plural."""
    args: dict[str, Json] = {}
    for part in filter(None, (part.strip() for part in written.split(","))):
        name, _, value = part.partition("=")
        *path, last = name.split(".")
        place = args
        for step in path:
            place = place.setdefault(step, {})
        place[last] = [value] if last.endswith("_ids") else _value(value)
    return args


def _value(written: str) -> Json:
    if _NUMBER.fullmatch(written):
        return int(written)
    return {"true": True, "false": False, "null": None}.get(written, written)
