"""The rules that ask people: each says how many different people's votes a call needs."""

from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

from tools.autonomy import Level
from tools.case import Case
from tools.limits import Policy
from tools.ports import BookFacts, Effect

ONE_VOTE, TWO_VOTES = 1, 2

Votes = Callable[[Case, BookFacts, Policy], int]
"""Says how many people's votes a call needs."""


def unlisted(case: Case, book: BookFacts, policy: Policy) -> int:
    """A currency that has no limits."""
    return ONE_VOTE if case.proposal.money and case.limits(policy) is None else 0


def per_call(case: Case, book: BookFacts, policy: Policy) -> int:
    """The whole amount of one action; at `auto` only the upper cap asks."""
    limits = case.limits(policy)
    if limits is None:
        return 0
    if case.amount > limits.two_votes_above:
        return TWO_VOTES
    trusted = case.level(book, policy) is Level.AUTO
    return ONE_VOTE if case.amount > limits.one_vote_above and not trusted else 0


def window(case: Case, book: BookFacts, policy: Policy) -> int:
    """Unapproved money back of the customer, or of a payment fingerprint, over the last days, with this action."""
    limits = case.limits(policy)
    return ONE_VOTE if limits and book.window_minor + case.amount > limits.window_cap else 0


def tenant_day(case: Case, book: BookFacts, policy: Policy) -> int:
    """Unapproved money back of all customers since midnight UTC, with this action."""
    limits = case.limits(policy)
    return ONE_VOTE if limits and book.tenant_day_minor + case.amount > limits.tenant_day_cap else 0


def duplicate(case: Case, book: BookFacts, policy: Policy) -> int:
    """Another live money action on the order, or one that succeeded with the same amount or lines."""
    twin = book.live_money_on_order or book.succeeded_twin
    return ONE_VOTE if twin and case.proposal.effect is Effect.MONEY else 0


def cooldown(case: Case, book: BookFacts, policy: Policy) -> int:
    """Money to a new destination, or goods sent again, soon after a change of address or payment."""
    fresh = book.changed_at is not None and case.now < book.changed_at + timedelta(hours=policy.cooldown_hours)
    risky = case.situation.reships or (case.proposal.money is not None and case.situation.destination != "original")
    return ONE_VOTE if fresh and risky else 0


def hours(case: Case, book: BookFacts, policy: Policy) -> int:
    """Money outside the tenant's working hours."""
    open_hours = policy.money_hours
    if open_hours is None or case.proposal.money is None:
        return 0
    local = case.now.astimezone(ZoneInfo(open_hours.zone))
    is_open = local.weekday() in open_hours.days and open_hours.opens <= local.time().replace(tzinfo=None) <= open_hours.closes
    return 0 if is_open else ONE_VOTE


def every_one(case: Case, book: BookFacts, policy: Policy) -> int:
    """At `approve_all` people see each action before it happens."""
    return ONE_VOTE if case.level(book, policy) is Level.APPROVE_ALL else 0
