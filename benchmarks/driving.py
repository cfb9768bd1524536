"""Drives a running system through whole turns: paced for its latency, then over a backlog for its rate and its CPU."""

import asyncio
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count, cycle

import numpy as np

from benchmarks.databases import Gauge
from benchmarks.load import IN_FLIGHT, Person, Post, Sender, signed
from benchmarks.processes import Meter
from tools.backends.shop import demo_data

LOOK_SECONDS = 0.1
"""How often the load looks how long the backlog is."""

DRAIN_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Plan:
    """How long a round lasts. Seconds; `backlog` is how many tickets always wait while the rate is measured."""

    rounds: int = 3
    warm_up: int = 200
    paced_rate: int = 60
    paced_seconds: float = 15.0
    backlog: int = 200
    fill_seconds: float = 3.0
    sustained_seconds: float = 12.0


@dataclass(frozen=True, slots=True)
class Round:
    """What one system did in one round: latencies in seconds, turns per second, and CPU per turn in ms by process.

    `late` is by how many seconds the load itself missed its pace at most.
    """

    latencies: tuple[float, ...]
    late: float
    turns_per_second: float
    cpu_ms: dict[str, float]

    def latency_ms(self, percent: int) -> float:
        """A percentile of the latency."""
        return float(np.percentile(self.latencies, percent)) * 1e3

    @property
    def cpu_ms_per_turn(self) -> float:
        """All processes together, without the load."""
        return sum(self.cpu_ms.values())


class Tickets:
    """New tickets without end: customers of the demo shop who ask where one of their orders is."""

    def __init__(self, now: datetime) -> None:
        data = demo_data(now)
        people = {one["id"]: Person(one["id"], one["email"], " ".join(one["name"].values())) for one in data["customers"]}
        self._asked = cycle([(order["id"], people[order["customer_id"]]) for order in data["orders"]])

    def stream(self) -> tuple[str, Iterator[Post]]:
        """A prefix that their external ids share, and the signed webhooks themselves."""
        prefix = secrets.token_hex(4)
        posts = (
            signed(f"{prefix}-{number}", person, f"Where is my order {order}?")
            for number, (order, person) in zip(count(), self._asked, strict=False)
        )
        return prefix, posts


@dataclass(frozen=True, slots=True)
class System:
    """A system that runs: where its load goes in, what its database says, and what it spends."""

    sender: Sender
    gauge: Gauge
    meter: Meter
    tickets: Tickets

    async def round(self, plan: Plan) -> Round:
        """Warm it up, then measure it both ways; every ticket is answered before this returns."""
        _, warm = self.tickets.stream()
        await self.sender.send_all([next(warm) for _ in range(plan.warm_up)])
        await self._drained()
        latencies, late = await self._paced(plan)
        await self._drained()
        rate, cpu_ms = await self._sustained(plan)
        await self._drained()
        self.gauge.require_all_answered()
        return Round(latencies, late, rate, cpu_ms)

    async def _paced(self, plan: Plan) -> tuple[tuple[float, ...], float]:
        """Webhooks at fixed moments, whether or not earlier ones are answered: the latencies, and how late the load was."""
        prefix, posts = self.tickets.stream()
        due = [(n / plan.paced_rate, next(posts)) for n in range(int(plan.paced_rate * plan.paced_seconds))]
        sent: dict[str, datetime] = {}
        late, started = 0.0, time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for moment, post in due:
                await asyncio.sleep(max(0.0, started + moment - time.perf_counter()))
                late = max(late, time.perf_counter() - started - moment)
                # Before the wait for a free connection, so that a slow answer delays nobody's clock.
                sent[post.ticket] = datetime.now(UTC)
                group.create_task(self.sender.send(post))
        await self._drained()
        replied = self.gauge.replied_at(prefix)
        return tuple((replied[ticket] - at).total_seconds() for ticket, at in sent.items()), late

    async def _sustained(self, plan: Plan) -> tuple[float, dict[str, float]]:
        """Webhooks keep coming as fast as turns end, over a backlog; turns per second and CPU ms per turn."""
        backlog = _Backlog(plan.backlog)
        _, posts = self.tickets.stream()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._watch(backlog))]
            tasks += [group.create_task(self._keep_up(backlog, posts)) for _ in range(IN_FLIGHT)]
            await asyncio.sleep(plan.fill_seconds)
            since, before = datetime.now(UTC), self.meter.read()
            await asyncio.sleep(plan.sustained_seconds)
            until, after = datetime.now(UTC), self.meter.read()
            backlog.stopped = True
        turns = self.gauge.replies(since, until)
        cpu_ms = {name: (after[name] - before[name]) / max(turns, 1) * 1e3 for name in after}
        return turns / (until - since).total_seconds(), cpu_ms

    async def _keep_up(self, backlog: "_Backlog", posts: Iterator[Post]) -> None:
        while not backlog.stopped:
            if backlog.waiting >= backlog.wanted:
                await asyncio.sleep(LOOK_SECONDS / 10)
                continue
            backlog.waiting += 1
            await self.sender.send(next(posts))

    async def _watch(self, backlog: "_Backlog") -> None:
        while not backlog.stopped:
            backlog.waiting = self.gauge.waiting()
            await asyncio.sleep(LOOK_SECONDS)

    async def _drained(self) -> None:
        """Wait until no ticket waits. Raises `TimeoutError` when that takes minutes."""
        async with asyncio.timeout(DRAIN_SECONDS):
            while self.gauge.waiting():  # noqa: ASYNC110 - Nobody tells this process; it has to ask the database.
                await asyncio.sleep(LOOK_SECONDS)


@dataclass(slots=True)
class _Backlog:
    """How many tickets wait, as last looked up and counted since, and how many should."""

    wanted: int
    waiting: int = 0
    stopped: bool = False
