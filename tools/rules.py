"""The rules of the policy, in the order of decision: each has a name, a sentence for people, and its number in the policy."""

from collections.abc import Callable
from dataclasses import dataclass

from tools import asks, bars
from tools.asks import Votes
from tools.bars import Bar
from tools.case import Case
from tools.limits import Policy
from tools.money import Money
from tools.ports import Effect

__all__ = ["CONFIRMATION", "RULES", "SENTENCES", "Case", "Rule"]

Number = Callable[[Policy], str]
"""The rule's number in words, as a tenant's policy sets it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A named rule: it bars a call, or asks for people's votes, or (one of them) for the customer's yes."""

    name: str
    sentence: str
    number: Number = lambda policy: ""
    bar: Bar | None = None
    votes: Votes | None = None
    effects: frozenset[Effect] = frozenset({Effect.WRITE, Effect.MONEY})

    @property
    def reads(self) -> bool:
        """Whether the rule speaks before anything is read."""
        return Effect.READ in self.effects

    @property
    def kind(self) -> str:
        """What the rule can do: `refuses`, `asks people` or `asks the customer`."""
        return "refuses" if self.bar else "asks people" if self.votes else "asks the customer"


def _per_currency(field: str) -> Number:
    def words(policy: Policy) -> str:
        return ", ".join(Money(getattr(limits, field), currency).text() for currency, limits in sorted(policy.limits.items()))

    return words


def _caps(policy: Policy) -> str:
    return f"{_per_currency('one_vote_above')(policy)} one vote; {_per_currency('two_votes_above')(policy)} two votes"


def _verification(policy: Policy) -> str:
    return ", ".join(f"{tool}: {level}" for tool, level in sorted(policy.verification.items()))


def _limits(field: str) -> Number:
    def words(policy: Policy) -> str:
        numbers = {"": getattr(policy.tool_limit(""), field)}
        numbers |= {f"{tool}: ": getattr(limit, field) for tool, limit in sorted(policy.tool_limits.items())}
        return ", ".join(f"{tool}{number} in 24 hours" for tool, number in numbers.items() if number is not None)

    return words


def _hours(policy: Policy) -> str:
    return policy.money_hours.text() if policy.money_hours else ""


_ALL = frozenset(Effect)
_MONEY = frozenset({Effect.MONEY})

CONFIRMATION = Rule("money.confirmation", "The customer says yes before anything is changed.")
"""The rule that asks the customer; it comes after everything that refuses, and before any approval."""

RULES: tuple[Rule, ...] = (
    Rule("switch.killed", "This has been switched off.", bar=bars.killed, effects=_ALL),
    Rule("tool.granted", "This lane or flow may not use this tool.", bar=bars.granted, effects=_ALL),
    Rule(
        "identity.verification",
        "We have to be surer of who is asking first.",
        _verification,
        bar=bars.identity,
        effects=_ALL,
    ),
    Rule("ticket.newest_message", "The customer has written again since this was wanted.", bar=bars.newer_message),
    Rule("action.unchanged", "The amount or its destination has changed since this was agreed.", bar=bars.unchanged),
    Rule(
        "return.window",
        "The time for returns has passed.",
        lambda policy: f"{policy.return_days} days",
        bar=bars.return_window,
        effects=_MONEY,
    ),
    Rule(
        "cancel.before_dispatch",
        "Only an order that is still pending can be cancelled.",
        bar=bars.before_dispatch,
        effects=_MONEY,
    ),
    Rule("refund.currency", "The order was paid in another currency.", bar=bars.currency, effects=_MONEY),
    Rule("refund.conservation", "No more can go back than was paid.", bar=bars.conservation, effects=_MONEY),
    Rule(
        "refund.destination",
        "Money goes back to where it came from.",
        lambda policy: "or to the customer's store credit" if policy.store_credit else "",
        bar=bars.destination,
        effects=_MONEY,
    ),
    Rule(
        "customer.velocity",
        "So many changes within an hour need a person.",
        lambda policy: f"{policy.actions_per_hour} an hour",
        bar=bars.velocity,
    ),
    Rule(
        "tool.customer_limit",
        "So many changes of one kind within a day need a person.",
        _limits("customer_day"),
        bar=bars.customer_limit,
    ),
    Rule(
        "tool.tenant_limit",
        "Changes of this kind have reached today's limit, so a person has to look.",
        _limits("tenant_day"),
        bar=bars.tenant_limit,
    ),
    Rule("approval.denied", "Our team has looked at this and declined it.", bar=bars.denied),
    Rule("approval.digest", "The facts have changed since people approved this.", bar=bars.same_facts),
    Rule("autonomy.observe", "A tool that is only being watched is used by people alone.", bar=bars.only_observes),
    CONFIRMATION,
    Rule("currency.listed", "Amounts in this currency are decided by people.", votes=asks.unlisted, effects=_MONEY),
    Rule("refund.per_call_cap", "Larger amounts are approved by people.", _caps, votes=asks.per_call, effects=_MONEY),
    Rule(
        "refund.window_cap",
        "Together with earlier refunds this needs a person's approval.",
        lambda policy: f"{_per_currency('window_cap')(policy)} in {policy.window_days} days",
        votes=asks.window,
        effects=_MONEY,
    ),
    Rule(
        "refund.tenant_day_cap",
        "Today's refunds have reached the limit that needs no person.",
        lambda policy: f"{_per_currency('tenant_day_cap')(policy)} a day",
        votes=asks.tenant_day,
        effects=_MONEY,
    ),
    Rule(
        "refund.possible_duplicate",
        "Money on this order is moving or has moved already, so a person looks first.",
        lambda policy: f"{policy.duplicate_days} days",
        votes=asks.duplicate,
        effects=_MONEY,
    ),
    Rule(
        "money.cooldown",
        "Soon after a change of address or payment, this needs a person's approval.",
        lambda policy: f"{policy.cooldown_hours} hours",
        votes=asks.cooldown,
        effects=_MONEY,
    ),
    Rule("money.hours", "Outside working hours money waits for a person.", _hours, votes=asks.hours, effects=_MONEY),
    Rule("autonomy.approve_all", "Until a tool has earned more, a person approves each of its actions.", votes=asks.every_one),
)
"""A call is refused by the first rule that bars it, then waits for the customer, then for the most votes that a rule asks."""

SENTENCES = {rule.name: rule.sentence for rule in RULES}
"""Each rule's sentence for people, by its name."""
