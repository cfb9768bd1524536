"""Cuts what stands below a customer's last sentence: sign-offs, signatures, device lines and legal notices."""

import re

_DEVICE = re.compile(
    r"(sent from|get outlook for|sent via|sent with|sent using|gesendet von|envoyé de|enviado desde) "
    r"(my |mein|mon |mi |the |yahoo|outlook|mail|ios|android|samsung|proton|gmail|iphone|ipad|blackberry)",
    re.IGNORECASE,
)
_NOTICE = re.compile(
    r"\*{0,3} ?(confidentiality notice|legal notice|disclaimer)\b|"
    r"this (e-?mail|message|communication)\b[^.]{0,80}\b(confidential|privileged|intended (only|solely))|"
    r"please consider the environment before",
    re.IGNORECASE,
)
_RULE = re.compile(r"[-_=*~]{2,80}")
_WORD = re.compile(r"[a-z]+")
_CLOSING_WORDS = (
    "thanks thank thx tks ty cheers regards rgds kr br sincerely yours faithfully respectfully cordially greetings "
    "wishes best love ta tia"
)
_WORDS_AROUND_CLOSING = (
    "you many very much so a lot with my most again and kind kindest warm warmest truly in advance for your help time "
    "assistance attention understanding all the looking forward to hearing from reply million kindly"
)
_CLOSING = frozenset(_CLOSING_WORDS.split())
_AROUND_CLOSING = _CLOSING | frozenset(_WORDS_AROUND_CLOSING.split())
_MAX_CLOSING_WORDS = 8
_MAX_TAIL_LINES = 10
_MAX_TAIL_CHARS = 70
_MAX_TAIL_WORDS = 8


def without_signature(text: str) -> str:
    """Return the text up to its sign-off, signature or notice; the text itself when it is nothing else."""
    lines = text.split("\n")
    first_tail_line = len(lines) - _MAX_TAIL_LINES - 1
    for at, line in enumerate(lines):
        if not line:
            continue
        certain = line == "--" or _DEVICE.match(line) or _NOTICE.match(line)
        if certain or (at >= first_tail_line and _closes(line) and all(map(_is_signature_line, lines[at + 1 :]))):
            return "\n".join(lines[:at]).strip() or text
    return text


def _closes(line: str) -> bool:
    """Tell whether the line says nothing but thanks or regards, or is a ruler."""
    if _RULE.fullmatch(line):
        return True
    if len(line) > _MAX_TAIL_CHARS:
        return False
    words = _WORD.findall(line.lower())
    return 0 < len(words) <= _MAX_CLOSING_WORDS and _AROUND_CLOSING.issuperset(words) and not _CLOSING.isdisjoint(words)


def _is_signature_line(line: str) -> bool:
    """Tell a name, role, address or number from a sentence that goes on."""
    if len(line) > _MAX_TAIL_CHARS or line.endswith(("?", "!")) or line.lower().startswith(("ps", "p.s")):
        return False
    words = line.split()
    starts_as_text = bool(words) and words[0].islower() and len(words) > 2
    return len(words) <= _MAX_TAIL_WORDS and not starts_as_text
