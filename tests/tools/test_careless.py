"""Backends that err in every way seen in the wild, against every tool that moves money: our books stay exact."""

from collections.abc import Callable
from typing import Any

import pytest

from service.store.reconcile import reconcile
from tests.conftest import StandingClock
from tests.tools.test_execution import CALLS
from tests.tools.world import World
from tools.backends.shop import Fault, Faulty
from tools.catalogue import CATALOGUE
from tools.commerce import Capabilities, Receipt
from tools.ports import ActionStatus, Effect

METHODS = {
    "issue_refund": "refund",
    "cancel_order": "cancel_order",
    "return_items": "return_items",
    "exchange_items": "exchange_items",
    "change_order_items": "change_order_items",
}
"""Each tool that moves money, and the call of the merchant's system that carries it out."""


async def times_out() -> None:
    """No answer within any patience."""
    raise TimeoutError


def garbled(**changed: Any) -> Fault:
    """The effect happens, and the answer is well-formed and wrong."""
    return Fault(distort=lambda receipt: receipt.model_copy(update=changed))


def half(receipt: Receipt) -> Receipt:
    """A receipt for half of what was asked."""
    return receipt.model_copy(update={"amount_minor": receipt.amount_minor // 2 + 1})


FAULTS: dict[str, list[Fault]] = {
    "times_out_after_the_effect": [Fault("none", after=times_out)],
    "loses_the_answer": [Fault("lost_answer")],
    "loses_the_answer_and_is_away_when_asked_again": [Fault("lost_answer"), Fault("unreachable")],
    "times_out_before_the_effect": [Fault("none", before=times_out)],
    "loses_the_request": [Fault("lost_request")],
    "loses_the_request_twice": [Fault("lost_request"), Fault("lost_request")],
    "answers_200_with_rubbish": [Fault("rubbish")],
    "answers_with_another_amount": [Fault(distort=half)],
    "answers_with_a_negative_amount": [garbled(amount_minor=-500)],
    "answers_with_another_currency": [garbled(currency="EUR")],
    "answers_without_a_reference": [garbled(reference=" ")],
    "cannot_be_reached": [Fault("unreachable"), Fault("unreachable")],
}

KEEPS_KEYS: dict[str, Callable[[Faulty], Faulty]] = {
    "honours keys": lambda shop: shop,
    "forgets keys and says so": lambda shop: Faulty(shop, forgets_keys=True),
    "forgets keys and promises them": lambda shop: Faulty(
        shop, forgets_keys=True, capabilities=Capabilities(honours_keys=True)
    ),
}


def test_every_tool_that_moves_money_is_tried() -> None:
    assert {name for name, spec in CATALOGUE.items() if spec.effect is Effect.MONEY} == set(METHODS)


async def settled(world: World, clock: StandingClock) -> Any:
    """Sweep as long as a sweep could find anything out; the one action as it stands then."""
    for _ in range(3):
        clock.advance(minutes=2)
        await reconcile(world.database, world.book, world.runner, clock)
    (row,) = await world.all_actions()
    return row


async def exact(world: World, row: Any) -> None:
    """Our books say what the shop's say, or keep the money reserved where nobody knows."""
    effects, balances = await world.books(), await world.balances()
    amount, status = row.amount_minor or 0, ActionStatus(row.status)
    assert len(effects) <= 1, "an effect happened twice"
    assert sum(balances.values()) == 0
    if status is ActionStatus.SUCCEEDED:
        assert [entry.amount_minor for entry in effects] == [amount]
        assert balances.get("refunds_paid", 0) + balances.get("refunds_accepted", 0) == amount
        assert "refunds_reserved" not in balances
    elif status is ActionStatus.FAILED:
        assert (effects, balances) == ((), {})
    else:
        assert status is ActionStatus.UNKNOWN
        assert balances.get("refunds_reserved", 0) == amount


@pytest.mark.parametrize("keys", KEEPS_KEYS)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("tool", METHODS)
async def test_a_backend_that_errs_leaves_exact_books(
    world: World, clock: StandingClock, tool: str, fault: str, keys: str
) -> None:
    erring = world.shops["default"] = KEEPS_KEYS[keys](world.shops["default"])
    erring.script(METHODS[tool], *FAULTS[fault])
    await world.confirmed(await world.ticket(), tool, CALLS[tool])
    await exact(world, await settled(world, clock))
    assert await world.journal_faults() == []


async def test_a_refund_made_twice_by_the_backend_is_seen_and_shown(world: World) -> None:
    twice = world.shops["default"] = _PaysTwice(world.shops["default"])
    result = await world.confirmed(await world.ticket(), "issue_refund", CALLS["issue_refund"])
    assert twice.paid == 2
    assert result.ok
    assert result.data["surplus_minor"] == 1_999
    assert await world.balances() == {"merchant_funds": -1_999, "refunds_paid": 1_999}


class _PaysTwice(Faulty):
    """An engine that pays each refund twice, whatever its key."""

    paid = 0

    async def refund(self, order_id: Any, legs: Any, reason: str, expected_refunded_minor: int, key: str) -> Any:
        first = await self._inner.refund(order_id, legs, reason, expected_refunded_minor, key)
        moved = sum(leg.amount_minor for leg in legs)
        await self._inner.refund(order_id, legs, reason, expected_refunded_minor + moved, key + "again")
        self.paid += 2
        return first
