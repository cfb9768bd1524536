"""Whether a text means all of what there is to choose from; "not at all", "first of all" and "that's all" do not."""

import re

from workflows.words import clauses

_THINGS = "(?:items|things|articles|products|pieces|goods|orders|stuff)"
_COUNT = r"(?:two|three|four|five|six|\d{1,2})"
_THESE = "(?:of )?(?:the |my |these |those |your )?"
# After these words "all" and "everything" are what is wanted, and not a part of a manner of speaking.
_WANTING = (
    "return|returning|refund|refunding|cancel|cancelling|canceling|back|want|take|give|send|sending|money for|me for|back for"
    "|refund for|refund of|refund on|them|it|yes|no|ok|please|actually|just|about|track|status of|know|mean|meant"
)
_TAIL = (
    "(?: (?:please|pls|thanks|thank you|back|now|then|too|together|instead|in it|i (?:have )?(?:ordered|bought)"
    "|(?:in|from|on|of) (?:the|my|this|that) order))*(?:$| (?:because|since|as they|from)\\b)"
)
_CHOSEN = re.compile(
    "|".join(
        (
            r"\b(?:all|both|each|every one) of (?:it|them|these|those)\b|\b(?:them|these|those) (?:all|both)\b",
            rf"\bevery one{_TAIL}",
            rf"\b(?:all|both) {_THESE}(?:{_COUNT} )?{_THINGS}\b|\ball (?:of )?(?:the )?{_COUNT}(?: of them| of it)?{_TAIL}",
            rf"(?:^|\b(?:{_WANTING}) )(?:all|both|everything|the (?:whole )?lot){_TAIL}",
        )
    )
)
_IN_PASSING = re.compile(
    r"\beverything\b(?! else)(?! (?:is|was|looks|looked|seems|seemed|works|worked|went|arrived|came)\b.{0,20}"
    r"\b(?:fine|ok|okay|good|great|perfect|perfectly|well|alright|right|nice|lovely))(?<!thanks for everything)"
    r"(?<!thank you for everything)|\bthey(?: are|re)? (?:all|both)\b"
    r"|^(?:all|both) (?:of which )?(?:are|were|arrived|came|broke)\b"
)


def chooses_all(text: str) -> bool:
    """Whether the text asks for all of it: "all of them", "both please", "refund everything"."""
    return _found(_CHOSEN, text)


def speaks_of_all(text: str) -> bool:
    """Whether the text asks for all of it, or tells of all of it what is wrong: "everything arrived broken"."""
    return chooses_all(text) or _found(_IN_PASSING, text)


def _found(pattern: re.Pattern[str], text: str) -> bool:
    said = (" ".join(word for word in clause if word.isalnum()) for clause in clauses(text))
    return any(pattern.search(clause) for clause in said)
