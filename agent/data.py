"""JSON that came from others, made safe to show: cleaned of invisible characters, cut to a size, written compactly."""

import json
from dataclasses import dataclass

from classifier.characters import plain
from tools.ports import Json


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many characters of a text and how many items of a list are kept."""

    text: int
    items: int


def cleaned(value: Json, bounds: Bounds) -> Json:
    """The value with invisible characters dropped and long texts and lists cut; still valid JSON."""
    if isinstance(value, str):
        text = value if value.isascii() and value.isprintable() else plain(value)
        return text if len(text) <= bounds.text else text[: bounds.text] + "…"
    if isinstance(value, (list, tuple)):
        kept = [cleaned(item, bounds) for item in value[: bounds.items]]
        return kept if len(value) <= bounds.items else [*kept, f"… {len(value) - bounds.items} more"]
    if isinstance(value, dict):
        return {key: cleaned(item, bounds) for key, item in value.items()}
    return value


def dumps(value: Json) -> str:
    """Compact JSON with readable letters."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def size_of(value: Json) -> int:
    """The value's size in bytes of JSON; half a character counts as one."""
    return len(dumps(value).encode(errors="replace"))


def abridge(text: str, limit: int) -> str:
    """The text, or its beginning and end with a note of how much was left out between, in about `limit` characters."""
    if len(text) <= limit:
        return text
    head, tail = limit * 2 // 3, limit // 3
    return f"{text[:head]}\n[… {len(text) - head - tail} characters left out …]\n{text[len(text) - tail :]}"
