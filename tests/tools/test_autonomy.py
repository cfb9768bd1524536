"""Levels of autonomy as laws of the policy, and what a record earns."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.test_policy import BOT, NOW, PERSON, amounts, books, case
from tools.autonomy import MEANING, Level, Outcome, Record, propose
from tools.limits import MoneyLimits
from tools.policy import Policy, decide
from tools.ports import Action, ActionId, ActionStatus, BookFacts, Effect, Lane, TenantName, TicketId

GOOD, CHANGED, DENIED = Outcome.AS_PROPOSED, Outcome.CHANGED, Outcome.DENIED
machines = st.sampled_from([BOT, replace(BOT, lane=Lane.AGENT), replace(PERSON, lane=Lane.AGENT, asks=True)])
levels = st.sampled_from(list(Level))


@given(amount=amounts, facts=books, caller=machines)
def test_a_tool_that_is_watched_never_runs_whatever_the_votes(amount: int, facts: BookFacts, caller: object) -> None:
    verdict = decide(case(amount, caller), replace(facts, level=Level.OBSERVE), Policy())  # type: ignore[arg-type]
    assert verdict.decision == "deny"


@given(amount=amounts, facts=books, caller=machines, level=st.sampled_from([Level.OBSERVE, Level.APPROVE_ALL]))
def test_below_the_caps_level_nothing_runs_without_a_vote(amount: int, facts: BookFacts, caller: object, level: Level) -> None:
    facts = replace(facts, confirmed=True, votes=0, level=level)
    assert decide(case(amount, caller), facts, Policy()).decision != "allow"  # type: ignore[arg-type]


@given(amount=amounts, facts=books)
def test_a_higher_level_never_asks_for_more(amount: int, facts: BookFacts) -> None:
    asked = [decide(case(amount), replace(facts, confirmed=True, votes=0, level=level), Policy()) for level in Level]
    for lower, higher in pairwise(asked):
        if lower.decision != "deny":
            assert higher.decision != "deny"
            assert higher.votes <= lower.votes


@given(amount=amounts, facts=books, level=levels)
def test_no_level_lifts_what_protects_the_money(amount: int, facts: BookFacts, level: Level) -> None:
    verdict = decide(case(amount, captured_minor=1_000_000), replace(facts, level=level), Policy())
    if verdict.decision == "allow":
        assert facts.pending_minor + amount <= 1_000_000
        assert facts.confirmed
        assert facts.votes >= 2 or amount <= 500_000
        assert facts.votes >= 1 or facts.window_minor + amount <= 50_000
        assert facts.votes >= 1 or facts.tenant_day_minor + amount <= 500_000
        assert facts.votes >= 1 or not facts.succeeded_twin


@given(amount=amounts, facts=books, level=levels)
def test_a_persons_own_call_is_decided_alike_at_every_level(amount: int, facts: BookFacts, level: Level) -> None:
    assert decide(case(amount, PERSON), replace(facts, level=level), Policy()) == decide(case(amount, PERSON), facts, Policy())


def test_what_a_person_wanted_stays_theirs_when_the_machine_goes_on_with_it() -> None:
    wanted = case(1_000)
    theirs = Action(
        id=ActionId("act_1"),
        tenant=TenantName("default"),
        ticket=TicketId("tkt_1"),
        origin="o-1",
        tool="issue_refund",
        effect=Effect.MONEY,
        args={},
        status=ActionStatus.PROPOSED,
        key="k",
        decision="needs_approval",
        money=wanted.proposal.money,
        legs=wanted.proposal.legs,
        requester="person:per_1",
        lane=Lane.HUMAN,
    )
    watched = BookFacts(confirmed=True, votes=1, level=Level.OBSERVE)
    assert decide(replace(wanted, agreed=theirs), watched, Policy()).decision == "allow"
    for machines in (replace(theirs, requester="bot"), replace(theirs, lane=Lane.AGENT)):
        assert decide(replace(wanted, agreed=machines), watched, Policy()).rule == "autonomy.observe"


def test_auto_lifts_the_lower_cap_and_nothing_else() -> None:
    yes, wide = BookFacts(confirmed=True, level=Level.AUTO), Policy(limits={"USD": MoneyLimits(window_cap=500_000)})
    assert decide(case(60_000), yes, wide).decision == "allow"
    assert decide(case(60_000), replace(yes, level=None), wide).rule == "refund.per_call_cap"
    assert decide(case(60_000), yes, Policy()).rule == "refund.window_cap"
    assert decide(case(500_001), yes, Policy()).votes == 2


def test_a_tool_starts_where_the_settings_say_and_an_admins_word_replaces_it() -> None:
    careful = Policy(autonomy={"issue_refund": Level.APPROVE_ALL})
    yes = BookFacts(confirmed=True)
    assert decide(case(), yes, careful).rule == "autonomy.approve_all"
    assert decide(case(), replace(yes, level=Level.APPROVE_OVER_CAP), careful).decision == "allow"
    assert decide(case(), yes, Policy()).decision == "allow"


def test_a_case_of_many_votes_names_the_cap_rather_than_the_level() -> None:
    verdict = decide(case(500_001), BookFacts(confirmed=True, level=Level.APPROVE_ALL), Policy())
    assert (verdict.rule, verdict.votes) == ("refund.per_call_cap", 2)


def test_what_a_tool_may_give_back_alone_is_the_lowest_of_its_caps() -> None:
    policy = Policy(limits={"USD": MoneyLimits(window_cap=80_000), "JPY": MoneyLimits(one_vote_above=10_000)})
    alone = {level: dict(policy.alone_up_to(level)) for level in Level}
    assert alone[Level.OBSERVE] == alone[Level.APPROVE_ALL] == {"USD": 0, "JPY": 0}
    assert alone[Level.APPROVE_OVER_CAP] == {"USD": 50_000, "JPY": 10_000}
    assert alone[Level.AUTO] == {"USD": 80_000, "JPY": 50_000}
    for level, caps in alone.items():
        for currency, most in caps.items():
            facts = BookFacts(confirmed=True, level=level)
            assert most == 0 or decide(case(most, currency=currency), facts, policy).decision == "allow"
            assert decide(case(most + 1, currency=currency), facts, policy).decision != "allow"


@pytest.mark.parametrize(
    ("record", "level", "earned", "said"),
    [
        (Record([GOOD] * 3), Level.OBSERVE, Level.APPROVE_ALL, "last 3"),
        (Record([GOOD] * 3 + [DENIED]), Level.APPROVE_ALL, Level.APPROVE_OVER_CAP, "last 3"),
        (Record([GOOD] * 2), Level.APPROVE_ALL, None, "2 of the 3"),
        (Record([DENIED, *[GOOD] * 9]), Level.APPROVE_ALL, None, "0 of the 3"),
        (Record([GOOD, CHANGED, *[GOOD] * 9]), Level.APPROVE_ALL, None, "1 of the 3"),
        (Record([GOOD] * 9, reversed=1), Level.APPROVE_ALL, None, "One was reversed"),
        (Record([GOOD] * 9), Level.AUTO, None, "no higher"),
        (Record(), Level.OBSERVE, None, "0 of the 3"),
    ],
)
def test_the_next_level_is_earned_by_an_unbroken_record(record: Record, level: Level, earned: Level | None, said: str) -> None:
    proposal = propose(level, record, streak=3, gains=True)
    assert proposal.level is earned
    assert said in proposal.why


def test_a_level_that_would_change_nothing_is_not_proposed() -> None:
    proposal = propose(Level.APPROVE_OVER_CAP, Record([GOOD] * 9), streak=3, gains=False)
    assert (proposal.level, proposal.why) == (None, "With today's numbers, auto would allow nothing more.")


def test_every_level_says_what_it_means() -> None:
    assert set(MEANING) == set(Level)
    assert NOW.tzinfo is not None
