"""The policy: one pure function from a case, the books and a tenant's numbers to a decision, the same for every door."""

from collections.abc import Mapping
from dataclasses import dataclass

from tools.case import Case
from tools.errors import Code
from tools.limits import MoneyLimits, Policy
from tools.ports import BookFacts, Effect, Json, Verdict
from tools.rules import CONFIRMATION, RULES, SENTENCES, Rule

__all__ = [
    "RULES",
    "Case",
    "MoneyLimits",
    "Policy",
    "Rule",
    "Ruling",
    "decide",
    "decide_read",
    "describe_rules",
    "rulings",
    "sentence_of",
]

_BARS = {effect: tuple(rule for rule in RULES if rule.bar and effect in rule.effects) for effect in Effect}
_VOTES = {effect: tuple(rule for rule in RULES if rule.votes and effect in rule.effects) for effect in Effect}


def decide(case: Case, book: BookFacts, policy: Policy) -> Verdict:
    """What happens to a WRITE or MONEY call: refused by the first rule that bars it, else the customer's yes, else votes."""
    effect = case.proposal.effect
    for rule in _BARS[effect]:
        if rule.bar and (code := rule.bar(case, book, policy)):
            return Verdict("deny", rule.name, code, rule.sentence)
    if case.spec.confirms and not book.confirmed:
        return _unconfirmed(case)
    votes, asking = 0, None
    for rule in _VOTES[effect]:
        wanted = rule.votes(case, book, policy) if rule.votes else 0
        if wanted > votes:
            votes, asking = wanted, rule
    if asking is None:
        return Verdict("allow")
    if votes > book.votes:
        return Verdict("needs_approval", asking.name, Code.APPROVAL_REQUIRED, asking.sentence, votes)
    return Verdict("allow", asking.name, sentence=asking.sentence, votes=votes)


def decide_read(case: Case, book: BookFacts, policy: Policy) -> Verdict:
    """Whether a call may look at all: the switches, the lane's tools and the identity; asked before anything is read."""
    for rule in _BARS[Effect.READ]:
        if rule.bar and (code := rule.bar(case, book, policy)):
            return Verdict("deny", rule.name, code, rule.sentence)
    return Verdict("allow")


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one rule says to one call: the code of its refusal, the votes it asks for, or neither; `decides` marks the first.

    `asks` is true for the rule that puts the call to the customer while they have not said yes.
    """

    order: int
    rule: Rule
    code: Code | None
    votes: int
    asks: bool
    decides: bool

    @property
    def says(self) -> str:
        """The same in words."""
        if self.code:
            return f"refuses with {self.code}"
        if self.votes:
            return f"asks for {self.votes} vote{'s' if self.votes > 1 else ''}"
        return "asks the customer" if self.asks else "passes"


def rulings(case: Case, book: BookFacts, policy: Policy, verdict: Verdict) -> tuple[Ruling, ...]:
    """What every rule for the tool's effect says to a call, in the order of decision, beside the verdict on it."""
    return tuple(
        Ruling(
            order,
            rule,
            rule.bar(case, book, policy) if rule.bar else None,
            rule.votes(case, book, policy) if rule.votes else 0,
            rule is CONFIRMATION and case.spec.confirms and not book.confirmed,
            rule.name == verdict.rule,
        )
        for order, rule in enumerate(RULES, start=1)
        if case.spec.effect in rule.effects
    )


def describe_rules(effect: Effect, policy: Policy) -> list[Mapping[str, Json]]:
    """The rules that apply to an effect, in the order of decision, with this tenant's numbers."""
    return [
        {"order": order, "name": rule.name, "kind": rule.kind, "sentence": rule.sentence, "number": rule.number(policy)}
        for order, rule in enumerate(RULES, start=1)
        if effect in rule.effects
    ]


def sentence_of(rule: str | None) -> str:
    """The sentence of a rule for people; empty for none."""
    return SENTENCES.get(rule or "", "")


def _unconfirmed(case: Case) -> Verdict:
    """The customer is asked next; where nobody would ask, the call is refused."""
    decision = "needs_confirmation" if case.caller.asks else "deny"
    return Verdict(decision, CONFIRMATION.name, Code.CONFIRMATION_REQUIRED, CONFIRMATION.sentence)
