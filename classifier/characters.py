"""Characters that a reader cannot see, and lookalikes, are made plain before anything reads the text."""

import re
import unicodedata

MAX_CHARS = 65_536
"""Longer messages are read up to here; a webhook body holds at most 256 KiB."""
MAX_LINES = 4_000
"""Longer messages are read up to here."""

_CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x9f"
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff"
)
_DROPPED = re.compile(f"[{_CONTROLS}{_INVISIBLE}]")
_PLAIN = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"'}
    | {"\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\t": " ", "\u2028": "\n", "\u2029": "\n"}
)
_PIECE_CHARS = 256
_SPACES = re.compile(r" {2,}")
_BLANK_LINES = re.compile(r"\n{3,}")


def plain(text: str) -> str:
    """Return the text, up to the two limits, without invisible characters and with plain quotes, dashes and spaces."""
    text = text[:MAX_CHARS].replace("\r\n", "\n").replace("\r", "\n").replace("\x0b", "\n").replace("\x0c", "\n")
    text = _DROPPED.sub("", _composed(text)).translate(_PLAIN)
    text = "\n".join(line.strip() for line in _SPACES.sub(" ", text).split("\n", MAX_LINES)[:MAX_LINES])
    return _BLANK_LINES.sub("\n\n", text).strip("\n")


def _composed(text: str) -> str:
    """Normalise to NFKC in pieces, because long runs of combining marks make it quadratic and some characters expand."""
    if text.isascii():
        return text
    pieces: list[str] = []
    length = 0
    for at in range(0, len(text), _PIECE_CHARS):
        pieces.append(unicodedata.normalize("NFKC", text[at : at + _PIECE_CHARS]))
        length += len(pieces[-1])
        if length >= MAX_CHARS:
            break
    return "".join(pieces)[:MAX_CHARS]
