"""People's votes on what the customer has agreed to: who is asked, how many, what a no and a long silence lead to."""

from dataclasses import replace

from tests.conftest import StandingClock
from tests.tools.test_runner import REFUND
from tests.tools.world import World
from tools.limits import MoneyLimits, Policy
from tools.ports import ActionStatus


async def test_a_large_refund_goes_to_a_person_after_the_customers_yes(world: World) -> None:
    caller = await world.ticket()
    large = {**REFUND, "order_id": "D-100003", "amount_minor": 90_000}
    waiting = await world.confirmed(caller, "issue_refund", large)
    assert waiting.needs_approval
    assert (waiting.rule, waiting.code) == ("refund.per_call_cap", "approval_required")
    assert await world.books() == ()
    assert waiting.action is not None
    decided = await world.vote(await world.person(), waiting.action)
    assert decided.state == "approved"
    assert world.woken == []  # The ticket's own turn is still at work, so its drain finds the event.
    done = await world.runner.resume(caller, waiting.action.id)
    assert done.ok
    assert (await world.approval_of(waiting.action)).state == "used"
    assert [entry.amount_minor for entry in await world.books()] == [90_000]


async def test_a_very_large_refund_needs_two_people(world: World) -> None:
    caller = await world.ticket()
    huge = {**REFUND, "order_id": "D-100004", "amount_minor": 600_000}
    waiting = await world.confirmed(caller, "issue_refund", huge)
    assert waiting.action is not None
    first = await world.vote(await world.person(), waiting.action)
    assert (first.state, first.votes, first.votes_needed) == ("pending", 1, 2)
    assert (await world.runner.resume(caller, waiting.action.id)).needs_approval
    second = await world.vote(await world.person(), waiting.action)
    assert second.state == "approved"
    assert (await world.runner.resume(caller, waiting.action.id)).ok


async def test_a_refund_that_now_needs_two_people_waits_for_the_second(world: World) -> None:
    caller = await world.ticket()
    waiting = await world.confirmed(caller, "issue_refund", {**REFUND, "order_id": "D-100003", "amount_minor": 90_000})
    await world.vote(await world.person(), waiting.action)
    world.policy = Policy(limits={"USD": MoneyLimits(two_votes_above=80_000)})
    assert waiting.action is not None
    assert (await world.runner.resume(caller, waiting.action.id)).needs_approval
    approval = await world.approval_of(waiting.action)
    assert (approval.state, approval.votes_needed) == ("pending", 2)
    await world.vote(await world.person(), waiting.action)
    assert (await world.runner.resume(caller, waiting.action.id)).ok


async def test_a_denied_refund_is_refused_and_stays_refused(world: World) -> None:
    caller = await world.ticket()
    waiting = await world.confirmed(caller, "issue_refund", {**REFUND, "order_id": "D-100003", "amount_minor": 90_000})
    await world.vote(await world.person(), waiting.action, "deny")
    assert waiting.action is not None
    denied = await world.runner.resume(caller, waiting.action.id)
    assert (denied.ok, denied.code, denied.rule) == (False, "approval_invalid", "approval.denied")
    assert (await world.approval_of(denied.action)).state == "denied"
    assert await world.books() == ()


async def test_an_expired_approval_ends_the_action_and_wakes_the_ticket(world: World, clock: StandingClock) -> None:
    caller = await world.ticket()
    waiting = await world.confirmed(caller, "issue_refund", {**REFUND, "order_id": "D-100003", "amount_minor": 90_000})
    await world.finish_turn(caller)
    clock.advance(hours=73)
    assert await world.approvals.expire() == 1
    assert await world.approvals.expire() == 0
    assert world.woken == [caller.ticket]
    assert waiting.action is not None
    result = await world.runner.resume(replace(caller, seen_seq=2), waiting.action.id)
    assert result.action is not None
    assert (result.action.status, result.code) == (ActionStatus.EXPIRED, "approval_invalid")
    assert (await world.journal_kinds(caller)).count("action.expired") == 1
