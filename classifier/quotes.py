"""Finds the customer's own words in a mail: what is quoted or forwarded below, above or between them is cut.

Everything here looks at one line and at most two lines after it, so the time is linear in the length of the mail. The
library mail-parser-reply was measured first: seven seconds for 16 KB of "On On On", and it takes every line that begins
with "Thanks," for a signature.
"""

import re

_WROTE = ("wrote", "schrieb", "a écrit", "escribió", "escreveu", "ha scritto", "schreef", "skrev")
_OPENERS = ("On ", "Am ", "Le ", "El ", "Em ", "Il ", "Op ", "Den ")
_HEADER = re.compile(
    r"[* ]{0,4}(from|sent|to|subject|date|cc|reply-to|von|gesendet|an|betreff|datum|de|envoyé|objet|para|asunto|enviado)"
    r"\*? ?:",
    re.IGNORECASE,
)
_HEADER_START = re.compile(r"[* ]{0,4}(from|von|de)\*? ?:", re.IGNORECASE)
_BREAK = re.compile(
    r"[-_=* ]{0,60}(original message|forwarded message|begin forwarded message|ursprüngliche nachricht|"
    r"weitergeleitete nachricht|message d'origine|message transféré|mensaje original)\b",
    re.IGNORECASE,
)
_REPLY_LINE = re.compile(r"[-#= ]{0,20}(please )?(type|write|enter) your reply above this line", re.IGNORECASE)
_MIN_HEADERS = 2
_MAX_ATTRIBUTION_LINES = 3
_MAX_ATTRIBUTION_CHARS = 480


def own_words(text: str) -> str:
    """Return the text without quoted lines, quoted or forwarded blocks and their headers; may be empty."""
    lines = text.split("\n")
    kept: list[str] = []
    at = 0
    while at < len(lines):
        if lines[at].startswith(">"):
            at += 1
            continue
        height, is_mail = _block_header(lines, at)
        # Below a quotation marked with ">" the customer goes on; below an unmarked one everything is quoted, unless
        # nothing stands above a bare mail header: then the mail below it is all there is.
        if height and not _is_marked(lines, at + height) and not (is_mail and not any(kept)):
            break
        if not height:
            kept.append(lines[at])
        at += max(height, 1)
    return "\n".join(kept).strip()


def _block_header(lines: list[str], at: int) -> tuple[int, bool]:
    """Return how many lines here introduce a quoted block (0: none), and whether they are a mail's bare headers."""
    if _BREAK.match(lines[at]) or _REPLY_LINE.match(lines[at]):
        return 1 + _header_lines(lines, at + 1), False
    height = _attribution_height(lines, at)
    if height:
        return height, False
    headers = _header_lines(lines, at) if _HEADER_START.match(lines[at]) else 0
    return (headers, True) if headers >= _MIN_HEADERS else (0, False)


def _is_marked(lines: list[str], at: int) -> bool:
    """Tell whether the block that starts here marks its lines with ">"."""
    return any(line.startswith(">") for line in lines[at : at + 2])


def _attribution_height(lines: list[str], at: int) -> int:
    """Return how many lines an "On Monday, Ann wrote:" takes at this place, 0 when there is none."""
    if not (lines[at].startswith(_OPENERS) or "@" in lines[at]):
        return 0
    for height, line in enumerate(lines[at : at + _MAX_ATTRIBUTION_LINES], start=1):
        if not line.endswith(":"):
            continue
        joined = " ".join(lines[at : at + height])
        dated = any(char.isdigit() or char == "@" for char in joined[:_MAX_ATTRIBUTION_CHARS])
        if (dated or _is_marked(lines, at + height)) and (
            joined.endswith(">:") or any(word in joined[-100:] for word in _WROTE)
        ):
            return height
    return 0


def _header_lines(lines: list[str], at: int) -> int:
    """Return how many lines from here on look like mail headers."""
    count = 0
    while at + count < len(lines) and count < 12 and _HEADER.match(lines[at + count]):
        count += 1
    return count
