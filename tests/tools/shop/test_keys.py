"""A key stands for one request: the same request again changes nothing, another one is refused."""

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.conftest import StandingClock
from tests.tools.shop.look import ADA, balance_of, code_of, money_of, open_every_connection
from tests.tools.shop.small import BOBS, BOBS_CARD, CARD, CREDIT, DELIVERED, PENDING, SMALL_SHOP, leg
from tools.backends.shop import Shop, load, read_books
from tools.commerce import Address
from tools.errors import BackendRefused, Code


async def test_a_repeated_refund_answers_the_first_receipt_and_pays_once(shop: Shop, clock: StandingClock) -> None:
    first = await shop.refund(DELIVERED, [leg(CREDIT, 500)], "late", 0, "k1")
    assert await shop.refund(DELIVERED, [leg(CREDIT, 500)], "late", 0, "k1") == first
    assert await balance_of(shop) == 5500


async def test_a_repeated_refund_with_a_newer_precondition_is_still_the_same_refund(shop: Shop) -> None:
    first = await shop.refund(DELIVERED, [leg(CARD, 500)], "late", 0, "k1")
    assert await shop.refund(DELIVERED, [leg(CARD, 500)], "late", 500, "k1") == first
    assert len(await money_of(shop, DELIVERED)) == 3


async def test_a_repeated_cancellation_is_no_bad_state(shop: Shop) -> None:
    first = await shop.cancel_order(PENDING, "no_longer_needed", "k1")
    assert await shop.cancel_order(PENDING, "no_longer_needed", "k1") == first


async def test_a_key_of_another_request_is_refused_and_changes_nothing(shop: Shop, engine: AsyncEngine) -> None:
    await shop.refund(DELIVERED, [leg(CARD, 500)], "late", 0, "k1")
    for attempt in (
        shop.refund(DELIVERED, [leg(CARD, 501)], "late", 500, "k1"),
        shop.refund(DELIVERED, [leg(CARD, 500)], "lost", 500, "k1"),
        shop.refund(BOBS, [leg(BOBS_CARD, 500)], "late", 0, "k1"),
        shop.cancel_order(PENDING, "no_longer_needed", "k1"),
        shop.add_note(None, ADA, "x", "k1"),
    ):
        with pytest.raises(BackendRefused) as refusal:
            await attempt
        assert code_of(refusal.value) is Code.VALIDATION
    assert len(await read_books(engine, "default")) == 1


@pytest.mark.parametrize("key", ["", "k\x00"])
async def test_an_effect_without_a_usable_key_is_refused(shop: Shop, key: str) -> None:
    with pytest.raises(BackendRefused) as refusal:
        await shop.cancel_order(PENDING, "no_longer_needed", key)
    assert code_of(refusal.value) is Code.VALIDATION


async def test_a_refused_effect_leaves_its_key_free(shop: Shop) -> None:
    with pytest.raises(BackendRefused):
        await shop.refund(DELIVERED, [leg(CARD, 500)], "late", 77, "k1")
    assert await shop.find_effect("k1") is None
    receipt = await shop.refund(DELIVERED, [leg(CARD, 500)], "late", 0, "k1")
    assert await shop.find_effect("k1") == receipt


async def test_the_same_call_ten_times_at_once_pays_once(shop: Shop, engine: AsyncEngine) -> None:
    await open_every_connection(shop)
    calls = [shop.refund(DELIVERED, [leg(CREDIT, 500)], "late", 0, "k1") for _ in range(10)]
    receipts = await asyncio.gather(*calls)
    assert len({receipt.reference for receipt in receipts}) == 1
    assert await balance_of(shop) == 5500
    assert len(await read_books(engine, "default")) == 1


async def test_the_same_change_of_address_ten_times_at_once_is_one_effect(
    shop: Shop, engine: AsyncEngine, ada_moves_to: Address
) -> None:
    await open_every_connection(shop)
    receipts = await asyncio.gather(*(shop.change_customer_address(ADA, ada_moves_to, "k1") for _ in range(10)))
    assert len({receipt.reference for receipt in receipts}) == 1
    assert len(await read_books(engine, "default")) == 1


async def test_one_key_on_two_orders_at_once_acts_once(shop: Shop, engine: AsyncEngine) -> None:
    await open_every_connection(shop)
    answers = await asyncio.gather(
        shop.refund(DELIVERED, [leg(CARD, 500)], "late", 0, "k1"),
        shop.refund(BOBS, [leg(BOBS_CARD, 500)], "late", 0, "k1"),
        return_exceptions=True,
    )
    [refusal] = [answer for answer in answers if isinstance(answer, BaseException)]
    assert code_of(refusal) is Code.VALIDATION
    assert len(await read_books(engine, "default")) == 1


async def test_two_shops_may_use_the_same_key_and_the_same_ids(shop: Shop, engine: AsyncEngine, clock: StandingClock) -> None:
    await load(engine, "other", SMALL_SHOP)
    other = Shop(engine, "other", clock)
    first = await shop.refund(DELIVERED, [leg(CREDIT, 500)], "late", 0, "k1")
    assert await other.find_effect("k1") is None
    second = await other.refund(DELIVERED, [leg(CREDIT, 300)], "late", 0, "k1")
    assert first.reference != second.reference
    assert (await balance_of(shop), await balance_of(other)) == (5500, 5300)
