"""A price that changes between the customer's yes and the shop's own hand: nobody pays what they did not agree to."""

from copy import deepcopy
from typing import Any

import pytest

from tests.tools.goods import SHOP
from tests.tools.world import World
from tools.backends.shop import Fault, load
from tools.commerce import OrderId
from tools.ports import ActionStatus

SWAPS: dict[str, dict[str, Any]] = {
    "exchange_items": {"order_id": "D-100001", "item_ids": ["D-100001-i1"]},
    "change_order_items": {"order_id": "D-100002", "item_ids": ["D-100002-i1"]},
}


@pytest.mark.parametrize("new_price", [95_000, 1_000])
@pytest.mark.parametrize("tool", SWAPS)
async def test_a_price_that_changes_after_the_yes_moves_no_money(world: World, tool: str, new_price: int) -> None:
    goods = deepcopy(SHOP)
    (lamp,) = [one for one in goods["products"][0]["variants"] if one["id"] == "var_90000"]
    lamp["price_minor"] = new_price

    async def reprice() -> None:
        await load(world.shop_engine, "default", goods)

    world.shops["default"].script(tool, Fault(before=reprice))
    args = {**SWAPS[tool], "new_item_ids": ["var_90000"], "payment_method_id": "pm_ada"}
    result = await world.confirmed(await world.ticket(), tool, args)
    assert result.action is not None
    assert (result.action.status, result.code) == (ActionStatus.FAILED, "bad_state")
    assert await world.books() == ()
    order = await world.shops["default"].get_order(OrderId(args["order_id"]))
    assert order is not None
    assert [payment.kind for payment in order.payments] == ["capture"]
    assert await world.balances() == {}


async def test_a_swap_at_the_agreed_price_is_made_whatever_else_was_repriced(world: World) -> None:
    goods = deepcopy(SHOP)
    goods["products"][0]["variants"][0]["price_minor"] = 2_500

    async def reprice() -> None:
        await load(world.shop_engine, "default", goods)

    world.shops["default"].script("exchange_items", Fault(before=reprice))
    args = {**SWAPS["exchange_items"], "new_item_ids": ["var_3000"], "payment_method_id": "pm_ada"}
    result = await world.confirmed(await world.ticket(), "exchange_items", args)
    assert result.ok
    assert [entry.receipt.data for entry in await world.books()] == [{"difference_minor": 1_000}]
