"""Finds sentences that claim or promise an effect, so that each can be held against a receipt. Reads English only."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from agent.claim_patterns import PATTERNS
from agent.evidence import Kind

_ADVERB = r"(?:only|still|also|not|then|normally|usually|always|easily|now|already|just|successfully|fully|partly|no longer)"
_FUTURE = re.compile(r"\b(?:will|shall|going to)\b|'ll\b")
_POSSIBLE = re.compile(
    rf"\b(?:can|could|may|might|would|should|must)(?:\W+{_ADVERB})?\W+(?:be|get|have been)\b|\bto (?:be|get)\b"
)
_CONDITION = re.compile(
    r"^(?:and |but |so |then )?(?:if|once(?! again| more)|unless|until|whether|as soon as|in case|as long as"
    r"|when|after|before|while)\b"
)
_WE_DID = re.compile(r"\b(?:i|we)(?:'ve| have| had)?(?: \w+)? $")
_NEGATION = re.compile(
    r"(?:\b(?:not|never|nothing|none|neither|cannot|unable to|yet to|failed to|without)|n't)(?:\W+\w+){0,2}\W*$"
    r"|\bno\W+(?:\w+\W+)?$"
)
_ASKS = re.compile(
    r"^(?:and |but |so |or |then )?(?:would|was|were|is|are|did|do|does|have|has|had|shall|should|can|could|may|which|what|when"
    r"|where|who|why|how)\b"
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_CLAUSE = re.compile(r"[,;:()]\s+|\s+-+\s+|\s+(?:but|so)\s+")
_AMOUNT = re.compile(
    r"[$€£¥]\s?(\d[\d,]{0,15}(?:\.\d{1,3})?)|\b(\d[\d,]{0,15}(?:\.\d{1,3})?)\s?(?:usd|eur|gbp|jpy|dollars?|euros?|pounds?)\b"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """One claimed or promised effect, with the sentence and the clause around it in lower case."""

    kind: Kind
    sentence: str
    clause: str

    @property
    def amounts(self) -> frozenset[Decimal]:
        """The amounts of money that the clause names."""
        found = (first or second for first, second in _AMOUNT.findall(self.clause))
        return frozenset(amount for amount in map(_decimal, found) if amount is not None)


def claims_in(text: str) -> Iterator[Claim]:
    """Every claim in a text: what is said to have happened, or promised without a condition."""
    for sentence in _SENTENCE.split(text.lower()):
        clauses = [clause.strip() for clause in _CLAUSE.split(sentence)]
        if sentence.rstrip().endswith("?"):
            clauses = [clause for clause in clauses if not _ASKS.search(clause)]
        conditional = any(_CONDITION.search(clause) for clause in clauses)
        for clause in clauses:
            kinds = {kind for kind, pattern in PATTERNS if _claimed(pattern, clause, conditional)}
            yield from (Claim(kind, sentence, clause) for kind in sorted(kinds))


def _claimed(pattern: re.Pattern[str], clause: str, conditional: bool) -> bool:
    return any(_asserted(match, clause, conditional) for match in pattern.finditer(clause))


def _asserted(match: re.Match[str], clause: str, conditional: bool) -> bool:
    """Whether the words say that it is so, rather than that it is not, may be, or will be if something else is."""
    start, end = match.span()
    if _CONDITION.search(clause) and not _WE_DID.search(clause[:start][-30:]):
        return False
    inside = match.group().rsplit(" ", 1)[0]
    if _NEGATION.search(clause[max(0, start - 60) : start]) or _NEGATION.search(inside):
        return False
    if _POSSIBLE.search(clause[max(0, start - 24) : end]):
        return False
    return not (conditional and _FUTURE.search(clause[:end]))


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text.replace(",", "")).normalize()
    except InvalidOperation:
        return None
