"""Finds sentences that claim or promise an effect, so that each can be held against a receipt. Reads English only."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from agent.claim_patterns import PATTERNS
from agent.evidence import Kind

_ADVERB = r"(?:only|still|also|not|then|normally|usually|always|easily|now|already|just|successfully|fully|partly|no longer)"
_FUTURE = re.compile(r"\b(?:will|shall|going to)\b|'ll\b")
_POSSIBLE = re.compile(
    rf"\b(?:can|could|may|might|would|should|must)(?:\W+{_ADVERB})?\W+(?:be|get)\b"
    rf"|\b(?:could|may|might|would)(?:\W+{_ADVERB})?\W+have been\b|(?<!going )(?<!about )(?<!is )(?<!are )\bto (?:be|get)\b"
)
_OPEN = re.compile(r"(?<!even )(?<!as )\b(?:if|whether|unless|in case)\b")
_TIME = re.compile(r"\b(?:once(?! again| more| and for all)|until|as soon as|as long as|when|after|before|while)\b")
_PAST = re.compile(r"\b(?:was|were|had)\b")
_ITSELF = re.compile(
    r"(?:\W|\b(?:an?|the|your|my|our|any|this|that|it|you|we|i|they|second|other|duplicate|whole|full|money|amount|refund|return"
    r"|orders?|items?|parcel|payments?|charges?|address|[\w-]{0,20}\d[\w-]{0,20}|is|was|are|were|has|have|had|been|be|being|already)\b)*+"
)
"""What may stand between the word of a condition and a claim that is this condition: "once your refund has been issued"."""
_EVENT = re.compile(
    r"(?<!even )\b(?:if|unless|in case|once|as soon as|as long as|when|after(?! \w+ing\b))\b"
    r"(?!.{0,40}\b(?:questions?|know|wonder|message|e-?mail|reply)\b).{0,60}?"
    r"\b(?:parcel|package|goods|send|sent|returns?|returned|receiv\w+|arriv\w+|reach\w*|approv\w+|confirm\w*|agree\w*"
    r"|accept\w*|finds?|found|twice|deliver\w+|inspect\w+|damaged|faulty|cancel\w*|verif\w+|stock|available"
    r"|lost|it back|back (?:with|at|in)|want|wish|prefer|like(?: (?:me|us|to|that)\b|$))"
)
"""A condition that somebody has yet to meet; "as soon as possible" and "if you look at your statement" are none."""
_WE_DID = re.compile(r"\b(?:i|we)(?:'ve| have| had)?(?: \w+)? $")
_NEGATION = re.compile(
    r"(?:\b(?:(?<!or )not|never|nothing|none|neither|cannot|unable to|yet to|failed to|without)|n't)(?:\W+\w+){0,2}\W*$"
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
        events = [list(_EVENT.finditer(clause)) for clause in clauses]
        for at, clause in enumerate(clauses):
            beside = any(events[:at] + events[at + 1 :])
            kinds = {kind for kind, pattern in PATTERNS if _claimed(pattern, clause, events[at], beside)}
            yield from (Claim(kind, sentence, clause) for kind in sorted(kinds))


def _claimed(pattern: re.Pattern[str], clause: str, events: Sequence[re.Match[str]], beside: bool) -> bool:
    return any(_asserted(match, clause, events, beside) for match in pattern.finditer(clause))


def _asserted(match: re.Match[str], clause: str, events: Sequence[re.Match[str]], beside: bool) -> bool:
    """Whether the words say that it is so, rather than that it is not, may be, or will be if something else is."""
    start, end = match.span()
    before = clause[max(0, start - 80) : start]
    if _is_condition(before, match.group()) and not _WE_DID.search(before[-30:]):
        return False
    inside = match.group().rsplit(" ", 1)[0]
    if _NEGATION.search(clause[max(0, start - 60) : start]) or _NEGATION.search(inside):
        return False
    if _POSSIBLE.search(clause[max(0, start - 24) : end]):
        return False
    met = beside or any(event.end() <= start or event.start() >= end for event in events)
    return not (met and _FUTURE.search(clause[:end]))


def _is_condition(before: str, claim: str) -> bool:
    """Whether the claim itself is what something depends on, or is asked; what "when it was done" tells is that it was done."""
    for opening in (_OPEN, _TIME):
        for word in opening.finditer(before):
            if _ITSELF.fullmatch(before, word.end()):
                return opening is _OPEN or not _PAST.search(before[word.end() :] + claim)
    return False


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text.replace(",", "")).normalize()
    except InvalidOperation:
        return None
