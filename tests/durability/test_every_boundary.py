"""The process dies at every persisted boundary of a refund, and the customer gets the money exactly once all the same."""

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from service.outcomes import BOUNDARIES as OUTCOME_BOUNDARIES
from service.pipeline import BOUNDARIES as PIPELINE_BOUNDARIES
from tests.conftest import StandingClock
from tests.durability import stories
from tests.rig import Rig, rig, rig_settings
from tools.execution import BOUNDARIES as TOOL_BOUNDARIES

ALL = (*PIPELINE_BOUNDARIES, *TOOL_BOUNDARIES, *OUTCOME_BOUNDARIES)


class Died(BaseException):
    """Stands for kill -9: nothing after it runs in this process."""


class Deaths:
    """Dies at one passage of a boundary, and counts the passages of all."""

    def __init__(self, at: str | None = None, passage: int = 1) -> None:
        self.at, self.passage = at, passage
        self.seen: Counter[str] = Counter()

    def __call__(self, boundary: str) -> None:
        self.seen[boundary] += 1
        if boundary == self.at and self.seen[boundary] == self.passage:
            raise Died(boundary)


async def live_through(url: str, clock: StandingClock, story: Callable, deaths: Deaths) -> Rig:
    """Tell the story; each death is followed by a new process on the same database."""
    settings, told, seed = rig_settings(url), 0, True
    while True:
        async with rig(url, clock, settings=settings, crashpoint=deaths, seed=seed) as service:
            seed = False
            steps = await story(service)
            try:
                await service.work()
                while told < len(steps):
                    told += 1
                    await steps[told - 1](service)
                    await service.work()
            except Died:
                continue
            await check(service)
            return service


async def check(service: Rig) -> None:
    ticket = await service.ticket_called("T-1")
    books = await service.books()
    assert [entry.kind for entry in books] == ["refund"]
    assert ticket["status"] == "resolved"
    (action,) = ticket["actions"]
    assert (action["status"], action["idempotency_key"]) == ("succeeded", books[0].key)
    texts = await service.said(ticket["id"])
    assert sum(books[0].receipt.reference in text for text in texts) == 1
    assert len(texts) == len(set(texts))
    await service.verify_journals()


@pytest.mark.parametrize("story", [stories.small_refund, stories.large_refund], ids=lambda story: story.__name__)
async def test_a_customer_is_refunded_once_wherever_the_process_dies(
    story: Callable, sqlite_url: str, clock: StandingClock, fresh_sqlite: Path, tmp_path: Path
) -> None:
    calm = Deaths()
    await live_through(sqlite_url, clock, story, calm)
    passed = {boundary for boundary in ALL if calm.seen[boundary]}
    # The agent's queue is not part of a refund; every other boundary is.
    assert passed == set(ALL) - {"before_hand_over", "after_hand_over"}
    for boundary in sorted(passed):
        for passage in range(1, calm.seen[boundary] + 1):
            url = f"sqlite:///{tmp_path / f'{boundary}-{passage}.db'}"
            shutil.copy(fresh_sqlite, tmp_path / f"{boundary}-{passage}.db")
            deaths = Deaths(boundary, passage)
            await live_through(url, StandingClock(clock()), story, deaths)
            assert deaths.seen[boundary] >= passage
