"""The rules of the policy: each has a name, a sentence for people, and its number in the tenant's policy."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tools.errors import Code
from tools.limits import MoneyLimits, Policy
from tools.money import Money
from tools.ports import Action, BookFacts, Caller, Effect, Proposal, Verification
from tools.tool import Situation, ToolSpec

ONE_VOTE, TWO_VOTES = 1, 2


@dataclass(frozen=True, slots=True)
class Case:
    """One wanted call as the rules see it: the tool, what it would do, what its object is like, who calls, and when.

    `agreed` is the action as the customer and people saw it, when the call was decided before.
    """

    spec: ToolSpec
    proposal: Proposal
    situation: Situation
    caller: Caller
    now: datetime
    agreed: Action | None = None

    @property
    def amount(self) -> int:
        """What would go back to the customer, in minor units."""
        return self.proposal.money.amount_minor if self.proposal.money else 0

    def limits(self, policy: Policy) -> MoneyLimits | None:
        """The limits of the money's currency; None when the currency is not listed."""
        return policy.limits.get(self.proposal.money.currency) if self.proposal.money else None


Bar = Callable[[Case, BookFacts, Policy], Code | None]
"""Says with which code a call is refused, or None."""

Votes = Callable[[Case, BookFacts, Policy], int]
"""Says how many people's votes a call needs."""

Number = Callable[[Policy], str]
"""The rule's number in words, as a tenant's policy sets it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A named rule: it bars a call, or asks for people's votes, or (the last one) for the customer's yes."""

    name: str
    sentence: str
    number: Number = lambda policy: ""
    bar: Bar | None = None
    votes: Votes | None = None
    effects: frozenset[Effect] = frozenset({Effect.WRITE, Effect.MONEY})


_LEVELS = {Verification.NONE: 0, Verification.CHANNEL: 1, Verification.CODE: 2}


