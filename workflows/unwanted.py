"""How customers say that something is not to be done: "please don't cancel it", "I never asked for that"."""

import re
from functools import cache

from workflows.answer_words import VERBS
from workflows.words import READ_AT_MOST, clauses

# "If you don't refund me ..." and "why don't you cancel it?" want it done.
_UNWILLING = (
    r"(?:(?<!if you )(?<!why )(?:dont|do not)|(?:i|we)(?: have|ve)? never"
    r"|(?:i|we|he|she|they) (?:didnt|did not|havent|have not|wasnt|was not|werent|were not))"
)
_TOWARDS = (
    "(?: (?:want(?:ed)?|wish|need|plan(?:ned|ning)?|intend|ask(?:ed|ing)?|tell|told|request(?:ed)?|mean|meant|going|trying|to"
    "|you|for|have|be|a|an|the|any|my|ever|really|actually|even|yet))*"
)
_GOODS = r"(?: (?:it|that|this|them|(?:the|my|this|that) \w+|(?:[a-z] )?\d{4,}))?"
_NOT_ASKED = re.compile(
    r"\b(?:i|we) (?:didnt|did not|(?:have |ve )?never) (?:ask|asked|request|requested)(?: for)? (?:that|this|it)$"
)


def unwanted(text: str, flow: str) -> bool:
    """Whether the text says that what the flow does is not to be done, or was never asked for."""
    said = [" ".join(word for word in clause if word.isalnum()) for clause in clauses(text[:READ_AT_MOST])]
    return any(pattern.search(clause) for pattern in (_NOT_ASKED, _forbids(flow)) for clause in said)


@cache
def _forbids(flow: str) -> re.Pattern[str]:
    """Not to do, or not to have done, what the flow's name says: "cancel_order", "return_refund"."""
    verbs = "|".join(verb.removesuffix("e") for verb in sorted(VERBS & set(flow.split("_")))) or r"\b\B"
    deed = rf"(?:{verbs})(?:e|l?ing|l?ation)?\b"
    done = rf"(?:to be |to get )?(?:{verbs})l?ed\b"
    return re.compile(rf"\b{_UNWILLING}{_TOWARDS} (?:{deed}|{done})|\b{_UNWILLING}{_TOWARDS}{_GOODS} {done}")
