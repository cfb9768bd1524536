"""Characters that a reader cannot see, and lookalikes, are made plain before anything reads the text."""

import re
import unicodedata

MAX_CHARS = 65_536
"""Longer messages are read up to here; a webhook body holds at most 256 KiB."""

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
_SPACES = re.compile(r" {2,}")
_BLANK_LINES = re.compile(r"\n{3,}")


def plain(text: str) -> str:
    """Return at most MAX_CHARS of the text without invisible characters, with plain quotes, dashes, spaces and newlines."""
    text = text[:MAX_CHARS].replace("\r\n", "\n").replace("\r", "\n").replace("\x0b", "\n").replace("\x0c", "\n")
    text = _DROPPED.sub("", unicodedata.normalize("NFKC", text)[:MAX_CHARS]).translate(_PLAIN)
    text = "\n".join(line.strip() for line in _SPACES.sub(" ", text).split("\n"))
    return _BLANK_LINES.sub("\n\n", text).strip("\n")
