"""Turns cleaned text into the word and character n-grams that the linear model counts."""

import re
from collections.abc import Sequence
from itertools import pairwise

from classifier.names import KINDS

MAX_CHARS = 3_000
"""Only this much of a message is counted: what a customer wants stands at the top."""
CHAR_SIZES = (2, 3, 4, 5)

_REFERENCE_DIGITS = 4
_DIGITS = re.compile(r"\d+(?:[.,:/]\d+)*")
_STRETCHED = re.compile(r"(.)\1{2,}")
_WORD = re.compile(r"\w+(?:'\w+)?")
_NEGATED_WORDS = 4
_NEGATION_WORDS = "not no never without don't dont isn't isnt wasn't doesn't doesnt didn't didnt cannot can't cant won't"
_NEGATIONS = frozenset(_NEGATION_WORDS.split())
_CURRENCY = frozenset("$£€¥")


def normalised(text: str) -> str:
    """Return lower-case text on one line in which links, mail addresses, amounts, references and numbers look alike."""
    tokens = text[:MAX_CHARS].lower().split()
    return f" {_STRETCHED.sub(_twice, ' '.join(map(_masked, tokens)))} "


def words(text: str) -> list[str]:
    """Return the words, word pairs and negated words of a normalised text."""
    single = _WORD.findall(text)
    return single + [f"{first} {second}" for first, second in pairwise(single)] + [gram for _, _, gram in negated(single)]


def negated(single: Sequence[str]) -> list[tuple[int, int, str]]:
    """Return (place of the negation, place of the word, n-gram) for each of the few words after a negation."""
    return [
        (at, after, f"not_{single[after]}")
        for at, word in enumerate(single)
        if word in _NEGATIONS
        for after in range(at + 1, min(at + 1 + _NEGATED_WORDS, len(single)))
    ]


def word_spans(text: str) -> list[tuple[str, int, int]]:
    """Return each word of a normalised text with where it starts and ends."""
    return [(match.group(), match.start(), match.end()) for match in _WORD.finditer(text)]


def characters(text: str) -> list[str]:
    """Return the character n-grams of a normalised text, across word borders."""
    return [text[at : at + size] for size in CHAR_SIZES for at in range(len(text) - size + 1)]


def _masked(token: str) -> str:
    """Replace what is individual in one token; the punctuation after it stays."""
    if "@" in token[1:-1]:
        return "mailaddr"
    if token.startswith(("http://", "https://", "www.")):
        return "weblink"
    core = token.rstrip(".,!?;:)'\"")
    digits = sum(map(str.isdigit, token))
    if not digits:
        kind = KINDS.get(core.lstrip("('\"").removesuffix("'s"))
        return token if kind is None else kind + token[len(core) :]
    return _masked_number(core, digits) + token[len(core) :]


def _masked_number(core: str, digits: int) -> str:
    if not _CURRENCY.isdisjoint(core):
        return "money"
    if digits >= _REFERENCE_DIGITS or core.startswith("#"):
        return "refnum"
    return _DIGITS.sub("0", core)


def _twice(match: re.Match[str]) -> str:
    return match.group(1) * 2
