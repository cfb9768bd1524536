"""The misbehaving wrapper does what its script says, and nothing else."""

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.tools.shop.look import ADA, BOB, balance_of
from tests.tools.shop.small import CARD, CREDIT, DELIVERED, FIRST_MUG, PENDING, leg
from tools.backends.shop import Fault, Faulty, Shop, read_books
from tools.commerce import Address, Capabilities, Receipt
from tools.errors import BackendUnavailable, OutcomeUnknown


async def _pay(backend: Faulty, key: str = "k1") -> Receipt:
    receipt = await backend.refund(DELIVERED, [leg(CREDIT, 500)], "late", 0, key)
    assert isinstance(receipt, Receipt)
    return receipt


@pytest.mark.parametrize(
    ("fault", "error", "effects"),
    [
        (Fault("unreachable"), BackendUnavailable, 0),
        (Fault("lost_request"), OutcomeUnknown, 0),
        (Fault("lost_answer"), OutcomeUnknown, 1),
        (Fault("rubbish"), OutcomeUnknown, 1),
    ],
)
async def test_a_fault_comes_before_or_after_the_effect_and_only_once(
    shop: Shop, engine: AsyncEngine, fault: Fault, error: type[Exception], effects: int
) -> None:
    backend = Faulty(shop)
    backend.script("refund", fault)
    with pytest.raises(error):
        await _pay(backend)
    assert len(await read_books(engine, "default")) == effects
    receipt = await _pay(backend)
    assert await backend.find_effect("k1") == receipt
    assert await balance_of(shop) == 5500


async def test_a_backend_that_forgets_keys_pays_twice(shop: Shop) -> None:
    backend = Faulty(shop, forgets_keys=True)
    assert not backend.capabilities.honours_keys
    await _pay(backend)
    assert await backend.find_effect("k1") is None
    await backend.refund(DELIVERED, [leg(CREDIT, 500)], "late", 500, "k1")
    assert await balance_of(shop) == 6000


async def test_a_backend_may_promise_more_than_it_holds(shop: Shop) -> None:
    promised = Capabilities(honours_keys=True)
    assert Faulty(shop, forgets_keys=True, capabilities=promised).capabilities == promised


async def test_a_call_waits_until_the_test_lets_it_go(shop: Shop, engine: AsyncEngine) -> None:
    backend = Faulty(shop)
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def stop() -> None:
        reached.set()
        await go_on.wait()

    backend.script("refund", Fault(after=stop))
    call = asyncio.create_task(_pay(backend))
    await reached.wait()
    assert not call.done()
    assert len(await read_books(engine, "default")) == 1
    go_on.set()
    assert (await call).amount_minor == 500


async def test_an_answer_can_be_readable_and_wrong(shop: Shop) -> None:
    backend = Faulty(shop)
    backend.script("refund", Fault(distort=lambda receipt: receipt.model_copy(update={"amount_minor": 1})))
    assert (await _pay(backend)).amount_minor == 1
    assert (await _pay(backend)).amount_minor == 500


async def test_a_read_that_fails_is_unavailable(shop: Shop) -> None:
    backend = Faulty(shop)
    backend.script("get_order", Fault(), Fault("lost_answer"))
    assert await backend.get_order(PENDING) is not None
    with pytest.raises(BackendUnavailable):
        await backend.get_order(PENDING)
    assert await backend.get_order(PENDING) is not None
    assert [call.arguments for call in backend.calls] == [{"order_id": PENDING}] * 3


async def test_without_a_script_every_call_passes_unchanged(shop: Shop, ada_moves_to: Address) -> None:
    backend = Faulty(shop)
    assert await backend.get_order(PENDING) == await shop.get_order(PENDING)
    assert await backend.find_orders(ADA, 2) == await shop.find_orders(ADA, 2)
    assert await backend.get_customer(BOB) == await shop.get_customer(BOB)
    assert await backend.find_customer_by_email("ada@example.com") == await shop.get_customer(ADA)
    assert await backend.get_product("mug") == await shop.get_product("mug")
    assert await backend.find_shipment("1Z0001") == await shop.find_shipment("1Z0001")
    assert await backend.search_articles("parcel") == await shop.search_articles("parcel")
    receipts = [
        await backend.change_order_address(PENDING, ada_moves_to, "a"),
        await backend.change_customer_address(ADA, ada_moves_to, "b"),
        await backend.change_order_payment(PENDING, CREDIT, "c"),
        await backend.cancel_order(PENDING, "no_longer_needed", "d"),
        await backend.add_note(PENDING, ADA, "x", "e"),
        await backend.return_items(DELIVERED, [FIRST_MUG], CARD, "f"),
    ]
    assert [await shop.find_effect(key) for key in "abcdef"] == receipts


async def test_swaps_pass_through_too(shop: Shop) -> None:
    backend = Faulty(shop)
    await backend.change_order_items(PENDING, [FIRST_MUG], ["mug-red"], CARD, 200, "a")
    await backend.exchange_items(DELIVERED, [FIRST_MUG], ["mug-red"], CARD, 200, "b")
    assert [call.arguments["key"] for call in backend.calls] == ["a", "b"]
