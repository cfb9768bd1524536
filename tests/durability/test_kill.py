"""Real worker processes are killed or paused in the middle of a refund; the shop's books hold exactly one."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from service.clock import wall_clock
from service.outcomes import BOUNDARIES as OUTCOME_BOUNDARIES
from service.pipeline import BOUNDARIES as PIPELINE_BOUNDARIES
from tests.conftest import StandingClock
from tests.durability.stories import says, wants_refund
from tests.durability.test_every_boundary import check
from tests.durability.worker import READY, start
from tests.rig import SECRET, Rig, rig
from tools.execution import BOUNDARIES as TOOL_BOUNDARIES

HAND_OVER = {"before_hand_over", "after_hand_over"}
# The first turn of the story proposes the refund; what a yes leads to passes these for the first time in the second.
SECOND_TURN = {"after_claim", "before_outcome", "after_outcome"}
KINDS = [name for name in (*PIPELINE_BOUNDARIES, *TOOL_BOUNDARIES, *OUTCOME_BOUNDARIES) if name not in HAND_OVER]


class RunningClock(StandingClock):
    """A clock that does not stand: processes that wait for each other live in real time."""

    def __call__(self) -> datetime:
        return wall_clock()


RUNNING = RunningClock(wall_clock())
ADOPTED_WITHIN = 10.0
PATIENCE = 60.0


@asynccontextmanager
async def worker(url: str, how: str = "live", boundary: str = "none", passage: int = 1) -> AsyncIterator[BaseProcess]:
    """A worker process on this database, gone at the end of the block."""
    environment = {
        "DESKRAIL_DATABASE_URL": url,
        "DESKRAIL_WEBHOOK_SECRET": SECRET,
        "DESKRAIL_MODEL_PROVIDER": "scripted",
    }
    process, ready = await asyncio.to_thread(start, environment, how, boundary, passage)
    try:
        assert await asyncio.to_thread(ready.poll, PATIENCE)
        assert ready.recv_bytes() == READY
        yield process
    finally:
        process.kill()
        await ended(process)


async def ended(process: BaseProcess) -> int | None:
    """Wait until the process has ended; its exit code."""
    await asyncio.to_thread(process.join, PATIENCE)
    return process.exitcode


async def until(what: Callable[[], Awaitable[bool]]) -> float:
    """Wait until it is so; returns the seconds it took."""
    began = time.monotonic()
    while not await what():
        assert time.monotonic() - began < PATIENCE, "It never came about."
        await asyncio.sleep(0.05)
    return time.monotonic() - began


async def asked(service: Rig) -> bool:
    return (await service.ticket_called("T-1"))["question"] is not None


async def resolved(service: Rig) -> bool:
    return (await service.ticket_called("T-1"))["status"] == "resolved"


async def standing_still(process: BaseProcess) -> bool:
    """Whether the process was stopped by a signal; the field after the name in parentheses is its state."""
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"  # noqa: ASYNC240


async def up_to_the_blow(service: Rig, process: BaseProcess, boundary: str) -> None:
    """Tell the story until the process dies."""
    await wants_refund(service)
    dies_early = boundary in ("before_decision", "after_decision")
    if not dies_early:
        await until(lambda: asked(service))
        await says(service, "yes please")
    assert await ended(process) == -signal.SIGKILL


async def to_the_end(service: Rig, boundary: str) -> float:
    """Tell the rest, with whoever works now; returns the seconds until the ticket came to rest."""
    took = 0.0
    if boundary in ("before_decision", "after_decision"):
        took = await until(lambda: asked(service))
        await says(service, "yes please")
    return took + await until(lambda: resolved(service))


@pytest.mark.parametrize("boundary", KINDS)
async def test_a_killed_worker_is_replaced_by_the_next_start(boundary: str, sqlite_url: str) -> None:
    async with rig(sqlite_url, RUNNING) as service:
        async with worker(sqlite_url, "kill", boundary, 2 if boundary in SECOND_TURN else 1) as first:
            await up_to_the_blow(service, first, boundary)
        async with worker(sqlite_url):
            await to_the_end(service, boundary)
        await check(service)


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
@pytest.mark.parametrize("boundary", KINDS)
async def test_a_second_worker_adopts_what_a_killed_one_left(boundary: str, postgres_url: str) -> None:
    async with rig(postgres_url, RUNNING) as service:
        async with worker(postgres_url, "kill", boundary, 2 if boundary in SECOND_TURN else 1) as first:
            await up_to_the_blow(service, first, boundary)
            async with worker(postgres_url):
                assert await to_the_end(service, boundary) < ADOPTED_WITHIN
        await check(service)


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
@pytest.mark.parametrize("boundary", ["after_sent", "before_outcome"])
async def test_a_paused_worker_that_wakes_after_its_work_was_adopted_changes_nothing(boundary: str, postgres_url: str) -> None:
    async with rig(postgres_url, RUNNING) as service:
        passage = 2 if boundary in SECOND_TURN else 1
        async with worker(postgres_url, "pause", boundary, passage) as paused:
            await wants_refund(service)
            await until(lambda: asked(service))
            await says(service, "yes please")
            await until(lambda: standing_still(paused))
            async with worker(postgres_url):
                await until(lambda: resolved(service))
                os.kill(paused.pid or 0, signal.SIGCONT)
                # Its heartbeat is refused, and it ends rather than claim new work.
                assert await ended(paused) == os.EX_TEMPFAIL
        await check(service)
