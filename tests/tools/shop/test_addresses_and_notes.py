"""Addresses of orders and customers, and notes in the books."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.tools.shop.look import ADA, BOB, assert_untouched, code_of, order_of
from tests.tools.shop.small import DELIVERED, PENDING, SHIPPED
from tools.backends.shop import Shop, read_books
from tools.commerce import Address, CustomerId, OrderId
from tools.errors import BackendRefused, Code


async def test_a_pending_order_goes_to_the_new_address(shop: Shop, ada_moves_to: Address) -> None:
    receipt = await shop.change_order_address(PENDING, ada_moves_to, "k1")
    assert (await order_of(shop, PENDING)).address == ada_moves_to
    assert (receipt.kind, receipt.amount_minor) == ("change_order_address", 0)


@pytest.mark.parametrize("order_id", [SHIPPED, DELIVERED])
async def test_a_parcel_on_its_way_keeps_its_address(
    shop: Shop, engine: AsyncEngine, ada_moves_to: Address, order_id: OrderId
) -> None:
    with pytest.raises(BackendRefused) as refusal:
        await shop.change_order_address(order_id, ada_moves_to, "k1")
    assert code_of(refusal.value) is Code.BAD_STATE
    await assert_untouched(engine)


async def test_a_customers_new_address_leaves_the_orders_alone(shop: Shop, ada_moves_to: Address) -> None:
    before = await order_of(shop, PENDING)
    await shop.change_customer_address(ADA, ada_moves_to, "k1")
    customer = await shop.get_customer(ADA)
    assert customer is not None
    assert customer.address == ada_moves_to
    assert await order_of(shop, PENDING) == before


async def test_a_note_stands_in_the_books(shop: Shop, engine: AsyncEngine) -> None:
    await shop.add_note(PENDING, ADA, "Called \x00 twice.", "k1")
    await shop.add_note(None, BOB, "Likes mugs.", "k2")
    first, second = await read_books(engine, "default")
    assert (first.kind, first.order_id, first.request["text"]) == ("add_note", PENDING, "Called \x00 twice.")
    assert (second.order_id, second.customer_id) == (None, BOB)


@pytest.mark.parametrize(
    ("order_id", "customer_id"),
    [(PENDING, BOB), (OrderId("O-NONE"), ADA), (None, CustomerId("cus_none")), (None, CustomerId("cus\x00"))],
)
async def test_a_note_on_somebody_elses_or_an_unknown_order_is_refused(
    shop: Shop, engine: AsyncEngine, order_id: OrderId | None, customer_id: CustomerId
) -> None:
    with pytest.raises(BackendRefused) as refusal:
        await shop.add_note(order_id, customer_id, "x", "k1")
    assert code_of(refusal.value) is Code.NOT_FOUND
    await assert_untouched(engine)
