"""Money that a return was promised is spoken for: nobody gives it away while the goods are on their way."""

from copy import deepcopy

import pytest

from tests.tools.goods import SHOP
from tests.tools.world import World
from tools.backends.shop import Fault, Shop
from tools.commerce import OrderId, RefundLeg
from tools.ports import Caller, ToolResult

ORDER = "D-100001"
"""Two lamps, of 20 and 30 dollars."""

TENANT = "mixed"


@pytest.fixture
async def mixed(world: World) -> World:
    """A tenant whose customer has paid 30 dollars of the order by card and 20 with store credit."""
    goods = deepcopy(SHOP)
    (order,) = [one for one in goods["orders"] if one["id"] == ORDER]
    order["payments"] = [
        {"id": "p1", "method_id": "pm_ada", "amount_minor": 3_000, "kind": "capture"},
        {"id": "p2", "method_id": "pm_ada_credit", "amount_minor": 2_000, "kind": "capture"},
    ]
    await world.add_tenant(TENANT, goods)
    return world


async def returned(world: World) -> Caller:
    """The customer sends the lamp of 30 dollars back; its price will go to their card."""
    caller = await world.ticket(tenant=TENANT)
    args = {"order_id": ORDER, "item_ids": [f"{ORDER}-i2"], "refund_to": "pm_ada"}
    assert (await world.confirmed(caller, "return_items", args)).ok
    return caller


async def refunded(world: World, amount: int) -> ToolResult:
    """Another ticket asks for money on the same order, and somebody who may approves it."""
    caller = await world.ticket(tenant=TENANT)
    args = {"order_id": ORDER, "amount_minor": amount, "currency": "USD", "reason": "goodwill"}
    asked = await world.runner.call(caller, "issue_refund", args, "o-1")
    if not asked.needs_confirmation:
        return asked
    await world.says_yes(asked.action)
    assert asked.action is not None
    waiting = await world.runner.resume(caller, asked.action.id)
    if not waiting.needs_approval:
        return waiting
    await world.vote(await world.person(tenant=TENANT), waiting.action)
    assert waiting.action is not None
    return await world.runner.resume(caller, waiting.action.id)


def shop_of(world: World) -> Shop:
    """What the merchant's own people do."""
    return Shop(world.shop_engine, TENANT, world.clock)


async def gone_back(world: World) -> dict[str, int]:
    """What each method has had back, in cents."""
    order = await shop_of(world).get_order(OrderId(ORDER))
    assert order is not None
    sums: dict[str, int] = {}
    for payment in order.payments:
        if payment.kind == "refund":
            sums[payment.method_id] = sums.get(payment.method_id, 0) + payment.amount_minor
    return sums


async def test_a_refund_beside_a_return_leaves_the_card_what_was_promised_to_it(mixed: World) -> None:
    await returned(mixed)
    done = await refunded(mixed, 2_000)
    assert done.ok
    assert done.action is not None
    assert done.action.facts["promised"] == {"amount_minor": 3_000, "currency": "USD"}
    await shop_of(mixed).settle_arrival(OrderId(ORDER))
    assert await gone_back(mixed) == {"pm_ada_credit": 2_000, "pm_ada": 3_000}


async def test_money_that_the_merchant_sent_by_hand_does_not_free_what_was_promised(mixed: World) -> None:
    await returned(mixed)
    by_hand = [RefundLeg(method_id="pm_ada_credit", amount_minor=1_000)]  # type: ignore[arg-type]
    await shop_of(mixed).refund(OrderId(ORDER), by_hand, "goodwill", 0, "by hand")
    refused = await refunded(mixed, 2_000)
    assert (refused.code, refused.rule) == ("over_refund", "refund.conservation")
    assert (await refunded(mixed, 1_000)).ok
    await shop_of(mixed).settle_arrival(OrderId(ORDER))
    assert await gone_back(mixed) == {"pm_ada_credit": 2_000, "pm_ada": 3_000}


async def test_a_promise_that_was_kept_is_not_held_twice(mixed: World) -> None:
    await returned(mixed)
    # No event tells us of it: the merchant's books do, when they are asked.
    await shop_of(mixed).settle_arrival(OrderId(ORDER))
    done = await refunded(mixed, 2_000)
    assert done.ok
    assert done.action is not None
    assert "promised" not in done.action.facts
    assert await gone_back(mixed) == {"pm_ada_credit": 2_000, "pm_ada": 3_000}


async def test_a_refund_beside_a_return_that_is_paid_in_parts_leaves_the_card_the_rest(mixed: World) -> None:
    await returned(mixed)
    part = RefundLeg(method_id="pm_ada", amount_minor=1_000)  # type: ignore[arg-type]
    await shop_of(mixed).refund(OrderId(ORDER), [part], "goodwill", 0, "the first part")
    mixed.shops[TENANT].script("find_effect", *[Fault(distort=lambda found: found.model_copy(update={"legs": (part,)}))] * 2)
    done = await refunded(mixed, 2_000)
    assert done.ok
    assert done.action is not None
    assert done.action.facts["promised"] == {"amount_minor": 2_000, "currency": "USD"}
    assert await gone_back(mixed) == {"pm_ada": 1_000, "pm_ada_credit": 2_000}


async def test_goods_that_arrive_after_other_refunds_leave_true_books(mixed: World) -> None:
    caller = await returned(mixed)
    (action,) = await mixed.book.on_order(caller, ORDER)
    by_hand = [RefundLeg(method_id="pm_ada", amount_minor=2_500)]  # type: ignore[arg-type]
    await shop_of(mixed).refund(OrderId(ORDER), by_hand, "goodwill", 0, "by hand")
    await shop_of(mixed).settle_arrival(OrderId(ORDER))
    followed = await mixed.runner.follow_up(action)
    assert followed.receipt is not None
    assert (followed.receipt.amount_minor, followed.receipt.moved_minor) == (500, 500)
    assert await mixed.balances() == {"merchant_funds": -500, "refunds_paid": 500}
