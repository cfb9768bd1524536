"""Every rule of the policy, each with a call that it alone decides; a rule without such a call fails."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from tests.tools.test_policy import BOT, NOW, PERSON, case
from tools.autonomy import Level
from tools.case import Case
from tools.errors import Code
from tools.limits import MoneyHours, MoneyLimits, Policy, ToolLimit
from tools.money import Money
from tools.policy import RULES, decide, decide_read, rulings
from tools.ports import Action, ActionId, ActionStatus, BookFacts, Effect, Lane, MoneyLeg, Switch, Verification

YES = BookFacts(confirmed=True)
AGREED = Action(
    id=ActionId("act_1"),
    tenant=BOT.tenant,
    ticket=BOT.ticket,
    origin="o-1",
    tool="issue_refund",
    effect=Effect.MONEY,
    args={},
    status=ActionStatus.PROPOSED,
    key="k",
    decision="needs_confirmation",
    money=Money(999, "USD"),
    legs=(MoneyLeg("pm_1", 999),),
)


class Row(NamedTuple):
    """A call, the books and the policy under which one rule speaks; `spared` differs only in what the rule looks at."""

    case: Case
    book: BookFacts
    policy: Policy
    ends: Code | int
    spared: Any


CANCELLED = case(tool="cancel_order", cancels=True, pending=False)
OLD = {"returns": True, "received_at": NOW - timedelta(days=30, seconds=1)}
IN_TIME = {"returns": True, "received_at": NOW - timedelta(days=30)}
IN_FLOW = replace(BOT, flow="order_status")
WIDE = Policy(limits={"USD": MoneyLimits(window_cap=500_000)})
NIGHT = Policy(money_hours=MoneyHours.model_validate({"opens": "13:00", "closes": "17:00"}))
NOON = Policy(money_hours=MoneyHours.model_validate({"opens": "12:00", "closes": "17:00"}))

ROWS: Mapping[str, Row] = {
    "switch.killed": Row(case(), replace(YES, killed=Switch("tool", "issue_refund")), Policy(), Code.KILLED, YES),
    "tool.granted": Row(case(caller=IN_FLOW), YES, Policy(), Code.NOT_GRANTED, replace(BOT, flow="return_refund")),
    "identity.verification": Row(
        case(), YES, Policy(verification={"issue_refund": Verification.CODE}), Code.VERIFICATION_REQUIRED, Policy()
    ),
    "ticket.newest_message": Row(case(), replace(YES, newer_message=True), Policy(), Code.SUPERSEDED, YES),
    "action.unchanged": Row(replace(case(), agreed=AGREED), YES, Policy(), Code.BAD_STATE, case()),
    "return.window": Row(case(**OLD), YES, Policy(), Code.BAD_STATE, case(**IN_TIME)),
    "cancel.before_dispatch": Row(CANCELLED, YES, Policy(), Code.BAD_STATE, case(tool="cancel_order", cancels=True)),
    "refund.currency": Row(
        replace(case(), situation=replace(case().situation, currency="EUR")), YES, Policy(), Code.CURRENCY_MISMATCH, case()
    ),
    "refund.conservation": Row(
        case(captured_minor=1_500, refunded_minor=501), YES, Policy(), Code.OVER_REFUND, case(captured_minor=1_500)
    ),
    "refund.destination": Row(case(destination="own"), YES, Policy(), Code.PAYMENT_METHOD_NOT_YOURS, case()),
    "customer.velocity": Row(
        case(), replace(YES, actions_last_hour=20), Policy(), Code.RATE_LIMITED, replace(YES, actions_last_hour=19)
    ),
    "tool.customer_limit": Row(
        case(), replace(YES, tool_by_customer=20), Policy(), Code.RATE_LIMITED, replace(YES, tool_by_customer=19)
    ),
    "tool.tenant_limit": Row(
        case(),
        replace(YES, tool_by_tenant=5),
        Policy(tool_limits={"issue_refund": ToolLimit(tenant_day=5)}),
        Code.RATE_LIMITED,
        Policy(),
    ),
    "approval.denied": Row(case(), replace(YES, denied=True, votes=1), Policy(), Code.APPROVAL_INVALID, YES),
    "approval.digest": Row(case(), replace(YES, approval_digest_matches=False), Policy(), Code.APPROVAL_INVALID, YES),
    "autonomy.observe": Row(
        case(), replace(YES, votes=2, level=Level.OBSERVE), Policy(), Code.APPROVAL_REQUIRED, case(caller=PERSON)
    ),
    "money.confirmation": Row(case(), BookFacts(), Policy(), Code.CONFIRMATION_REQUIRED, YES),
    "currency.listed": Row(case(currency="KWD"), YES, Policy(), 1, Policy(limits={"KWD": MoneyLimits()})),
    "refund.per_call_cap": Row(case(60_000), YES, WIDE, 1, case(50_000)),
    "refund.window_cap": Row(case(), replace(YES, window_minor=49_001), Policy(), 1, replace(YES, window_minor=49_000)),
    "refund.tenant_day_cap": Row(
        case(), replace(YES, tenant_day_minor=499_001), Policy(), 1, replace(YES, tenant_day_minor=499_000)
    ),
    "refund.possible_duplicate": Row(case(), replace(YES, succeeded_twin=ActionId("act_0")), Policy(), 1, YES),
    "money.cooldown": Row(
        case(destination="store_credit"),
        replace(YES, changed_at=NOW - timedelta(hours=23)),
        Policy(),
        1,
        replace(YES, changed_at=NOW - timedelta(hours=24)),
    ),
    "money.hours": Row(case(), YES, NIGHT, 1, NOON),
    "autonomy.approve_all": Row(case(), replace(YES, level=Level.APPROVE_ALL), Policy(), 1, case(caller=PERSON)),
}


def test_every_rule_has_a_call_that_it_decides() -> None:
    assert list(ROWS) == [rule.name for rule in RULES]


@pytest.mark.parametrize("name", ROWS)
def test_the_rule_decides_and_nothing_else_would(name: str) -> None:
    row = ROWS[name]
    verdict = decide(row.case, row.book, row.policy)
    assert verdict.rule == name
    assert verdict.decision != "allow"
    assert row.ends == (verdict.votes if isinstance(row.ends, int) else verdict.code)
    loud = [one.rule.name for one in rulings(row.case, row.book, row.policy, verdict) if one.says != "passes"]
    assert loud == [name]


@pytest.mark.parametrize("name", ROWS)
def test_the_same_call_is_spared_when_what_the_rule_looks_at_is_in_order(name: str) -> None:
    row = ROWS[name]
    changed = {type(row.case): "case", type(row.book): "book", type(row.policy): "policy"}
    spared = replace(row.case, caller=row.spared) if isinstance(row.spared, type(BOT)) else row.spared
    row = row._replace(**{changed[type(spared)]: spared})
    assert decide(row.case, row.book, row.policy).decision == "allow"


def test_votes_are_given_by_people_and_the_rule_that_asked_is_still_named() -> None:
    for name, row in ROWS.items():
        if isinstance(row.ends, int):
            verdict = decide(row.case, replace(row.book, votes=row.ends), row.policy)
            assert (verdict.decision, verdict.rule) == ("allow", name)


@pytest.mark.parametrize("lane", list(Lane))
def test_what_a_lane_may_not_use_it_may_not_even_read_with(lane: Lane) -> None:
    wanted = case(tool="find_orders", caller=replace(BOT, lane=lane))
    mute = Policy(granted={other: frozenset({"find_orders"}) for other in Lane if other is not lane})
    assert decide_read(wanted, BookFacts(), mute).rule == "tool.granted"
    assert decide_read(wanted, BookFacts(), Policy()).decision == "allow"


def test_a_flow_may_use_only_what_it_was_given_and_an_unknown_flow_nothing() -> None:
    policy = Policy(flows={"cancel_order": frozenset({"find_orders", "cancel_order"})})
    flow = replace(BOT, flow="cancel_order")
    assert decide_read(case(tool="find_orders", caller=flow), BookFacts(), policy).decision == "allow"
    assert decide(case(tool="cancel_order", caller=flow), YES, policy).decision == "allow"
    assert decide(case(caller=flow), YES, policy).rule == "tool.granted"
    assert decide_read(case(tool="find_orders", caller=replace(BOT, flow="new")), BookFacts(), policy).rule == "tool.granted"


def test_a_flows_name_on_a_ticket_of_another_lane_takes_nothing_away() -> None:
    assert decide(case(caller=replace(BOT, lane=Lane.AGENT, flow="order_status")), YES, Policy()).decision == "allow"


def test_a_tenant_asks_for_more_proof_and_never_for_less() -> None:
    lax = Policy(verification={"issue_refund": Verification.NONE})
    nobody = case(caller=replace(BOT, verification=Verification.NONE))
    assert decide(nobody, YES, lax).rule == "identity.verification"


def test_times_as_long_as_a_tenant_may_set_them_break_no_decision() -> None:
    policy = Policy(window_days=36_500, return_days=36_500, cooldown_hours=876_000)
    returned = replace(case(), situation=replace(case().situation, returns=True, received_at=NOW))
    assert decide(returned, replace(YES, changed_at=NOW), policy).decision == "allow"
    assert policy.window.days == 36_500


def test_a_day_without_hours_is_open_to_its_last_moment() -> None:
    policy = Policy(money_hours=MoneyHours())
    assert (
        decide(replace(case(), now=NOW.replace(hour=23, minute=59, second=59, microsecond=999_999)), YES, policy).decision
        == "allow"
    )


def test_money_rests_at_the_weekend_in_the_shops_own_zone() -> None:
    hours = MoneyHours.model_validate({"zone": "Pacific/Auckland", "days": [0, 1, 2, 3, 4]})
    policy = Policy(money_hours=hours)
    # Friday noon in London is Saturday in Auckland.
    assert decide(case(), YES, policy).rule == "money.hours"
    assert decide(replace(case(), now=NOW - timedelta(hours=13)), YES, policy).decision == "allow"
