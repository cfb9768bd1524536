"""A help desk that is slow to answer: nobody else's reply waits for it, and nothing is lost or told out of order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.rig import Rig
from tests.service.receiver import HelpDesk, deliver_all, deliverer
from tests.service.test_replies import states


@asynccontextmanager
async def silent(desk: HelpDesk) -> AsyncIterator[asyncio.Event]:
    """The help desk takes the next webhook, which the event tells, and does not answer it before the block ends."""
    reached, answers = asyncio.Event(), asyncio.Event()

    async def no_answer_yet() -> None:
        reached.set()
        await answers.wait()

    desk.meanwhile = no_answer_yet
    try:
        yield reached
    finally:
        answers.set()


async def stop(running: asyncio.Task[None]) -> None:
    """The worker is told to stop."""
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_try_that_gets_no_answer_holds_up_nobody_elses_reply_and_its_own_tickets_wait(
    service: Rig, desk: HelpDesk
) -> None:
    next_reached = asyncio.Event()

    async def reaches() -> None:
        next_reached.set()

    await service.say("Where is my order D-100001?", ticket="T-1")
    service.clock.advance(seconds=1)
    async with deliverer(service) as sender:
        async with silent(desk) as reached, asyncio.timeout(10):
            running = asyncio.create_task(sender.run())
            await reached.wait()
            desk.meanwhile = reaches
            await service.say("Where is my order D-100001?", ticket="T-2")
            service.clock.advance(seconds=1)
            await next_reached.wait()
            await stop(running)
            assert {body["data"]["ticket"]["external_id"] for body in desk.taken} <= {"T-2"}
        service.clock.advance(seconds=61)
        await deliver_all(sender)
    mine = [body["type"] for body in desk.taken if body["data"]["ticket"]["external_id"] == "T-1"]
    assert list(dict.fromkeys(mine)) == ["ticket.reply", "ticket.resolved"]
    assert {state for _, state in await states(service)} == {"sent"}


async def test_a_worker_that_stops_ends_its_tries_and_they_are_made_again(service: Rig, desk: HelpDesk) -> None:
    await service.say("Where is my order D-100001?")
    service.clock.advance(seconds=1)
    async with deliverer(service) as stopping, silent(desk) as reached, asyncio.timeout(10):
        running = asyncio.create_task(stopping.run())
        await reached.wait()
        await stop(running)
    assert await states(service) == [("ticket.reply", "sending"), ("ticket.resolved", "pending")]
    async with deliverer(service) as sender:
        assert await deliver_all(sender) == 0
        service.clock.advance(seconds=61)
        assert await deliver_all(sender) == 2
    assert {state for _, state in await states(service)} == {"sent"}
