"""Death at every boundary and every kind of lost answer: one effect, one receipt, exact books."""

from typing import Any

import pytest

from tests.tools.goods import NEW_ADDRESS
from tests.tools.world import Died, World
from tools.backends.shop import Fault, Faulty
from tools.commerce import Capabilities, Order
from tools.errors import BackendUnavailable
from tools.execution import BOUNDARIES
from tools.ports import ActionStatus, Caller, ToolResult

REFUND = {"order_id": "D-100001", "amount_minor": 1_999, "currency": "USD", "reason": "damaged"}

CALLS: dict[str, dict[str, Any]] = {
    "issue_refund": REFUND,
    "cancel_order": {"order_id": "D-100002", "reason": "no_longer_needed"},
    "return_items": {"order_id": "D-100001", "item_ids": ["D-100001-i1"], "refund_to": "pm_ada"},
    "exchange_items": {
        "order_id": "D-100001",
        "item_ids": ["D-100001-i2"],
        "new_item_ids": ["var_2000"],
        "payment_method_id": "pm_ada",
    },
    "change_order_items": {
        "order_id": "D-100002",
        "item_ids": ["D-100002-i1"],
        "new_item_ids": ["var_2000"],
        "payment_method_id": "pm_ada",
    },
    "change_order_payment": {"order_id": "D-100002", "payment_method_id": "pm_ada_2"},
    "change_order_address": {"order_id": "D-100002", "address": NEW_ADDRESS},
    "change_customer_address": {"address": NEW_ADDRESS},
    "add_note": {"text": "The box was crushed."},
}


class _Ticket:
    """A ticket whose turn runs again from its start on a new worker whenever the worker dies."""

    def __init__(self, world: World, caller: Caller, tool: str) -> None:
        self.world, self.caller, self.tool, self.deaths = world, caller, tool, 0

    async def work(self, dies_at: str | None) -> ToolResult:
        """The call, the customer's yes, and the resumed call; each may die once at the boundary."""
        result = await self._step(dies_at, lambda runner: runner.call(self.caller, self.tool, CALLS[self.tool], "o-1"))
        if result.needs_confirmation and result.action is not None:
            action = result.action
            await self.world.says_yes(action)
            result = await self._step(dies_at, lambda runner: runner.resume(self.caller, action.id))
        return result

    async def _step(self, dies_at: str | None, run: Any) -> ToolResult:
        if dies_at is not None:
            try:
                return await run(self.world.runner_that_dies_at(dies_at))
            except Died:
                self.deaths += 1
                self.caller = await self.world.new_claim(self.caller)
        return await run(self.world.runner)


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("tool", CALLS)
async def test_a_worker_that_dies_leaves_one_effect_behind(world: World, tool: str, boundary: str) -> None:
    ticket = _Ticket(world, await world.ticket(), tool)
    result = await ticket.work(boundary)
    assert ticket.deaths >= 1
    assert result.ok, result
    assert len(await world.books()) == 1
    rows = await world.all_actions()
    assert [(row.status, row.key) for row in rows] == [(ActionStatus.SUCCEEDED, (await world.books())[0].key)]
    assert "refunds_reserved" not in await world.balances()
    assert await world.journal_faults() == []


async def test_a_person_whose_request_died_after_sending_is_answered_in_doubt(world: World) -> None:
    caller = world.as_person(await world.ticket(), await world.person())
    with pytest.raises(Died):
        await world.runner_that_dies_at("after_sent").call(caller, "issue_refund", REFUND, "req-1", confirmed=True)
    again = await world.runner.call(caller, "issue_refund", REFUND, "req-1", confirmed=True)
    assert again.in_doubt
    assert await world.books() == ()


async def test_what_a_person_has_reserved_no_turn_carries_out_and_what_a_turn_has_no_person(world: World) -> None:
    turn = await world.ticket()
    person = world.as_person(turn, await world.person())
    with pytest.raises(Died):
        await world.runner_that_dies_at("after_decision").call(person, "issue_refund", REFUND, "req-1", confirmed=True)
    other = await world.ticket()
    asked = await world.runner.call(other, "issue_refund", {**REFUND, "order_id": "D-100003"}, "o-1")
    await world.says_yes(asked.action)
    assert asked.action is not None
    with pytest.raises(Died):
        await world.runner_that_dies_at("after_decision").resume(other, asked.action.id)
    (persons,) = [row for row in await world.all_actions() if row.id != asked.action.id]
    for caller, action in ((turn, persons.id), (world.as_person(other, await world.person()), asked.action.id)):
        assert not (await world.runner.resume(caller, action)).ok
    assert {row.status for row in await world.all_actions()} == {ActionStatus.RESERVED}
    assert await world.books() == ()


