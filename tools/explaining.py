"""What the policy would say to a call that nobody has made: the verdict, every rule's own word, and the facts behind it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tools.autonomy import Level
from tools.case import Case
from tools.limits import Policy
from tools.policy import Ruling, decide, rulings
from tools.ports import Action, BookFacts, Json, Verdict


@dataclass(frozen=True, slots=True)
class Explanation:
    """A verdict and how it came about.

    `after_yes` is the verdict once the customer has agreed, None when they need not or cannot change it. `meets` is the live
    action that the call would be answered with instead of a new one. `facts` are what people would be shown.
    """

    case: Case
    policy: Policy
    verdict: Verdict
    rulings: tuple[Ruling, ...]
    after_yes: Verdict | None = None
    meets: Action | None = None
    level: Level | None = None

    @property
    def policy_version(self) -> str:
        """The version of the policy that spoke."""
        return self.policy.version

    @property
    def numbers(self) -> Mapping[str, str]:
        """The tenant's number of every rule that spoke, by the rule's name; empty for a rule without one."""
        return {one.rule.name: one.rule.number(self.policy) for one in self.rulings}

    @property
    def facts(self) -> Mapping[str, Json]:
        """What the merchant's system says about the object, as an approver would see it."""
        return self.case.proposal.facts


def explained(case: Case, book: BookFacts, policy: Policy, meets: Action | None) -> Explanation:
    """The decision on a call that would change something."""
    verdict = decide(case, book, policy)
    asked = verdict.decision == "needs_confirmation"
    after_yes = decide(case, replace(book, confirmed=True), policy) if asked else None
    ruled = rulings(case, book, policy, verdict)
    return Explanation(case, policy, verdict, ruled, after_yes, meets, case.level(book, policy))


def explained_at_the_door(case: Case, book: BookFacts, policy: Policy, verdict: Verdict) -> Explanation:
    """The decision on a call that only reads, or that ends before the books are asked."""
    asked = rulings(case, book, policy, verdict)
    return Explanation(case, policy, verdict, tuple(one for one in asked if one.rule.reads or one.decides))
