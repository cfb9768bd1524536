"""Many calls at once: one winner, exact books, no deadlock."""

import asyncio
import multiprocessing
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.conftest import StandingClock
from tests.tools.shop.look import ADA, balance_of, code_of, end_of_threads, money_of, open_every_connection, order_of
from tests.tools.shop.small import CARD, CREDIT, DELIVERED, PAYPAL, PENDING, SHIPPED, leg
from tests.tools.shop.starting import start_shop
from tools.backends.shop import Shop, open_engine, read_books
from tools.commerce import Address, Receipt
from tools.errors import BackendRefused, Code


async def test_of_fifty_refunds_of_sixty_percent_exactly_one_wins(shop: Shop, engine: AsyncEngine) -> None:
    await open_every_connection(shop)
    sixty = leg(PAYPAL, 6490 * 6 // 10)
    calls = [shop.refund(SHIPPED, [sixty], "late", 0, f"k{n}") for n in range(50)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    won = [answer for answer in answers if isinstance(answer, Receipt)]
    refused = [code_of(answer) for answer in answers if isinstance(answer, BaseException)]
    assert len(won) == 1
    assert refused == [Code.BAD_STATE] * 49
    assert (await order_of(shop, SHIPPED)).refunded_minor == sixty.amount_minor
    assert [entry.receipt for entry in await read_books(engine, "default")] == won


async def test_refunds_on_three_orders_share_one_store_credit_exactly(shop: Shop) -> None:
    await open_every_connection(shop)
    calls = [
        shop.refund(order, [leg(CREDIT, 100)], "goodwill", 0, f"{order}-{n}")
        for n in range(10)
        for order in (DELIVERED, SHIPPED, PENDING)
    ]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(answer, Receipt) for answer in answers) == 3
    assert await balance_of(shop) == 5300


async def test_cancelling_and_refunding_at_once_never_pays_twice(shop: Shop) -> None:
    await open_every_connection(shop)
    calls = [shop.cancel_order(PENDING, "no_longer_needed", f"c{n}") for n in range(5)]
    calls += [shop.refund(PENDING, [leg(CARD, 3700)], "lost", 0, f"r{n}") for n in range(5)]
    await asyncio.gather(*calls, return_exceptions=True)
    order = await order_of(shop, PENDING)
    assert order.refunded_minor == order.captured_minor == 3700


async def test_every_kind_of_effect_at_once_meets_no_deadlock(shop: Shop, ada_moves_to: Address) -> None:
    await open_every_connection(shop)
    calls = [
        call
        for n in range(6)
        for call in (
            shop.change_customer_address(ADA, ada_moves_to, f"a{n}"),
            shop.change_order_address(PENDING, ada_moves_to, f"b{n}"),
            shop.change_order_payment(PENDING, PAYPAL, f"c{n}"),
            shop.refund(DELIVERED, [leg(CREDIT, 10)], "late", 0, f"d{n}"),
            shop.add_note(DELIVERED, ADA, "x", f"e{n}"),
        )
    ]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(answer, Receipt | BackendRefused) for answer in answers)
    assert sum(isinstance(answer, Receipt) for answer in answers) == 6 + 6 + 1 + 1 + 6
    assert len(await money_of(shop, PENDING)) == 3


async def _assert_two_processes_may_start_at_once(url: str, clock: StandingClock) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=start_shop, args=(url, f"shop{n}")) for n in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        await asyncio.to_thread(process.join)
    assert [process.exitcode for process in processes] == [0, 0]
    engine = open_engine(url)
    for n in range(2):
        assert await Shop(engine, f"shop{n}", clock).get_order(PENDING) is not None
    await engine.dispose()
    await end_of_threads()


async def test_two_processes_may_create_one_file_at_once(tmp_path: Path, clock: StandingClock) -> None:
    await _assert_two_processes_may_start_at_once(f"sqlite:///{tmp_path / 'new.db'}", clock)


@pytest.mark.postgres
async def test_two_processes_may_create_one_schema_at_once(empty_postgres_url: str, clock: StandingClock) -> None:
    await _assert_two_processes_may_start_at_once(empty_postgres_url, clock)
