"""Reads JSON as RFC 8259 means it: one meaning per text, or `MalformedJson`.

The standard library takes repeated keys (the last wins), NaN, numbers too large for a float and lone surrogates, so that two
readers of the same signed bytes may see different things. Here they are errors. The time is linear in the length.
"""

import json
import math
import re
from typing import Any, NoReturn

from service.errors import MalformedJson
from tools.ports import Json

MAX_DEPTH = 64
MAX_DIGITS = 400  # of one integer; the conversion of a longer one is not linear

_MAY_BE_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def loads(body: bytes) -> Json:
    """The value of exactly these bytes, which are UTF-8 without a byte order mark. Raises `MalformedJson`."""
    try:
        text = body.decode("utf-8")
        value = _decoder.decode(text)
        if _MAY_BE_SURROGATE.search(text):
            # Half of a surrogate pair cannot be encoded, and a whole pair can.
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise MalformedJson from None
    if _is_deeper_than(MAX_DEPTH, value):
        raise MalformedJson
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Keys are compared after their escapes were read, so `a` and `\u0061` are the same key.
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError("a number is too large")
    return value


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError("a number is too long")
    return int(digits)


def _no_constant(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _is_deeper_than(limit: int, value: Json) -> bool:
    level = [value]
    for _ in range(limit + 1):
        level = [
            item
            for outer in level
            if isinstance(outer, dict | list)
            for item in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(item, dict | list)
        ]
        if not level:
            return False
    return True


_decoder = json.JSONDecoder(object_pairs_hook=_object, parse_float=_finite, parse_int=_integer, parse_constant=_no_constant)
