"""The policy as laws: whatever the amounts, the books and the caller, these hold."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.catalogue import CATALOGUE
from tools.limits import MoneyHours, MoneyLimits
from tools.money import Money
from tools.policy import Case, Policy, decide
from tools.ports import (
    ActionId,
    BookFacts,
    Caller,
    Lane,
    MoneyLeg,
    PersonId,
    Proposal,
    Switch,
    TenantName,
    TicketId,
    Verification,
)
from tools.tool import Situation

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BOT = Caller(TenantName("default"), TicketId("tkt_1"), None, Verification.CHANNEL, Lane.WORKFLOW)
PERSON = replace(BOT, lane=Lane.HUMAN, person=PersonId("per_1"), asks=False)
YES = BookFacts(confirmed=True)


def case(
    amount: int = 1_000, caller: Caller = BOT, tool: str = "issue_refund", currency: str = "USD", **situation: Any
) -> Case:
    """A refund to the original method of an order that paid more than enough."""
    proposal = Proposal(
        origin="o-1",
        tool=tool,
        effect=CATALOGUE[tool].effect,
        args={},
        order_id="D-1",
        money=Money(amount, currency),
        legs=(MoneyLeg("pm_1", amount),),
    )
    facts = {"captured_minor": 10**9, "currency": currency, "destination": "original", **situation}
    return Case(CATALOGUE[tool], proposal, Situation(**facts), caller, NOW)


amounts = st.integers(min_value=1, max_value=2_000_000)
sums = st.integers(min_value=0, max_value=2_000_000)
books = st.builds(
    BookFacts,
    pending_minor=sums,
    booked_minor=sums,
    window_minor=sums,
    tenant_day_minor=sums,
    confirmed=st.booleans(),
    votes=st.integers(min_value=0, max_value=3),
    denied=st.booleans(),
    succeeded_twin=st.sampled_from([None, ActionId("act_0")]),
)
callers = st.sampled_from([BOT, PERSON, replace(BOT, lane=Lane.AGENT)])


@pytest.mark.parametrize(
    ("amount", "votes"),
    [(50_000, 0), (50_001, 1), (500_000, 1), (500_001, 2)],
    ids=["500.00", "500.01", "5,000.00", "5,000.01"],
)
@pytest.mark.parametrize("caller", [BOT, PERSON], ids=["bot", "person"])
def test_a_cap_is_above_its_number_and_the_same_for_bots_and_people(amount: int, votes: int, caller: Caller) -> None:
    verdict = decide(case(amount, caller), YES, Policy())
    assert verdict.votes == votes
    assert verdict.decision == ("needs_approval" if votes else "allow")
    assert verdict.rule == ("refund.per_call_cap" if votes else None)


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        (BookFacts(confirmed=True, window_minor=49_001), "refund.window_cap"),
        (BookFacts(confirmed=True, tenant_day_minor=499_001), "refund.tenant_day_cap"),
        (BookFacts(confirmed=True, succeeded_twin=ActionId("act_0")), "refund.possible_duplicate"),
        (BookFacts(confirmed=True, live_money_on_order=ActionId("act_0")), "refund.possible_duplicate"),
    ],
)
def test_what_went_before_asks_for_one_vote(facts: BookFacts, rule: str) -> None:
    verdict = decide(case(1_000), facts, Policy())
    assert (verdict.decision, verdict.rule, verdict.votes) == ("needs_approval", rule, 1)
    assert decide(case(1_000), replace(facts, votes=1), Policy()).decision == "allow"


@pytest.mark.parametrize(
    ("facts", "code", "rule"),
    [
        (BookFacts(killed=Switch("tool", "issue_refund")), "killed", "switch.killed"),
        (BookFacts(newer_message=True), "superseded", "ticket.newest_message"),
        (BookFacts(actions_last_hour=20), "rate_limited", "customer.velocity"),
        (BookFacts(denied=True), "approval_invalid", "approval.denied"),
        (BookFacts(approval_digest_matches=False), "approval_invalid", "approval.digest"),
    ],
)
def test_what_the_books_bar_is_refused_even_with_a_yes_and_votes(facts: BookFacts, code: str, rule: str) -> None:
    verdict = decide(case(), replace(facts, confirmed=True, votes=2), Policy())
    assert (verdict.decision, verdict.code, verdict.rule) == ("deny", code, rule)


@pytest.mark.parametrize(
    ("situation", "code", "rule"),
    [
        ({"captured_minor": 999}, "over_refund", "refund.conservation"),
        ({"destination": "own"}, "payment_method_not_yours", "refund.destination"),
        ({"destination": "stranger", "settles_difference": True}, "payment_method_not_yours", "refund.destination"),
        ({"returns": True, "received_at": NOW - timedelta(days=31)}, "bad_state", "return.window"),
    ],
)
def test_what_the_object_bars_is_refused(situation: dict[str, Any], code: str, rule: str) -> None:
    verdict = decide(case(**situation), YES, Policy())
    assert (verdict.decision, verdict.code, verdict.rule) == ("deny", code, rule)


def test_money_in_another_currency_than_the_orders_is_refused() -> None:
    wanted = replace(case(), situation=replace(case().situation, currency="EUR"))
    verdict = decide(wanted, YES, Policy())
    assert (verdict.decision, verdict.code, verdict.rule) == ("deny", "currency_mismatch", "refund.currency")


def test_a_difference_may_settle_on_another_own_card_but_a_refund_may_not() -> None:
    assert decide(case(destination="own", settles_difference=True), YES, Policy()).decision == "allow"
    assert decide(case(destination="own"), YES, Policy()).decision == "deny"


def test_store_credit_is_the_merchants_choice() -> None:
    assert decide(case(destination="store_credit"), YES, Policy()).decision == "allow"
    assert decide(case(destination="store_credit"), YES, Policy(store_credit=False)).decision == "deny"


def test_soon_after_a_change_money_to_a_new_purse_and_new_goods_wait_for_a_person() -> None:
    fresh = replace(YES, changed_at=NOW - timedelta(hours=23))
    old = replace(YES, changed_at=NOW - timedelta(hours=24))
    for risky in (case(destination="store_credit"), case(tool="exchange_items", reships=True)):
        assert decide(risky, fresh, Policy()).rule == "money.cooldown"
        assert decide(risky, old, Policy()).decision == "allow"
    assert decide(case(), fresh, Policy()).decision == "allow"


def test_outside_working_hours_money_waits() -> None:
    hours = MoneyHours.model_validate(
        {"zone": "America/New_York", "opens": "09:00", "closes": "17:00", "days": [0, 1, 2, 3, 4]}
    )
    early = decide(case(), YES, Policy(money_hours=hours))
    assert (early.decision, early.rule) == ("needs_approval", "money.hours")
    later = replace(case(), now=NOW + timedelta(hours=3))
    assert decide(later, YES, Policy(money_hours=hours)).decision == "allow"


@given(amount=amounts, currency=st.sampled_from(["JPY", "KWD", "EUR"]), facts=books, caller=callers)
def test_an_unlisted_currency_never_moves_without_a_vote(amount: int, currency: str, facts: BookFacts, caller: Caller) -> None:
    verdict = decide(case(amount, caller, currency=currency), replace(facts, votes=0), Policy())
    assert verdict.decision != "allow"


def test_a_listed_currency_has_its_own_numbers() -> None:
    policy = Policy(limits={"JPY": MoneyLimits(one_vote_above=70_000)})
    assert decide(case(50_000, currency="JPY"), YES, policy).decision == "allow"
    assert decide(case(50_000), YES, policy).rule == "currency.listed"


@given(amount=amounts, facts=books, caller=callers, captured=sums, refunded=sums)
def test_nothing_is_allowed_past_what_was_paid(
    amount: int, facts: BookFacts, caller: Caller, captured: int, refunded: int
) -> None:
    wanted = case(amount, caller, captured_minor=captured, refunded_minor=refunded)
    if decide(wanted, facts, Policy()).decision == "allow":
        assert refunded + facts.pending_minor + amount <= captured
        assert facts.booked_minor + amount <= captured


@given(captured=st.integers(min_value=2, max_value=10**17), part=st.fractions(min_value=0, max_value=1))
def test_the_very_last_cent_may_go_back_and_not_one_more(captured: int, part: Fraction) -> None:
    refunded = min(int(captured * part), captured - 1)
    rest = captured - refunded
    over = [
        decide(case(amount, captured_minor=captured, refunded_minor=refunded), YES, Policy()).rule == "refund.conservation"
        for amount in (rest, rest + 1)
    ]
    assert over == [False, True]


@given(captured=amounts, shop=st.integers(0, 2_000_000), under_way=st.integers(0, 2_000_000), booked=st.integers(0, 2_000_000))
def test_a_shop_that_forgets_what_went_back_is_not_asked_to_pay_it_again(
    captured: int, shop: int, under_way: int, booked: int
) -> None:
    """Whichever books say more, the shop's with what is under way or our own alone, is what has gone back."""
    rest = captured - max(shop + under_way, booked)
    facts = replace(YES, pending_minor=under_way, booked_minor=booked)
    over = [
        decide(case(amount, captured_minor=captured, refunded_minor=shop), facts, Policy()).rule == "refund.conservation"
        for amount in (max(rest, 1), max(rest, 1) + 1)
    ]
    assert over == [rest < 1, True]


