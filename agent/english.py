"""Whether a text is English: the guard reads claims in English only, so a draft in another language is held back."""

import re

_WORD = re.compile(r"[^\W\d_]{1,40}")
_PLAIN = re.compile(
    r"\b(?:the|and|or|but|of|to|for|from|with|by|as|is|are|were|be|been|it|its|this|that|these|those|you|your|we|our|my|she|they"
    r"|them|their|not|yes|does|did|had|have|can|could|would|should|may|if|when|how|what|which|who|where|there|here|than|then"
    r"|very|please|thank|thanks|hello|sorry|order|refund|back|any|being|still|yet|before|after|because|about)\b"
)
# These are words of other languages too, so each counts for half.
_SHARED = re.compile(r"\b(?:a|an|in|on|at|was|will|so|do|i|me|he|has|no|all|his|us|am)\b")
_LEAST_SHARE = 0.2
_ENOUGH_WORDS = 4


def reads_english(text: str) -> bool:
    """Whether enough of the words are the small words of English; a handful of words passes."""
    lowered = " ".join(word for word in text.lower().split() if "/" not in word and "@" not in word)
    words = _WORD.findall(lowered)
    if len(words) < _ENOUGH_WORDS:
        return all(word.isascii() for word in words)
    return len(_PLAIN.findall(lowered)) + len(_SHARED.findall(lowered)) / 2 >= _LEAST_SHARE * len(words)
