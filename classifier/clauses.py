"""Splits a message into passages that may each ask for something, so that a second wish is never lost."""

import re

MAX_PASSAGES = 8
"""More are left together in the last one, so that the work per message is bounded."""
MAX_CHARS = 1_500
"""The text after this is one passage."""

_MIN_WORDS = 3
_WISH = (
    r"(?:can|could|would|will|may) (?:you|u|i|we)|please|pls|plz|kindly|"
    r"i (?:also )?(?:want|need|would like|wish|wanna)|i'd (?:also )?like|we (?:want|need|would like)|i am also|also|"
    r"where|when|what|why|how|do you|does|is there|cancel|change|send|refund|return|exchange"
)
_BREAK = re.compile(
    r"(?<=[.!?])\s+|\n+|;\s*|"
    rf",? \b(?=(?:and|but|plus|then|oh and|ps|p\.s\.)(?: also| then| btw)?,? (?:{_WISH})\b)|"
    r",? \b(?=(?:also|additionally|besides|furthermore|on top of that|secondly|another thing|one more thing)\b)",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")


def split(text: str) -> tuple[str, ...]:
    """Return the passages of a cleaned text in order; together they are the whole text, but for space between them."""
    head, tail = text[:MAX_CHARS], text[MAX_CHARS:]
    passages = [passage for passage in _BREAK.split(head, maxsplit=MAX_PASSAGES - 1) if passage.strip()] or [head]
    passages[-1] += tail
    return tuple(passages)


def is_wish(passage: str) -> bool:
    """Tell whether a passage is long enough to say what somebody wants."""
    return len(_WORD.findall(passage)) >= _MIN_WORDS
