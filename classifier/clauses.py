"""Splits a message into passages that may each ask for something, so that a second wish is never lost."""

import re

MAX_CLAUSES = 12
"""Only this many passages are looked at, so that the work per message is bounded."""
MAX_CHARS = 1_500

_MIN_WORDS = 3
_WISH = (
    r"(?:can|could|would|will|may) (?:you|u|i|we)|please|pls|plz|kindly|"
    r"i (?:also )?(?:want|need|would like|wish|wanna)|i'd (?:also )?like|we (?:want|need|would like)|i am also|also|"
    r"where|when|what|why|how|do you|does|is there|cancel|change|send|refund|return|exchange"
)
_BREAK = re.compile(
    r"[.!?]+(?=\s|$)|[\n;]+|"
    rf",? (?:and|but|plus|then|oh and|ps|p\.s\.)(?: also| then| btw)?,? (?=(?:{_WISH})\b)|"
    r",? (?:also|additionally|besides|furthermore|on top of that|secondly|second|another thing|one more thing),? ",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")


def split(text: str) -> tuple[str, ...]:
    """Return the passages of a cleaned text that have at least three words, in order."""
    passages = (passage.strip(" ,-") for passage in _BREAK.split(text[:MAX_CHARS]))
    long_enough = [passage for passage in passages if len(_WORD.findall(passage)) >= _MIN_WORDS]
    return tuple(long_enough[:MAX_CLAUSES])