async def test_news_of_what_is_only_being_sent_sends_nothing_itself(world: World) -> None:
    caller = await world.ticket()
    asked = await world.runner.call(caller, "issue_refund", REFUND, "o-1")
    await world.says_yes(asked.action)
    assert asked.action is not None
    with pytest.raises(Died):
        await world.runner_that_dies_at("after_sent").resume(caller, asked.action.id)
    sent = await world.book.find(caller, action=asked.action.id)
    assert sent is not None
    with pytest.raises(BackendUnavailable):
        await world.runner.follow_up(sent)
    assert (await world.books(), (await world.action(sent.id)).status) == ((), ActionStatus.SENT)


@pytest.mark.parametrize("kind", ["lost_answer", "rubbish"])
async def test_an_effect_whose_answer_was_lost_is_found_by_its_key(world: World, kind: Any) -> None:
    world.shops["default"].script("refund", Fault(kind))
    result = await world.confirmed(await world.ticket(), "issue_refund", REFUND)
    assert result.ok
    assert _times(world, "refund") == 1
    assert len(await world.books()) == 1


async def test_a_request_that_was_lost_is_sent_again_with_its_key(world: World) -> None:
    world.shops["default"].script("refund", Fault("lost_request"))
    result = await world.confirmed(await world.ticket(), "issue_refund", REFUND)
    assert result.ok
    keys = {call.arguments["key"] for call in world.shops["default"].calls if call.method == "refund"}
    assert (_times(world, "refund"), len(keys)) == (2, 1)
    assert len(await world.books()) == 1


async def test_a_shop_that_cannot_be_reached_fails_the_action_and_frees_its_money(world: World) -> None:
    world.shops["default"].script("refund", Fault("unreachable"), Fault("unreachable"))
    result = await world.confirmed(await world.ticket(), "issue_refund", REFUND)
    assert result.action is not None
    assert (result.action.status, result.code) == (ActionStatus.FAILED, "backend_unavailable")
    assert await world.balances() == {}


async def test_a_lost_answer_is_not_resent_to_a_shop_that_forgets_keys(world: World) -> None:
    promises = Capabilities(honours_keys=False)
    world.shops["default"] = Faulty(world.shops["default"], forgets_keys=True, capabilities=promises)
    world.shops["default"].script("refund", Fault("lost_request"))
    result = await world.confirmed(await world.ticket(), "issue_refund", REFUND)
    assert result.in_doubt
    assert _times(world, "refund") == 1
    assert await world.balances() == {"merchant_funds": -1_999, "refunds_reserved": 1_999}


async def test_a_dead_turns_refund_is_read_off_the_order_where_keys_are_forgotten(world: World) -> None:
    promises = Capabilities(honours_keys=False)
    world.shops["default"] = Faulty(world.shops["default"], forgets_keys=True, capabilities=promises)
    result = await _Ticket(world, await world.ticket(), "issue_refund").work("after_effect")
    assert result.ok
    assert result.data["receipt"] == f"{(await world.books())[0].receipt.reference}-2"
    assert len(await world.books()) == 1
    assert _times(world, "refund") == 1


async def test_a_lost_request_is_not_resent_after_a_switch_was_thrown(world: World) -> None:
    caller, admin = await world.ticket(), await world.person()

    async def throw() -> None:
        await world.switches.throw(caller.tenant, "tool", "issue_refund", True, "incident", admin.id)

    world.shops["default"].script("refund", Fault("lost_request", before=throw))
    result = await world.confirmed(caller, "issue_refund", REFUND)
    assert result.in_doubt
    assert _times(world, "refund") == 1
    assert await world.books() == ()


async def test_a_shop_that_never_answers_leaves_the_action_unknown(world: World) -> None:
    async def timed_out() -> None:
        raise TimeoutError

    world.shops["default"].script("refund", Fault("none", after=timed_out))
    world.shops["default"].script("find_effect", Fault("none", before=timed_out))
    result = await world.confirmed(await world.ticket(), "issue_refund", REFUND)
    assert result.action is not None
    assert (result.action.status, result.code) == (ActionStatus.UNKNOWN, "outcome_unknown")


async def test_a_shop_that_refuses_at_the_last_moment_frees_the_money(world: World) -> None:
    shop = world.shops["default"]

    def stale(order: Order) -> Order:
        return order.model_copy(update={"payments": order.payments[:1]})

    await shop.refund("D-100001", [_leg(100)], "goodwill", 0, "somebody-else")  # type: ignore[arg-type]
    shop.script("get_order", Fault(distort=stale), Fault(distort=stale))
    result = await world.confirmed(await world.ticket(), "issue_refund", REFUND)
    assert result.action is not None
    assert (result.action.status, result.code) == (ActionStatus.FAILED, "bad_state")
    assert await world.balances() == {}
    assert [entry.amount_minor for entry in await world.books()] == [100]


