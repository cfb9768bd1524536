"""Splits a message into passages that may each ask for something, so that a second wish is never lost."""

import re

MAX_PASSAGES = 8
"""More are left together in the last one, so that the work per message is bounded."""
MAX_CHARS = 1_500
"""The text after this is one passage."""

_MIN_WORDS = 3
_OPENS_WISH = (
    r"(?:can|could|would|will|may) (?:you|u|i|we)\b|please\b|pls\b|plz\b|kindly\b|"
    r"(?:i|we)(?:'d| would)? (?:also |just |really )?(?:want|need|like|wish|prefer|wanna)\b|"
    r"where|when|what|why|how\b|which|who|do you\b|does\b|do i\b|is there\b|is it\b|are there\b|has my\b|did (?:you|my)\b|"
    r"(?:cancel|change|send|refund|return|exchange|swap|replace|add|remove|update|tell|let me|call|give|put|stop|deliver)\b"
)
_JOINS = r"(?:and|but|plus|then|oh and|ps|p\.s\.)"
_BREAK = re.compile(
    rf"(?<=[.!?])\s+|\n+|;\s*|,? \b(?={_JOINS}(?: also| then| btw)?,? (?:{_OPENS_WISH}|i am also\b|also\b))|"
    r",? \b(?=(?:also|additionally|besides|furthermore|on top of that|secondly|another thing|one more thing)\b)",
    re.IGNORECASE,
)
_LIST = re.compile(r"(?:^|\s)\(?1\)\s.*?\s\(?2\)\s", re.DOTALL)
_LIST_BREAK = re.compile(rf"{_BREAK.pattern}|\s+(?=\(?[1-9]\)\s)", re.IGNORECASE)
_ASKS = re.compile(
    rf"\?|\b(?:please|pls|plz|can you|could you|would you|i need|i want|i'd like|(?:i|we) would like|let me know|tell me)\b|"
    rf"^\W*(?:\d\W+)?(?:(?:{_JOINS}|also|hi|hello|now|so|just|oh|then|first|second|secondly)\b\W*){{0,3}}(?:{_OPENS_WISH})",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"\b(?:if|unless|otherwise|or else|in case|failing that|provided|depending|either|whichever|alternatively"
    r"|should (?:it|that|this))\b",
    re.IGNORECASE,
)
_IT = re.compile(r"\b(?:it|its|it's|they|them|that|this)\b", re.IGNORECASE)
_ADDITION = re.compile(
    r"\W*(?:and |but |oh )*(?:also|furthermore|additionally|besides|moreover|plus|while (?:i'm|i am|im|we're|we are) "
    r"|another thing|one more|second(?:ly)?\b|separately|p\.?s\b|btw|by the way|on top of)",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")
_REFERENCE = re.compile(
    r"\W*(?:my |the |our )?(?:order|customer|tracking|invoice|ref\w*)?\W*(?:number|no|nr|id|ref)?\W*(?:is|was)?\W*\S*\d\S*\W*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"#\w|\d{4}")
_MAX_REFERENCE_CHARS = 60


def split(text: str) -> tuple[str, ...]:
    """Return the passages of a cleaned text in order; together they are the whole text, but for space between them."""
    head, tail = text[:MAX_CHARS], text[MAX_CHARS:]
    breaks = _LIST_BREAK if _LIST.search(head) else _BREAK
    passages = [passage for passage in breaks.split(head, maxsplit=MAX_PASSAGES - 1) if passage.strip()] or [head]
    passages[-1] += tail
    return tuple(passages)


def is_statement(passage: str) -> bool:
    """Tell whether a passage means something by itself: it is not too short, and more than a reference number."""
    if len(passage) <= _MAX_REFERENCE_CHARS and _REFERENCE.fullmatch(passage):
        return False
    return len(_WORD.findall(passage)) >= _MIN_WORDS


def names_number(passage: str) -> bool:
    """Tell whether a passage holds something like an order number."""
    return _NUMBER.search(passage[:MAX_CHARS]) is not None


def is_conditional(passage: str) -> bool:
    """Tell whether a passage wants something only in one case: "if not, cancel it", "otherwise I want my money back"."""
    return _CONDITION.search(passage[:MAX_CHARS]) is not None


def refers_back(passage: str) -> bool:
    """Tell whether a passage asks about "it" and names nothing, so that it may still be about the wish before it."""
    return _IT.search(passage[:MAX_CHARS]) is not None and not names_number(passage)


def opens_addition(passage: str) -> bool:
    """Tell whether a passage announces something further: "also", "while I'm writing", "one more thing"."""
    return _ADDITION.match(passage) is not None


def asks(passage: str) -> bool:
    """Tell whether a passage asks or demands, rather than tells what happened."""
    return _ASKS.search(passage[:MAX_CHARS]) is not None
