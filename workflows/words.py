"""Text as words: the reading glasses that confirm, slots and repair share."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

READ_AT_MOST = 4000
"""How many characters of a message slots and repair look at; what a customer wants stands long before that."""

_APOSTROPHES = re.compile(r"(?<=\w)['’‘ʼ`´](?=\w)")
_CURLY = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "´": "'", "“": '"', "”": '"'})
_SMILEY = re.compile(r"(?<!\w)[:;]-?[)dp](?!\w)")
_CLAUSE_END = re.compile(r"[.,;:!?…\n–—()]+|\s-+\s")
_TOKEN = re.compile(r"\w+|[^\w\s]")
_HARMLESS = frozenset(".,;:!…–—-()'\"*_")
# Variation selectors and skin tones; marks that strike a word out must stay, since they take it back.
_EMOJI_SHADES = frozenset(map(chr, [*range(0xFE00, 0xFE10), *range(0x1F3FB, 0x1F400)]))


def plain(text: str) -> str:
    """The text in one spelling: compatibility forms folded, lower case, no apostrophes inside words, nothing invisible."""
    visible = text.casefold() if text.isascii() else _folded(text)
    return _SMILEY.sub(" ", _APOSTROPHES.sub("", visible))


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).translate(_CURLY).casefold()
    signs = unicodedata.normalize("NFC", folded)
    return "".join(sign for sign in signs if sign not in _EMOJI_SHADES and unicodedata.category(sign) != "Cf")


def tokens(text: str) -> tuple[str, ...]:
    """Words and telling symbols (`?`, emoji) of `text` in order; only harmless punctuation is dropped."""
    return tuple(token for token in _TOKEN.findall(plain(text)) if token not in _HARMLESS)


def clauses(text: str) -> tuple[tuple[str, ...], ...]:
    """The tokens of each clause: the text cut at punctuation, dashes and line ends; a question mark ends up in none."""
    cut = (tokens(clause) for clause in _CLAUSE_END.split(plain(text)))
    return tuple(clause for clause in cut if clause)


def phrases(*lines: str) -> frozenset[tuple[str, ...]]:
    """A set of phrases as token tuples, from lines that hold phrases separated by commas."""
    return frozenset(tuple(phrase.split()) for line in lines for phrase in line.split(",") if phrase.strip())


def says(words: Sequence[str], wanted: Iterable[tuple[str, ...]]) -> bool:
    """Whether any of the wanted phrases stands in `words`."""
    return any(
        tuple(words[start : start + len(phrase)]) == phrase
        for phrase in wanted
        for start in range(len(words) - len(phrase) + 1)
    )
