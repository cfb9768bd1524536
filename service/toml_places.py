"""Finds the line on which a setting stands in a TOML file, so that a finding can point at it."""

import re
import tomllib
from collections.abc import Mapping, Sequence

_HEADER = re.compile(r"^\s*\[\[?(?P<path>[^\[\]]+)\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*(?P<path>[A-Za-z0-9_.\-\"' ]+?)\s*=")
_AT_LINE = re.compile(r"\(at line (\d+),")

Path = tuple[str, ...]


def line_of(text: str, path: Sequence[str | int]) -> int:
    """The line of the longest part of the path that the text spells out, counted from 1; 1 when it spells out none."""
    places = _places(text)
    wanted = tuple(str(part) for part in path)
    for length in range(len(wanted), 0, -1):
        if (line := places.get(wanted[:length])) is not None:
            return line
    return 1


def line_of_error(error: tomllib.TOMLDecodeError) -> int:
    """The line that the parser complains about; 1 when it names none, as at the end of a file."""
    found = _AT_LINE.search(str(error))
    return int(found[1]) if found else 1


def _places(text: str) -> Mapping[Path, int]:
    """The first line of each table and key."""
    places: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _keys(f"[{header['path']}]")
            places.setdefault(table, number)
        elif key := _KEY.match(line):
            places.setdefault((*table, *_keys(f"{key['path']} = 0")), number)
    return places


def _keys(line: str) -> Path:
    """The names that a header or a dotted key is made of; none for what only looks like one, inside a long text."""
    try:
        value = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return ()
    names: list[str] = []
    while isinstance(value, dict) and value:
        name, value = next(iter(value.items()))
        names.append(name)
    return tuple(names)
