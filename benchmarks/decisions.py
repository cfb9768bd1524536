"""The CPU of one decision of the policy: a pure function, timed over calls that are allowed, wait, and are refused."""

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.report import Line, at_most
from service.clock import wall_clock
from tools.catalogue import CATALOGUE
from tools.commerce import CustomerId
from tools.money import Money
from tools.policy import Case, Policy, decide, decide_read
from tools.ports import BookFacts, Caller, Effect, Lane, MoneyLeg, Proposal, TenantName, TicketId, Verification
from tools.tool import Situation

AT_ONCE = 20
"""Decisions in one sample, since reading the clock takes a good part of the time of one."""

_CONFIRMED = BookFacts(confirmed=True, window_minor=1_000, tenant_day_minor=50_000, actions_last_hour=2)


def lines(samples: int) -> Sequence[Line]:
    """One line for each kind of decision."""
    policy = Policy()
    kinds = {
        "a refund below the caps": (_case(100), _CONFIRMED),
        "a refund that needs a vote": (_case(90_000), _CONFIRMED),
        "a refund above what was paid": (_case(900_000), _CONFIRMED),
        "a refund that nobody confirmed": (_case(100), replace(_CONFIRMED, confirmed=False)),
    }
    found = []
    for kind, (case, book) in kinds.items():
        each = [_seconds(case, book, policy) for _ in range(samples)]
        found.append(Line(f"CPU ms, p50: {kind}", float(np.percentile(each, 50)) * 1e3, target=at_most(0.2), absolute=True))
    return found


def _seconds(case: Case, book: BookFacts, policy: Policy) -> float:
    started = time.thread_time()
    for _ in range(AT_ONCE):
        decide_read(case, book, policy)
        decide(case, book, policy)
    return (time.thread_time() - started) / AT_ONCE


def _case(amount: int) -> Case:
    spec = CATALOGUE["issue_refund"]
    caller = Caller(TenantName("default"), TicketId("tkt_1"), CustomerId("cus_1"), Verification.CHANNEL, Lane.WORKFLOW, fence=1)
    proposal = Proposal(
        origin="1:return_refund:refund",
        tool=spec.name,
        effect=Effect.MONEY,
        args={"order_id": "D-100001", "amount_minor": amount, "currency": "USD", "reason": "damaged"},
        order_id="D-100001",
        money=Money(amount, "USD"),
        legs=(MoneyLeg("pm_1", amount, "fp_1"),),
    )
    situation = Situation(captured_minor=200_000, refunded_minor=1_000, currency="USD", destination="original")
    return Case(spec, proposal, situation, caller, wall_clock())
