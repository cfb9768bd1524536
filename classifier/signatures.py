"""Cuts what stands below a customer's last sentence: sign-offs, signatures, device lines and legal notices."""

import re

_DEVICE = re.compile(
    r"(sent from|get outlook for|sent via|sent with|gesendet von|envoyé de|enviado desde|sent using|downloaded from) "
    r"(my |mein|mon |mi |the |yahoo|outlook|mail|ios|android|samsung|proton|gmail|i?phone|iphone|ipad|blackberry)",
    re.IGNORECASE,
)
_NOTICE = re.compile(
    r"(\*{0,3} ?)(confidentiality|disclaimer|legal) ?(notice)?\b|"
    r"this (e-?mail|message|communication)( \([^)]{0,60}\))?( and any( files| attachments?)?[^.]{0,80})? "
    r"(is|are|may be|may contain|contains?) (\w+ ){0,3}(confidential|privileged|intended)|"
    r"please consider the environment before",
    re.IGNORECASE,
)
_SIGN_OFF = re.compile(
    r"((many|very|with|my|most|again|and|kind|warm|best|thanks|thank you|thx|tks|ty|cheers|regards|rgds|kr|br|sincerely|"
    r"yours|truly|faithfully|respectfully|cordially|love|so much|a lot|a million|in advance|for your (help|time|assistance|"
    r"attention|understanding)|wishes|all the best|best|greetings|hugs|xx+|xo+|looking forward to (hearing|your reply)"
    r"( from you)?)[ ,.!&;:-]*){1,6}",
    re.IGNORECASE,
)
_RULE = re.compile(r"(--|__|-{2,80}|_{2,80}|={3,80}|\*{3,80}|~{3,80})$")
_MAX_TAIL_LINES = 12
_MAX_SIGNATURE_LINE = 90


def without_signature(text: str) -> str:
    """Return the text up to the sign-off or signature; the text itself when it has none or is nothing else."""
    lines = text.split("\n")
    for at, line in enumerate(lines):
        if not line:
            continue
        if line in ("--", "-- ") or _DEVICE.match(line) or _NOTICE.match(line):
            return _kept(lines, at, text)
        if _is_tail(lines, at) and (_RULE.match(line) or _SIGN_OFF.fullmatch(line[:_MAX_SIGNATURE_LINE])):
            return _kept(lines, at, text)
    return text


def _kept(lines: list[str], end: int, text: str) -> str:
    kept = "\n".join(lines[:end]).strip()
    return kept or text


def _is_tail(lines: list[str], at: int) -> bool:
    """Tell whether only a few short lines follow, as they do below a sign-off."""
    below = lines[at + 1 : at + 2 + _MAX_TAIL_LINES]
    if len(below) > _MAX_TAIL_LINES:
        return False
    return all(len(line) <= _MAX_SIGNATURE_LINE and not line.endswith(("?", "!")) for line in below)
