"""What the books say before money moves: whose change, whose currency, and which earlier payment count, and until when."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import StandingClock
from tests.tools.goods import NEW_ADDRESS, SHOP
from tests.tools.world import World, build_world
from tools.backends.shop import Fault, load
from tools.errors import BackendRefused, Code
from tools.limits import MoneyLimits, Policy
from tools.ports import ActionStatus

REFUND = {"order_id": "D-100001", "amount_minor": 1_999, "currency": "USD", "reason": "damaged"}
TO_CREDIT = {"order_id": "D-100006", "item_ids": ["D-100006-i1"], "refund_to": "pm_ada_credit"}
ADDRESS = {"address": NEW_ADDRESS}


@pytest.fixture
async def world(database_url: str, tmp_path: Path, clock: StandingClock) -> AsyncIterator[World]:
    """A world on each database in turn; the shop lives beside it, in a file or a schema of its own."""
    shop_url = database_url if database_url.startswith("postgresql") else f"sqlite:///{tmp_path / 'shop.db'}"
    async with build_world(database_url, shop_url, clock) as built:
        yield built


async def test_money_to_another_purse_waits_for_a_person_the_day_after_an_address_was_changed(
    world: World, clock: StandingClock
) -> None:
    assert (await world.confirmed(await world.ticket(), "change_customer_address", ADDRESS)).ok
    clock.advance(hours=23)
    waiting = await world.confirmed(await world.ticket(), "return_items", TO_CREDIT)
    assert (waiting.needs_approval, waiting.rule) == (True, "money.cooldown")


async def test_a_change_that_the_shop_refused_holds_no_money_back(world: World) -> None:
    async def refuses() -> None:
        raise BackendRefused(Code.BAD_STATE, "This address is not served.")

    world.shops["default"].script("change_customer_address", Fault(before=refuses))
    failed = await world.confirmed(await world.ticket(), "change_customer_address", ADDRESS)
    assert failed.action is not None
    assert failed.action.status is ActionStatus.FAILED
    paid = await world.confirmed(await world.ticket(), "return_items", TO_CREDIT)
    assert (paid.ok, paid.rule) == (True, None)


async def test_money_paid_back_in_one_currency_fills_no_cap_of_another(world: World) -> None:
    """Its caps are full in dollars when the shop goes over to euros; a euro cent more than its own caps is still seen."""
    full = MoneyLimits(window_cap=40_000, tenant_day_cap=40_000)
    world.policy = Policy(limits={"USD": full, "EUR": full})
    dollars = {"order_id": "D-100006", "amount_minor": 40_000, "currency": "USD", "reason": "damaged"}
    assert (await world.confirmed(await world.ticket(), "issue_refund", dollars)).ok
    await load(world.shop_engine, "default", SHOP | {"currency": "EUR"})
    euros = {"order_id": "D-100003", "amount_minor": 40_000, "currency": "EUR", "reason": "damaged"}
    paid = await world.confirmed(await world.ticket(), "issue_refund", euros)
    assert (paid.ok, paid.rule) == (True, None)
    more = {**euros, "order_id": "D-100007", "amount_minor": 1}
    assert (await world.confirmed(await world.ticket(), "issue_refund", more)).rule == "refund.window_cap"


@pytest.mark.parametrize(
    ("later", "rule"),
    [(timedelta(days=30), "refund.possible_duplicate"), (timedelta(days=30, seconds=1), None)],
    ids=["on_the_last_day", "after_it"],
)
async def test_the_same_amount_is_a_possible_duplicate_for_thirty_days_and_no_longer(
    world: World, clock: StandingClock, later: timedelta, rule: str | None
) -> None:
    assert (await world.confirmed(await world.ticket(), "issue_refund", REFUND)).ok
    clock.now += later
    again = await world.confirmed(await world.ticket(), "issue_refund", REFUND)
    assert (again.ok, again.rule) == (rule is None, rule)


@pytest.mark.parametrize(
    ("line", "rule"), [("D-100001-i2", "refund.possible_duplicate"), ("D-100001-i1", None)], ids=["same_line", "other_line"]
)
async def test_a_line_that_was_paid_back_is_a_possible_duplicate_whatever_its_amount(
    world: World, line: str, rule: str | None
) -> None:
    """The shop has forgotten the return and would take the line once more, now for an exchange that pays back less."""
    args: dict[str, Any] = {"order_id": "D-100001", "item_ids": ["D-100001-i2"]}
    assert (await world.confirmed(await world.ticket(), "return_items", {**args, "refund_to": "pm_ada"})).ok
    await load(world.shop_engine, "default", SHOP)
    price = {"D-100001-i1": "var_3000", "D-100001-i2": "var_2000"}[line]
    swap = {**args, "item_ids": [line], "new_item_ids": [price], "payment_method_id": "pm_ada"}
    again = await world.confirmed(await world.ticket(), "exchange_items", swap)
    assert (again.ok, again.rule) == (rule is None, rule)
