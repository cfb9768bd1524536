"""Whether a text is English: the guard reads claims in English only, so a draft in another language is held back."""

import re

_WORD = re.compile(r"[^\W\d_]{1,40}")
# Words that no other language shares often: `in`, `an`, `was` and `will` are German too.
_COMMON = re.compile(
    r"\b(?:the|and|or|but|of|to|for|from|with|by|as|is|are|were|be|been|it|its|this|that|these|those|you|your|we|our|i|my|he|she"
    r"|they|them|their|not|no|yes|does|did|has|have|had|can|could|would|should|may|if|when|how|what|which|who|where|there|here"
    r"|than|then|very|please|thank|thanks|hello|sorry|order|refund|back|any|all|being|still|yet|before|after|because|about)\b"
)
_LEAST_SHARE = 0.2
_ENOUGH_WORDS = 4


def reads_english(text: str) -> bool:
    """Whether enough of the words are the small words of English; a handful of words passes."""
    lowered = text.lower()
    words = _WORD.findall(lowered)
    if len(words) < _ENOUGH_WORDS:
        return all(word.isascii() for word in words)
    return len(_COMMON.findall(lowered)) >= _LEAST_SHARE * len(words)
