"""Goods of an order: returns, exchanges, other variants before dispatch, and the money of goods that arrived."""

from collections.abc import Sequence

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.conftest import StandingClock
from tests.tools.shop.look import ADA, assert_untouched, balance_of, code_of, money_of, order_of, status_of
from tests.tools.shop.small import (
    BOBS_CREDIT,
    CARD,
    CREDIT,
    DELIVERED,
    FIRST_MUG,
    LAMP,
    PAYPAL,
    PENDING,
    SECOND_MUG,
    SHIPPED,
    leg,
    with_balance,
)
from tools.backends.shop import Shop, load
from tools.commerce import Address, ItemId, OrderId, OrderStatus, PaymentMethodId
from tools.errors import BackendRefused, Code

UNKNOWN_ITEM = ItemId("l9")


async def test_a_return_is_accepted_and_its_money_waits_for_the_goods(shop: Shop) -> None:
    receipt = await shop.return_items(DELIVERED, [SECOND_MUG, FIRST_MUG], CARD, "k1")
    order = await order_of(shop, DELIVERED)
    assert order.status is OrderStatus.RETURN_REQUESTED
    assert order.return_ is not None
    assert (order.return_.item_ids, order.return_.refund_to) == ((SECOND_MUG, FIRST_MUG), CARD)
    assert order.refunded_minor == 0
    assert (receipt.amount_minor, receipt.legs, receipt.data) == (3700, (), {"money": "on_arrival"})


async def test_goods_that_arrive_pay_the_return_once(shop: Shop) -> None:
    await shop.return_items(DELIVERED, [FIRST_MUG, LAMP], CREDIT, "k1")
    receipt = await shop.settle_arrival(DELIVERED)
    assert receipt.legs == (leg(CREDIT, 8340),)
    assert await shop.settle_arrival(DELIVERED) == receipt
    assert await balance_of(shop) == 5000 + 8340


async def test_goods_that_arrive_after_a_refund_never_pay_more_than_is_left(shop: Shop) -> None:
    await shop.return_items(DELIVERED, [FIRST_MUG, SECOND_MUG], CARD, "k1")
    await shop.refund(DELIVERED, [leg(CARD, 6000)], "goodwill", 0, "k2")
    receipt = await shop.settle_arrival(DELIVERED)
    assert receipt.legs == (leg(CARD, 2190),)


async def test_a_shop_that_pays_at_the_request_moves_the_money_at_once(engine: AsyncEngine, clock: StandingClock) -> None:
    await load(engine, "default", with_balance(0))
    shop = Shop(engine, "default", clock, returns_pay="at_request")
    receipt = await shop.return_items(DELIVERED, [FIRST_MUG], CREDIT, "k1")
    assert receipt.legs == (leg(CREDIT, 1850),)
    assert await balance_of(shop) == 1850
    with pytest.raises(BackendRefused) as refusal:
        await shop.settle_arrival(DELIVERED)
    assert code_of(refusal.value) is Code.BAD_STATE


@pytest.mark.parametrize(
    ("order_id", "item_ids", "refund_to", "code"),
    [
        (PENDING, [FIRST_MUG], CARD, Code.BAD_STATE),
        (SHIPPED, [LAMP], PAYPAL, Code.BAD_STATE),
        (DELIVERED, [], CARD, Code.VALIDATION),
        (DELIVERED, [UNKNOWN_ITEM], CARD, Code.NOT_FOUND),
        (DELIVERED, [FIRST_MUG, FIRST_MUG], CARD, Code.VALIDATION),
        (DELIVERED, [FIRST_MUG], PAYPAL, Code.PAYMENT_METHOD_NOT_YOURS),
        (DELIVERED, [FIRST_MUG], BOBS_CREDIT, Code.PAYMENT_METHOD_NOT_YOURS),
        (DELIVERED, [FIRST_MUG, SECOND_MUG, LAMP], CARD, Code.OVER_REFUND),
    ],
)
async def test_a_wrong_return_is_refused_and_changes_nothing(
    shop: Shop,
    engine: AsyncEngine,
    order_id: OrderId,
    item_ids: Sequence[ItemId],
    refund_to: PaymentMethodId,
    code: Code,
) -> None:
    with pytest.raises(BackendRefused) as refusal:
        await shop.return_items(order_id, item_ids, refund_to, "k1")
    assert code_of(refusal.value) is code
    await assert_untouched(engine)