async def test_a_shop_that_cannot_be_read_is_no_refusal(world: World) -> None:
    world.shops["default"].script("get_order", Fault("unreachable"), Fault("unreachable"))
    caller = await world.ticket()
    read = await world.runner.call(caller, "get_order", {"order_id": "D-100001"}, "o-1")
    wanted = await world.runner.call(caller, "issue_refund", REFUND, "o-2")
    assert (read.code, wanted.code) == ("backend_unavailable", "backend_unavailable")
    assert await world.journal_kinds(caller) == []
    assert (await world.runner.call(caller, "issue_refund", REFUND, "o-2")).needs_confirmation


async def test_a_shop_that_is_away_when_the_yes_comes_keeps_the_action(world: World) -> None:
    caller = await world.ticket()
    asked = await world.runner.call(caller, "issue_refund", REFUND, "o-1")
    await world.says_yes(asked.action)
    world.shops["default"].script("get_order", Fault("unreachable"))
    assert asked.action is not None
    away = await world.runner.resume(caller, asked.action.id)
    assert away.code == "backend_unavailable"
    assert (await world.runner.resume(caller, asked.action.id)).ok


def _of_another_shape(answer: Any) -> Any:
    return type(answer).model_validate({**answer.model_dump(), "new_in_this_release": 1}, extra="forbid")


async def test_a_refund_is_settled_though_the_order_cannot_be_read_after_it(world: World) -> None:
    caller, shop = await world.ticket(), world.shops["default"]
    asked = await world.runner.call(caller, "issue_refund", REFUND, "o-1")
    await world.says_yes(asked.action)
    shop.script("get_order", Fault(), Fault(distort=_of_another_shape))
    assert asked.action is not None
    assert (await world.runner.resume(caller, asked.action.id)).ok
    assert [entry.amount_minor for entry in await world.books()] == [1_999]


async def test_an_order_that_cannot_be_read_is_no_refusal_either(world: World) -> None:
    world.shops["default"].script("get_order", Fault(distort=_of_another_shape))
    caller = await world.ticket()
    assert (await world.runner.call(caller, "issue_refund", REFUND, "o-1")).code == "backend_unavailable"
    assert (await world.runner.call(caller, "issue_refund", REFUND, "o-1")).needs_confirmation


async def test_news_about_an_effect_that_cannot_be_read_is_asked_for_again(world: World) -> None:
    result = await world.confirmed(await world.ticket(), "issue_refund", REFUND)
    assert result.action is not None
    world.shops["default"].script("find_effect", Fault(distort=_of_another_shape))
    with pytest.raises(BackendUnavailable):
        await world.runner.follow_up(result.action)


async def test_an_engine_that_does_not_refund_on_cancel_is_asked_to(world: World) -> None:
    shop = _CancelsWithoutMoney(world.shops["default"], capabilities=Capabilities(honours_keys=True, refunds_on_cancel=False))
    world.shops["default"] = shop
    result = await world.confirmed(await world.ticket(), "cancel_order", CALLS["cancel_order"])
    assert result.ok
    assert result.data["moved_minor"] == 3_000
    assert [(entry.kind, entry.amount_minor) for entry in await world.books()] == [("add_note", 0), ("refund", 3_000)]


async def test_a_cancelled_order_whose_money_did_not_move_is_finished_by_the_next_worker(world: World) -> None:
    shop = _CancelsWithoutMoney(world.shops["default"], capabilities=Capabilities(honours_keys=True, refunds_on_cancel=False))
    world.shops["default"] = shop
    shop.script("refund", Fault("unreachable"), Fault("unreachable"))
    caller = await world.ticket()
    doubtful = await world.confirmed(caller, "cancel_order", CALLS["cancel_order"])
    assert doubtful.in_doubt
    assert doubtful.action is not None
    assert (await world.runner.resume(caller, doubtful.action.id)).ok
    assert [entry.kind for entry in await world.books()] == ["add_note", "refund"]


class _CancelsWithoutMoney(Faulty):
    """An engine that cancels and leaves the money where it is; the note stands for the cancellation in the books."""

    async def cancel_order(self, order_id: Any, reason: str, key: str) -> Any:
        return await self._inner.add_note(order_id, "cus_ada", reason, key)  # type: ignore[arg-type]


def _times(world: World, method: str) -> int:
    return [call.method for call in world.shops["default"].calls].count(method)


def _leg(amount: int) -> Any:
    from tools.commerce import PaymentMethodId, RefundLeg

    return RefundLeg(method_id=PaymentMethodId("pm_ada"), amount_minor=amount)
