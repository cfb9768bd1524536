"""What a backend declares, and what the runner makes of it: parts, cancelling, addresses, keys."""

from typing import Any

from tests.tools.goods import NEW_ADDRESS
from tests.tools.test_execution import CALLS, _CancelsWithoutMoney
from tests.tools.world import World
from tools.backends.shop import Fault, Faulty
from tools.catalogue import CATALOGUE
from tools.commerce import Capabilities
from tools.tool import Retry

WHOLE = {"order_id": "D-100002", "amount_minor": 3_000, "currency": "USD", "reason": "goodwill"}


def promising(world: World, **promises: Any) -> Faulty:
    """The shop under other promises."""
    shop = world.shops["default"] = Faulty(world.shops["default"], capabilities=Capabilities(honours_keys=True, **promises))
    return shop


def calls_of(shop: Faulty, method: str) -> int:
    """How often the shop was asked."""
    return [call.method for call in shop.calls].count(method)


async def test_a_backend_that_refunds_whole_orders_only_is_never_asked_for_a_part(world: World) -> None:
    shop = promising(world, partial_refunds=False)
    part = await world.runner.call(await world.ticket(), "issue_refund", {**WHOLE, "amount_minor": 2_999}, "o-1")
    assert part.code == "bad_state"
    assert calls_of(shop, "refund") == 0
    assert (await world.confirmed(await world.ticket(), "issue_refund", WHOLE)).ok


async def test_a_backend_that_refunds_on_cancelling_although_it_says_no_pays_once(world: World) -> None:
    shop = promising(world, refunds_on_cancel=False)
    result = await world.confirmed(await world.ticket(), "cancel_order", CALLS["cancel_order"])
    assert result.ok
    assert result.data["moved_minor"] == 3_000
    assert calls_of(shop, "refund") == 0
    assert [(entry.kind, entry.amount_minor) for entry in await world.books()] == [("cancel_order", 3_000)]
    assert await world.balances() == {"merchant_funds": -3_000, "refunds_paid": 3_000}


async def test_a_backend_that_does_not_refund_on_cancelling_although_it_says_so_is_left_to_people(world: World) -> None:
    shop = _CancelsWithoutMoney(world.shops["default"], capabilities=Capabilities(honours_keys=True))
    world.shops["default"] = shop
    result = await world.confirmed(await world.ticket(), "cancel_order", CALLS["cancel_order"])
    assert result.in_doubt
    assert calls_of(shop, "refund") == 0
    assert await world.balances() == {"merchant_funds": -3_000, "refunds_reserved": 3_000}


async def test_an_address_that_takes_several_calls_is_sent_again_by_the_same_turn(world: World) -> None:
    shop = world.shops["default"] = Faulty(
        world.shops["default"], True, Capabilities(honours_keys=False, address_change_is_one_call=False)
    )
    shop.script("change_order_address", Fault("lost_answer"))
    result = await world.confirmed(await world.ticket(), "change_order_address", CALLS["change_order_address"])
    assert result.ok
    assert calls_of(shop, "change_order_address") == 2


async def test_an_address_that_changes_as_a_whole_is_read_off_the_order(world: World) -> None:
    shop = world.shops["default"] = Faulty(world.shops["default"], forgets_keys=True)
    shop.script("change_order_address", Fault("lost_answer"))
    args = {"order_id": "D-100002", "address": NEW_ADDRESS}
    assert (await world.confirmed(await world.ticket(), "change_order_address", args)).ok
    assert calls_of(shop, "change_order_address") == 1


def test_each_tool_says_what_may_be_done_after_a_lost_answer() -> None:
    classes = {name: spec.retry for name, spec in CATALOGUE.items()}
    assert {name for name, retry in classes.items() if retry is Retry.REPEATABLE} == {
        "change_order_address",
        "change_customer_address",
    }
    money = {name for name, spec in CATALOGUE.items() if spec.effect == "MONEY"}
    assert {classes[name] for name in money} == {Retry.KEYED}
    assert all(spec.timeout > 0 for spec in CATALOGUE.values())
