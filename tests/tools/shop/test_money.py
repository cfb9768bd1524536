"""Money on an order: refunds, cancelling, and charging another method."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.tools.shop.look import ADA, BOB, assert_untouched, balance_of, code_of, money_of, order_of, status_of
from tests.tools.shop.small import (
    BOBS,
    BOBS_CARD,
    BOBS_CREDIT,
    CARD,
    CREDIT,
    DELIVERED,
    PAYPAL,
    PENDING,
    SHIPPED,
    leg,
    with_balance,
)
from tools.backends.shop import Shop, load, read_books
from tools.commerce import OrderId, OrderStatus, PaymentMethodId, RefundLeg
from tools.errors import BackendRefused, Code


async def test_a_partial_refund_goes_back_to_the_card_that_paid(shop: Shop) -> None:
    receipt = await shop.refund(DELIVERED, [leg(CARD, 1850)], "damaged", 0, "k1")
    assert (receipt.kind, receipt.amount_minor, receipt.currency) == ("refund", 1850, "USD")
    assert receipt.legs == (leg(CARD, 1850),)
    assert (await money_of(shop, DELIVERED))[-1] == ("refund", CARD, 1850)
    assert await status_of(shop, DELIVERED) is OrderStatus.DELIVERED


async def test_a_refund_to_store_credit_raises_the_balance_at_once(shop: Shop) -> None:
    await shop.refund(SHIPPED, [leg(CREDIT, 6490)], "late", 0, "k1")
    assert await balance_of(shop) == 5000 + 6490


async def test_a_refund_over_two_methods_is_one_entry_in_the_books(shop: Shop, engine: AsyncEngine) -> None:
    receipt = await shop.refund(DELIVERED, [leg(CARD, 8190), leg(CREDIT, 2000)], "lost", 0, "k1")
    assert receipt.amount_minor == 10190
    [entry] = await read_books(engine, "default")
    assert (entry.key, entry.kind, entry.order_id, entry.customer_id) == ("k1", "refund", DELIVERED, ADA)
    assert (entry.amount_minor, entry.currency, entry.receipt) == (10190, "USD", receipt)


@pytest.mark.parametrize(
    ("legs", "expected_refunded", "code"),
    [
        ([], 0, Code.VALIDATION),
        ([leg(CARD, 0)], 0, Code.VALIDATION),
        ([leg(CARD, -5)], 0, Code.VALIDATION),
        ([leg(CARD, 900), leg(CARD, -5)], 0, Code.VALIDATION),
        ([leg(PAYPAL, 100)], 0, Code.PAYMENT_METHOD_NOT_YOURS),
        ([leg(BOBS_CARD, 100)], 0, Code.PAYMENT_METHOD_NOT_YOURS),
        ([leg(BOBS_CREDIT, 100)], 0, Code.PAYMENT_METHOD_NOT_YOURS),
        ([leg(CARD, 100)], 1, Code.BAD_STATE),
        ([leg(CARD, 8191)], 0, Code.OVER_REFUND),
        ([leg(CARD, 8190), leg(CARD, 1)], 0, Code.OVER_REFUND),
        ([leg(CREDIT, 10191)], 0, Code.OVER_REFUND),
        ([leg(CARD, 8190), leg(CREDIT, 2001)], 0, Code.OVER_REFUND),
    ],
)
async def test_a_wrong_refund_is_refused_and_changes_nothing(
    shop: Shop, engine: AsyncEngine, legs: list[RefundLeg], expected_refunded: int, code: Code
) -> None:
    with pytest.raises(BackendRefused) as refusal:
        await shop.refund(DELIVERED, legs, "damaged", expected_refunded, "k1")
    assert code_of(refusal.value) is code
    await assert_untouched(engine)


async def test_two_refunds_never_exceed_what_was_captured(shop: Shop) -> None:
    await shop.refund(DELIVERED, [leg(CREDIT, 6000)], "goodwill", 0, "k1")
    with pytest.raises(BackendRefused) as refusal:
        await shop.refund(DELIVERED, [leg(CARD, 4191)], "goodwill", 6000, "k2")
    assert code_of(refusal.value) is Code.OVER_REFUND
    await shop.refund(DELIVERED, [leg(CARD, 4190)], "goodwill", 6000, "k3")
    assert (await order_of(shop, DELIVERED)).refunded_minor == 10190


async def test_an_unknown_reason_or_order_is_refused(shop: Shop) -> None:
    with pytest.raises(BackendRefused) as refusal:
        await shop.refund(DELIVERED, [leg(CARD, 1)], "because", 0, "k1")
    assert code_of(refusal.value) is Code.VALIDATION
    for order_id in ("O-NONE", "", "O-\x00", "O-\ud800"):
        with pytest.raises(BackendRefused) as refusal:
            await shop.refund(OrderId(order_id), [leg(CARD, 1)], "late", 0, "k1")
        assert code_of(refusal.value) is Code.NOT_FOUND


async def test_a_cancelled_order_gives_everything_back_to_the_card(shop: Shop) -> None:
    receipt = await shop.cancel_order(PENDING, "no_longer_needed", "k1")
    order = await order_of(shop, PENDING)
    assert (order.status, order.cancel_reason) == (OrderStatus.CANCELLED, "no_longer_needed")
    assert (receipt.amount_minor, receipt.legs) == (3700, (leg(CARD, 3700),))
    assert order.refunded_minor == order.captured_minor


async def test_cancelling_after_a_refund_gives_back_only_the_rest(shop: Shop) -> None:
    await shop.refund(PENDING, [leg(CREDIT, 700)], "goodwill", 0, "k1")
    receipt = await shop.cancel_order(PENDING, "ordered_by_mistake", "k2")
    assert receipt.legs == (leg(CARD, 3000),)
    assert await balance_of(shop) == 5700


async def test_cancelling_after_a_change_of_payment_refunds_the_new_method_only(shop: Shop) -> None:
    await shop.change_order_payment(PENDING, CREDIT, "k1")
    assert await balance_of(shop) == 1300
    receipt = await shop.cancel_order(PENDING, "no_longer_needed", "k2")
    assert receipt.legs == (leg(CREDIT, 3700),)
    assert await balance_of(shop) == 5000


@pytest.mark.parametrize("order_id", [DELIVERED, SHIPPED])
async def test_what_is_on_its_way_or_there_cannot_be_cancelled(shop: Shop, order_id: OrderId) -> None:
    with pytest.raises(BackendRefused) as refusal:
        await shop.cancel_order(order_id, "no_longer_needed", "k1")
    assert code_of(refusal.value) is Code.BAD_STATE


async def test_an_order_is_cancelled_once_and_for_a_known_reason(shop: Shop) -> None:
    with pytest.raises(BackendRefused) as refusal:
        await shop.cancel_order(PENDING, "too expensive", "k0")
    assert code_of(refusal.value) is Code.VALIDATION
    await shop.cancel_order(PENDING, "no_longer_needed", "k1")
    with pytest.raises(BackendRefused) as refusal:
        await shop.cancel_order(PENDING, "no_longer_needed", "k2")
    assert code_of(refusal.value) is Code.BAD_STATE


async def test_another_method_is_charged_and_the_first_paid_back(shop: Shop) -> None:
    receipt = await shop.change_order_payment(PENDING, PAYPAL, "k1")
    assert receipt.amount_minor == 0
    assert (await money_of(shop, PENDING))[1:] == [("capture", PAYPAL, 3700), ("refund", CARD, 3700)]
    assert await status_of(shop, PENDING) is OrderStatus.PENDING


@pytest.mark.parametrize(
    ("order_id", "method", "code"),
    [
        (PENDING, CARD, Code.VALIDATION),
        (PENDING, BOBS_CARD, Code.PAYMENT_METHOD_NOT_YOURS),
        (SHIPPED, CARD, Code.BAD_STATE),
    ],
)
async def test_a_payment_cannot_move_to_the_same_or_a_foreign_method_or_after_dispatch(
    shop: Shop, engine: AsyncEngine, order_id: OrderId, method: PaymentMethodId, code: Code
) -> None:
    with pytest.raises(BackendRefused) as refusal:
        await shop.change_order_payment(order_id, method, "k1")
    assert code_of(refusal.value) is code
    await assert_untouched(engine)


async def test_a_payment_moves_once_and_only_to_enough_store_credit(shop: Shop, engine: AsyncEngine) -> None:
    await load(engine, "default", with_balance(3699))
    with pytest.raises(BackendRefused) as refusal:
        await shop.change_order_payment(PENDING, CREDIT, "k1")
    assert code_of(refusal.value) is Code.INSUFFICIENT_BALANCE
    await shop.change_order_payment(PENDING, PAYPAL, "k2")
    with pytest.raises(BackendRefused) as refusal:
        await shop.change_order_payment(PENDING, CARD, "k3")
    assert code_of(refusal.value) is Code.BAD_STATE


async def test_bobs_refund_leaves_adas_money_alone(shop: Shop) -> None:
    await shop.refund(BOBS, [leg(BOBS_CREDIT, 1850)], "damaged", 0, "k1")
    assert await balance_of(shop, BOB, BOBS_CREDIT) == 2850
    assert await balance_of(shop) == 5000
