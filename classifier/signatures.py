"""Cuts what stands below a customer's last sentence: sign-offs, signatures, device lines and legal notices."""

import re
from collections.abc import Sequence

_APP = r"(?:yahoo ?mail|yahoo|outlook|aol|gmail|proton ?mail|mail for (?:windows|ios|android)|samsung|ios|android)"
# Only what phones and programs write; "Sent from the warehouse damaged" is a customer's own sentence.
_DEVICE = re.compile(
    r"(?:sent (?:from|via|with|using)|gesendet (?:von|mit)|envoyé (?:de|depuis)|enviado desde) "
    rf"(?:(?:my|mein\w*|mon|ma|mi)\b|(?:the (?:all new )?)?{_APP}\b|iphone\b|ipad\b|blackberry\b)"
    r"|get (?:the )?outlook for (?:ios|android)\b",
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
# Whoever writes one of these below "Thanks" still says something, and it may be a no.
_SAYING_WORDS = (
    "no not nope nah never none nothing neither nor without dont doesnt didnt cant cannot wont wouldnt isnt arent but if "
    "unless except only just instead rather when after before until or however though although maybe perhaps actually "
    "sorry wait stop hold hang also too then first later yet still again tomorrow today tonight cancel refund return "
    "keep change update exchange send ship deliver replace remove make want need leave forget drop skip please is are "
    "was were have has could would should im ill ive id me my we our you your its this that these those they them"
)
_SAYING = frozenset(_SAYING_WORDS.split())
_ABBREVIATIONS = frozenset({"ID", "ME", "OR"})
"""Places and numbers that are written like words."""
_TAIL_WORD = re.compile(r"\b(?!no\.? ?\d{3})[^\W\d_]+(?:'[^\W\d_]+)*", re.IGNORECASE)
"""A word; the "no" of "order no 30877" is none."""
_NAME_PARTICLES = "and at by da de del den der di du el for la le of the ten ter van von y zu"
_PARTICLES = frozenset(_NAME_PARTICLES.split())
_MAX_CLOSING_WORDS = 8
_MAX_TAIL_LINES = 10
_MAX_TAIL_CHARS = 70
_MAX_TAIL_WORDS = 8


def without_signature(text: str) -> str:
    """Return the text up to its sign-off, signature or notice; the text itself when it is nothing else.

    What a phone adds stands below what it quotes, and people write on under it: only that line is cut.
    """
    lines = [line for line in text.split("\n") if not _DEVICE.match(line)]
    first_tail_line = len(lines) - _MAX_TAIL_LINES - 1
    for at, line in enumerate(lines):
        if not line:
            continue
        certain = line == "--" or _NOTICE.match(line)
        if certain or (at >= first_tail_line and _closes(line) and _is_signature(lines[at + 1 :])):
            return "\n".join(lines[:at]).strip() or text
    return "\n".join(lines).strip() or text


def _closes(line: str) -> bool:
    """Tell whether the line says nothing but thanks or regards, or is a ruler."""
    if _RULE.fullmatch(line):
        return True
    if len(line) > _MAX_TAIL_CHARS:
        return False
    words = _WORD.findall(line.lower())
    return 0 < len(words) <= _MAX_CLOSING_WORDS and _AROUND_CLOSING.issuperset(words) and not _CLOSING.isdisjoint(words)


def _is_signature(lines: Sequence[str]) -> bool:
    """Tell a signature from words that go on below the thanks; it begins with a name, and nothing in it says anything."""
    below = [line for line in lines if line and not _closes(line)]
    return not below or (_is_name(below[0]) and all(map(_is_signature_line, below)))


def _is_name(line: str) -> bool:
    """Tell whether the line is one word, or several that begin as names and numbers do."""
    words = line.split()
    return len(words) == 1 or all(word in _PARTICLES or not (word[0].islower() and word.islower()) for word in words)


def _is_signature_line(line: str) -> bool:
    """Tell a name, role, address or number from a sentence that goes on."""
    if line == "--" or _NOTICE.match(line):
        return True
    if len(line) > _MAX_TAIL_CHARS or line.endswith(("?", "!")) or line.lower().startswith(("ps", "p.s")):
        return False
    if not any(map(str.isalnum, line)):
        return False
    words = line.split()
    starts_as_text = words[0].islower() and len(words) > 1
    return len(words) <= _MAX_TAIL_WORDS and not starts_as_text and not any(map(_says_something, _TAIL_WORD.findall(line)))


def _says_something(word: str) -> bool:
    return word not in _ABBREVIATIONS and word.lower().replace("'", "") in _SAYING