def _killed(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    return Code.KILLED if book.killed and case.spec.stoppable else None


def _granted(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    granted = policy.granted.get(case.caller.lane, frozenset())
    return None if case.spec.name in granted else Code.NOT_GRANTED


def _identity(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    needed = max(case.spec.verification, policy.verification.get(case.spec.name, Verification.NONE), key=_LEVELS.__getitem__)
    return None if _LEVELS[case.caller.verification] >= _LEVELS[needed] else Code.VERIFICATION_REQUIRED


def _newer_message(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    return Code.SUPERSEDED if book.newer_message else None


def _velocity(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    return Code.RATE_LIMITED if book.actions_last_hour >= policy.actions_per_hour else None


def _unchanged(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    if case.agreed is None:
        return None
    same = case.agreed.money == case.proposal.money and case.agreed.legs == case.proposal.legs
    return None if same else Code.BAD_STATE


def _currency(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    money, expected = case.proposal.money, case.situation.currency
    return Code.CURRENCY_MISMATCH if money and expected and money.currency != expected else None


def _conservation(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    spent = max(case.situation.refunded_minor + book.pending_minor, book.booked_minor)
    over = case.proposal.money is not None and (case.amount <= 0 or spent + case.amount > case.situation.captured_minor)
    allocated = sum(leg.amount_minor for leg in case.proposal.legs)
    return Code.OVER_REFUND if over or (case.proposal.money is not None and allocated != case.amount) else None


def _destination(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    allowed = {"none", "original"} | ({"store_credit"} if policy.store_credit else set())
    if case.situation.settles_difference:
        allowed |= {"own", "store_credit"}
    return None if case.situation.destination in allowed else Code.PAYMENT_METHOD_NOT_YOURS


def _return_window(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    received = case.situation.received_at
    late = case.situation.returns and received is not None and case.now > received + timedelta(days=policy.return_days)
    return Code.BAD_STATE if late else None


def _denied(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    return Code.APPROVAL_INVALID if book.denied else None


def _same_facts(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    return None if book.approval_digest_matches else Code.APPROVAL_INVALID


def _unlisted(case: Case, book: BookFacts, policy: Policy) -> int:
    return ONE_VOTE if case.proposal.money and case.limits(policy) is None else 0


def _duplicate(case: Case, book: BookFacts, policy: Policy) -> int:
    twin = book.live_money_on_order or book.succeeded_twin
    return ONE_VOTE if twin and case.proposal.effect is Effect.MONEY else 0


def _per_call(case: Case, book: BookFacts, policy: Policy) -> int:
    limits = case.limits(policy)
    if limits is None:
        return 0
    return TWO_VOTES if case.amount > limits.two_votes_above else ONE_VOTE if case.amount > limits.one_vote_above else 0


def _window(case: Case, book: BookFacts, policy: Policy) -> int:
    limits = case.limits(policy)
    return ONE_VOTE if limits and book.window_minor + case.amount > limits.window_cap else 0


def _tenant_day(case: Case, book: BookFacts, policy: Policy) -> int:
    limits = case.limits(policy)
    return ONE_VOTE if limits and book.tenant_day_minor + case.amount > limits.tenant_day_cap else 0


def _cooldown(case: Case, book: BookFacts, policy: Policy) -> int:
    fresh = book.changed_at is not None and case.now < book.changed_at + timedelta(hours=policy.cooldown_hours)
    risky = case.situation.reships or (case.proposal.money is not None and case.situation.destination != "original")
    return ONE_VOTE if fresh and risky else 0


def _hours(case: Case, book: BookFacts, policy: Policy) -> int:
    hours = policy.money_hours
    if hours is None or case.proposal.money is None:
        return 0
    local = case.now.astimezone(ZoneInfo(hours.zone))
    open_now = local.weekday() in hours.days and hours.opens <= local.time().replace(tzinfo=None) <= hours.closes
    return 0 if open_now else ONE_VOTE


def _per_currency(field: str) -> Number:
    def words(policy: Policy) -> str:
        return ", ".join(Money(getattr(limits, field), currency).text() for currency, limits in sorted(policy.limits.items()))

    return words


def _caps(policy: Policy) -> str:
    return f"{_per_currency('one_vote_above')(policy)} one vote; {_per_currency('two_votes_above')(policy)} two votes"


_ALL = frozenset(Effect)
_MONEY = frozenset({Effect.MONEY})

RULES: tuple[Rule, ...] = (
    Rule("switch.killed", "This has been switched off.", bar=_killed, effects=_ALL),
    Rule("tool.granted", "This lane may not use this tool.", bar=_granted, effects=_ALL),
    Rule("identity.verification", "We have to be surer of who is asking first.", bar=_identity, effects=_ALL),
    Rule("ticket.newest_message", "The customer has written again since this was wanted.", bar=_newer_message),
    Rule("action.unchanged", "The amount or its destination has changed since this was agreed.", bar=_unchanged),
    Rule("refund.currency", "The order was paid in another currency.", bar=_currency, effects=_MONEY),
    Rule("refund.conservation", "No more can go back than was paid.", bar=_conservation, effects=_MONEY),
    Rule("refund.destination", "Money goes back to where it came from.", bar=_destination, effects=_MONEY),
    Rule(
        "return.window",
        "The time for returns has passed.",
        lambda policy: f"{policy.return_days} days",
        bar=_return_window,
        effects=_MONEY,
    ),
    Rule(
        "customer.velocity",
        "So many changes within an hour need a person.",
        lambda policy: f"{policy.actions_per_hour} an hour",
        bar=_velocity,
    ),
    Rule("approval.denied", "Our team has looked at this and declined it.", bar=_denied),
    Rule("approval.digest", "The facts have changed since people approved this.", bar=_same_facts),
    Rule("currency.listed", "Amounts in this currency are decided by people.", votes=_unlisted, effects=_MONEY),
    Rule(
        "refund.per_call_cap",
        "Larger amounts are approved by people.",
        _caps,
        votes=_per_call,
        effects=_MONEY,
    ),
    Rule(
        "refund.window_cap",
        "Together with earlier refunds this needs a person's approval.",
        lambda policy: f"{_per_currency('window_cap')(policy)} in {policy.window_days} days",
        votes=_window,
        effects=_MONEY,
    ),
    Rule(
        "refund.tenant_day_cap",
        "Today's refunds have reached the limit that needs no person.",
        lambda policy: f"{_per_currency('tenant_day_cap')(policy)} a day",
        votes=_tenant_day,
        effects=_MONEY,
    ),
    Rule(
        "refund.possible_duplicate",
        "Money on this order is moving or has moved already, so a person looks first.",
        lambda policy: f"{policy.duplicate_days} days",
        votes=_duplicate,
        effects=_MONEY,
    ),
    Rule(
        "money.cooldown",
        "Soon after a change of address or payment, this needs a person's approval.",
        lambda policy: f"{policy.cooldown_hours} hours",
        votes=_cooldown,
        effects=_MONEY,
    ),
    Rule("money.hours", "Outside working hours money waits for a person.", votes=_hours, effects=_MONEY),
    Rule("money.confirmation", "The customer says yes before anything is changed."),
)

CONFIRMATION = RULES[-1]
"""The rule that asks the customer; it comes before any approval."""

SENTENCES = {rule.name: rule.sentence for rule in RULES}
"""Each rule's sentence for people, by its name."""
