"""Work that the merchant's system accepts first and ends later: what it says then is held against what was asked for."""

import pytest

from tests.tools.test_execution import REFUND
from tests.tools.world import World
from tools.backends.shop import Fault, Faulty, Shop, SlowShop
from tools.commerce import Receipt
from tools.ports import Action, ActionStatus, Caller


@pytest.fixture
def works(world: World) -> SlowShop:
    """The tenant's shop takes its time over refunds."""
    shop = Shop(world.shop_engine, "default", world.clock)
    slow = SlowShop(shop, world.shop_engine, "default", world.clock, ["refund"])
    world.shops["default"] = Faulty(slow)
    return slow


async def accepted(world: World, caller: Caller) -> Action:
    """A refund on which the shop works."""
    result = await world.confirmed(caller, "issue_refund", REFUND)
    assert result.under_way
    assert result.action is not None
    return result.action


def half(receipt: Receipt) -> Receipt:
    return receipt.model_copy(update={"amount_minor": receipt.amount_minor // 2})


async def test_work_that_ends_with_another_amount_goes_to_people_and_is_not_waited_for(world: World, works: SlowShop) -> None:
    caller = await world.ticket()
    action = await accepted(world, caller)
    await works.finish(action.key)
    world.shops["default"].script("find_effect", Fault(distort=half))
    after = await world.runner.reconcile(action)
    assert (after.status, after.code) == (ActionStatus.UNKNOWN, "outcome_unknown")
    assert (await world.action(action.id)).status == ActionStatus.UNKNOWN
    assert await world.balances() == {"merchant_funds": -1_999, "refunds_reserved": 1_999}


@pytest.mark.parametrize("fault", [Fault(), Fault("unreachable")])
async def test_work_that_goes_on_or_cannot_be_asked_about_is_waited_for(world: World, works: SlowShop, fault: Fault) -> None:
    action = await accepted(world, await world.ticket())
    world.shops["default"].script("find_effect", fault)
    after = await world.runner.reconcile(action)
    assert (after.status, after.job) == (ActionStatus.SENT, action.job)
    await works.finish(action.key)
    assert (await world.runner.reconcile(after)).status is ActionStatus.SUCCEEDED