def test_money_of_which_a_part_has_no_destination_stays() -> None:
    whole = case(1_000)
    for short in ((), (MoneyLeg("pm_1", 999),), (MoneyLeg("pm_1", 600), MoneyLeg("pm_2", 399))):
        proposal = replace(whole.proposal, legs=short)
        assert decide(replace(whole, proposal=proposal), YES, Policy()).rule == "refund.conservation", short


@given(amount=amounts, facts=books, caller=callers)
def test_nothing_is_allowed_without_the_customers_yes(amount: int, facts: BookFacts, caller: Caller) -> None:
    verdict = decide(case(amount, caller), replace(facts, confirmed=False), Policy())
    assert verdict.decision in ("deny", "needs_confirmation")


@given(amount=amounts, facts=books, caller=callers)
def test_nothing_is_allowed_with_fewer_votes_than_the_caps_ask(amount: int, facts: BookFacts, caller: Caller) -> None:
    verdict = decide(case(amount, caller), facts, Policy())
    if verdict.decision == "allow":
        unapproved = facts.votes == 0
        assert not (unapproved and amount > 50_000)
        assert not (facts.votes < 2 and amount > 500_000)
        assert not (unapproved and facts.window_minor + amount > 50_000)
        assert not (unapproved and facts.tenant_day_minor + amount > 500_000)
        assert not (unapproved and facts.succeeded_twin)


