"""The rules that refuse a call, each as one function: the code of the refusal, or None."""

from collections.abc import Callable
from datetime import timedelta

from tools.autonomy import Level
from tools.case import Case
from tools.errors import Code
from tools.limits import Policy
from tools.ports import BookFacts, Verification

Bar = Callable[[Case, BookFacts, Policy], Code | None]
"""Says with which code a call is refused, or None."""

PAYS = ("charge", "difference", "payment_method")
"""The facts that say what a customer would pay, and with what; money that goes back stands on the action itself."""

_LEVELS = {Verification.NONE: 0, Verification.CHANNEL: 1, Verification.CODE: 2}


def killed(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    """A thrown kill switch."""
    return Code.KILLED if book.killed and case.spec.stoppable else None


def granted(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    """The lane's tools, and among them the flow's."""
    name, flow = case.spec.name, case.flow
    allowed = name in policy.granted.get(case.caller.lane, frozenset())
    if allowed and flow is not None:
        allowed = name in policy.flows.get(flow, frozenset())
    return None if allowed else Code.NOT_GRANTED


def identity(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    """How sure we are of the sender, against what the tool or the tenant asks, whichever is more."""
    needed = verification_for(case.spec.verification, policy.verification.get(case.spec.name))
    return None if _LEVELS[case.caller.verification] >= _LEVELS[needed] else Code.VERIFICATION_REQUIRED


def verification_for(tools_own: Verification, tenants: Verification | None) -> Verification:
    """The stricter of what a tool asks and what a tenant asks for it."""
    return max(tools_own, tenants or Verification.NONE, key=_LEVELS.__getitem__)


def newer_message(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    """The customer has written past what the caller has read."""
    return Code.SUPERSEDED if book.newer_message else None


def unchanged(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    """What was shown before still holds: the money that goes back, where it goes, and what the customer pays."""
    if case.agreed is None:
        return None
    same = case.agreed.money == case.proposal.money and case.agreed.legs == case.proposal.legs
    pays = all(case.agreed.facts.get(name) == case.proposal.facts.get(name) for name in PAYS)
    return None if same and pays else Code.BAD_STATE


def currency(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    """The order's own currency."""
    money, expected = case.proposal.money, case.situation.currency
    return Code.CURRENCY_MISMATCH if money and expected and money.currency != expected else None


def conservation(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    """Captured minus reserved, sent, unknown, promised and succeeded; the legs add up to the amount."""
    spent = max(case.situation.refunded_minor + case.situation.promised_minor + book.pending_minor, book.booked_minor)
    over = case.proposal.money is not None and (case.amount <= 0 or spent + case.amount > case.situation.captured_minor)
    allocated = sum(leg.amount_minor for leg in case.proposal.legs)
    return Code.OVER_REFUND if over or (case.proposal.money is not None and allocated != case.amount) else None


def destination(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    """The original method; the customer's own store credit where the merchant allows it; an own method for a difference."""
    allowed = {"none", "original"} | ({"store_credit"} if policy.store_credit else set())
    if case.situation.settles_difference:
        allowed |= {"own", "store_credit"}
    return None if case.situation.destination in allowed else Code.PAYMENT_METHOD_NOT_YOURS


def return_window(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    """Returns end some days after receipt; without a date from the merchant's system they do not."""
    received = case.situation.received_at
    late = case.situation.returns and received is not None and case.now > received + timedelta(days=policy.return_days)
    return Code.BAD_STATE if late else None


def before_dispatch(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    """Cancelling ends when the order is no longer pending."""
    return Code.BAD_STATE if case.situation.cancels and not case.situation.pending else None


def velocity(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    """Actions of one customer within an hour, whatever the tool."""
    return Code.RATE_LIMITED if book.actions_last_hour >= policy.actions_per_hour else None


def customer_limit(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    """Actions of one customer with this tool within a day."""
    most = policy.tool_limit(case.spec.name).customer_day
    return Code.RATE_LIMITED if most is not None and book.tool_by_customer >= most else None


def tenant_limit(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    """Actions of all customers with this tool within a day."""
    most = policy.tool_limit(case.spec.name).tenant_day
    return Code.RATE_LIMITED if most is not None and book.tool_by_tenant >= most else None


def denied(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    """People have said no to this very action."""
    return Code.APPROVAL_INVALID if book.denied else None


def same_facts(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    """What the approvers saw is what would be carried out."""
    return None if book.approval_digest_matches else Code.APPROVAL_INVALID


def only_observes(case: Case, book: BookFacts, policy: Policy) -> Code | None:
    """At `observe` the machine acts with no number of votes; what it would have done is on record."""
    return Code.APPROVAL_REQUIRED if case.level(book, policy) is Level.OBSERVE else None