async def test_an_order_is_returned_or_exchanged_once(shop: Shop) -> None:
    await shop.return_items(DELIVERED, [FIRST_MUG], CARD, "k1")
    with pytest.raises(BackendRefused) as refusal:
        await shop.return_items(DELIVERED, [SECOND_MUG], CARD, "k2")
    assert code_of(refusal.value) is Code.BAD_STATE
    with pytest.raises(BackendRefused) as refusal:
        await shop.exchange_items(DELIVERED, [SECOND_MUG], ["mug-red"], CARD, 200, "k3")
    assert code_of(refusal.value) is Code.BAD_STATE


async def test_an_exchange_records_the_exact_difference_and_moves_nothing(shop: Shop) -> None:
    new = ["mug-plain", "mug-red", "lamp-black"]
    receipt = await shop.exchange_items(DELIVERED, [FIRST_MUG, SECOND_MUG, LAMP], new, PAYPAL, -150, "k1")
    order = await order_of(shop, DELIVERED)
    assert order.status is OrderStatus.EXCHANGE_REQUESTED
    assert order.exchange is not None
    assert order.exchange.difference_minor == (1500 - 1850) + (2050 - 1850) + 0
    assert order.exchange.new_item_ids == tuple(new)
    assert len(order.payments) == 2
    assert (receipt.amount_minor, receipt.legs) == (150, ())


@pytest.mark.parametrize(("new", "movement"), [("mug-red", ("capture", CREDIT, 200)), ("mug-plain", ("refund", CREDIT, 350))])
async def test_goods_that_arrive_settle_the_exchange(shop: Shop, new: str, movement: tuple[str, PaymentMethodId, int]) -> None:
    difference = 200 if new == "mug-red" else -350
    await shop.exchange_items(DELIVERED, [FIRST_MUG], [new], CREDIT, difference, "k1")
    await shop.settle_arrival(DELIVERED)
    assert (await money_of(shop, DELIVERED))[-1] == movement
    assert await balance_of(shop) == (4800 if new == "mug-red" else 5350)


@pytest.mark.parametrize(
    ("item_ids", "new", "method", "code"),
    [
        ([], [], CARD, Code.VALIDATION),
        ([FIRST_MUG], [], CARD, Code.VALIDATION),
        ([FIRST_MUG], ["mug-red", "mug-red"], CARD, Code.VALIDATION),
        ([FIRST_MUG, FIRST_MUG], ["mug-red", "mug-red"], CARD, Code.VALIDATION),
        ([UNKNOWN_ITEM], ["mug-red"], CARD, Code.NOT_FOUND),
        ([FIRST_MUG], ["mug-blue"], CARD, Code.VALIDATION),
        ([FIRST_MUG], ["lamp-black"], CARD, Code.VALIDATION),
        ([FIRST_MUG], ["nothing"], CARD, Code.VALIDATION),
        ([FIRST_MUG], ["mug-gone"], CARD, Code.OUT_OF_STOCK),
        ([FIRST_MUG], ["mug-red"], BOBS_CREDIT, Code.PAYMENT_METHOD_NOT_YOURS),
        ([FIRST_MUG], ["mug-gold"], CREDIT, Code.INSUFFICIENT_BALANCE),
    ],
)
async def test_a_wrong_swap_is_refused_before_and_after_dispatch(
    shop: Shop, engine: AsyncEngine, item_ids: Sequence[ItemId], new: Sequence[str], method: PaymentMethodId, code: Code
) -> None:
    with pytest.raises(BackendRefused) as refusal:
        await shop.exchange_items(DELIVERED, item_ids, new, method, 0, "k1")
    assert code_of(refusal.value) is code
    with pytest.raises(BackendRefused) as refusal:
        await shop.change_order_items(PENDING, item_ids, new, method, 0, "k2")
    assert code_of(refusal.value) is code
    await assert_untouched(engine)