@given(amount=amounts, facts=books)
def test_a_person_is_decided_like_a_bot_but_for_asking(amount: int, facts: BookFacts) -> None:
    bot, person = decide(case(amount), facts, Policy()), decide(case(amount, PERSON), facts, Policy())
    if bot.decision == "needs_confirmation":
        assert (person.decision, person.code) == ("deny", "confirmation_required")
    else:
        assert bot == person


@given(amount=amounts, more=amounts, facts=books)
def test_more_money_never_needs_fewer_votes(amount: int, more: int, facts: BookFacts) -> None:
    facts = replace(facts, confirmed=True, votes=0)
    low, high = decide(case(amount), facts, Policy()), decide(case(amount + more), facts, Policy())
    if "deny" not in (low.decision, high.decision):
        assert high.votes >= low.votes


@given(lane=st.sampled_from(list(Lane)), tool=st.sampled_from(sorted(CATALOGUE)))
def test_silence_means_no(lane: Lane, tool: str) -> None:
    verdict = decide(case(tool=tool, caller=replace(BOT, lane=lane)), YES, Policy(granted={}))
    assert (verdict.decision, verdict.rule) == ("deny", "tool.granted")


def test_a_tenant_may_ask_for_a_code_before_a_tool() -> None:
    policy = Policy(verification={"issue_refund": Verification.CODE})
    assert decide(case(), YES, policy).code == "verification_required"
    assert decide(case(caller=replace(BOT, verification=Verification.CODE)), YES, policy).decision == "allow"


def test_a_policys_version_follows_its_content() -> None:
    assert Policy().version == Policy().version
    changed = [Policy(window_days=31), Policy(granted={}), Policy(money_hours=MoneyHours()), Policy(limits={})]
    assert len({Policy().version, *(policy.version for policy in changed)}) == 5


def test_limits_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="two_votes_above"):
        MoneyLimits(one_vote_above=10, two_votes_above=5)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"granted": {"agent": ["isue_refund"]}}, "isue_refund"),
        ({"verification": {"refund": "code"}}, "refund"),
        ({"limits": {"DOLLAR": {}}}, "DOLLAR"),
        ({"windowdays": 3}, "windowdays"),
        ({"limits": {"USD": {"window_cap": 12.5}}}, "window_cap"),
    ],
)
def test_a_misspelt_policy_is_not_taken_for_a_decision(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Policy.model_validate(settings)