async def test_each_changed_line_keeps_its_id_and_gets_its_own_price(shop: Shop) -> None:
    receipt = await shop.change_order_items(PENDING, [SECOND_MUG, FIRST_MUG], ["mug-red", "mug-plain"], PAYPAL, -150, "k1")
    order = await order_of(shop, PENDING)
    lines = [(line.id, line.variant_id, line.price_minor, line.options) for line in order.items]
    assert lines == [
        (FIRST_MUG, "mug-plain", 1500, {"colour": "plain"}),
        (SECOND_MUG, "mug-red", 2050, {"colour": "red"}),
    ]
    assert order.status is OrderStatus.ITEMS_MODIFIED
    assert (await money_of(shop, PENDING))[-1] == ("refund", PAYPAL, 150)
    assert (receipt.amount_minor, receipt.data) == (150, {"difference_minor": -150})


async def test_a_dearer_variant_is_charged_at_once(shop: Shop) -> None:
    receipt = await shop.change_order_items(PENDING, [FIRST_MUG], ["mug-red"], CREDIT, 200, "k1")
    assert (await money_of(shop, PENDING))[-1] == ("capture", CREDIT, 200)
    assert await balance_of(shop) == 4800
    assert (receipt.amount_minor, receipt.data) == (0, {"difference_minor": 200})


@pytest.mark.parametrize("expected", [150, 250, -200, 0])
async def test_a_swap_at_another_price_than_was_expected_is_refused(shop: Shop, engine: AsyncEngine, expected: int) -> None:
    with pytest.raises(BackendRefused) as refusal:
        await shop.exchange_items(DELIVERED, [FIRST_MUG], ["mug-red"], CARD, expected, "k1")
    assert code_of(refusal.value) is Code.BAD_STATE
    with pytest.raises(BackendRefused) as refusal:
        await shop.change_order_items(PENDING, [FIRST_MUG], ["mug-red"], CARD, expected, "k2")
    assert code_of(refusal.value) is Code.BAD_STATE
    await assert_untouched(engine)


async def test_nothing_may_change_after_the_items_were_changed(shop: Shop, ada_moves_to: Address) -> None:
    await shop.change_order_items(PENDING, [FIRST_MUG], ["mug-red"], CARD, 200, "k0")
    for attempt in (
        shop.change_order_items(PENDING, [SECOND_MUG], ["mug-red"], CARD, 200, "k1"),
        shop.change_order_payment(PENDING, PAYPAL, "k2"),
        shop.change_order_address(PENDING, ada_moves_to, "k3"),
        shop.cancel_order(PENDING, "no_longer_needed", "k4"),
    ):
        with pytest.raises(BackendRefused) as refusal:
            await attempt
        assert code_of(refusal.value) is Code.BAD_STATE
    assert await status_of(shop, PENDING) is OrderStatus.ITEMS_MODIFIED


async def test_a_cheaper_swap_is_refused_when_less_is_left_to_refund(shop: Shop) -> None:
    await shop.refund(PENDING, [leg(CARD, 3600)], "goodwill", 0, "k1")
    with pytest.raises(BackendRefused) as refusal:
        await shop.change_order_items(PENDING, [FIRST_MUG], ["mug-plain"], CARD, -350, "k2")
    assert code_of(refusal.value) is Code.OVER_REFUND


async def test_no_goods_no_settlement(shop: Shop) -> None:
    with pytest.raises(BackendRefused) as refusal:
        await shop.settle_arrival(DELIVERED)
    assert code_of(refusal.value) is Code.BAD_STATE
    assert (await shop.find_orders(ADA))[0].id == PENDING
