"""How many webhooks are accepted per second on PostgreSQL, beside a route that verifies, validates and inserts one row.

Run it with `python -m benchmarks webhooks`.
"""

import asyncio
import secrets
import statistics
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks import bare_route, servers
from benchmarks.databases import Gauge, Skipped, furnish, postgres
from benchmarks.load import Person, Post, sender, signed
from benchmarks.processes import Child, Meter, Postgres, hold_two_cores, running
from benchmarks.report import Line, at_least, load_note, show
from service.clock import wall_clock
from tools.backends.shop import demo_data

TEXT = "Where is my order D-100001? It should have been here on Monday."


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is sent: paired rounds, and webhooks in each half of one."""

    rounds: int = 7
    webhooks: int = 2_000
    warm_up: int = 300


QUICK = Plan(rounds=2, webhooks=20, warm_up=16)


@dataclass(frozen=True, slots=True)
class Round:
    """One side's half of a round: webhooks per second, and CPU milliseconds of web process and database per webhook."""

    rate: float
    cpu_ms: float


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    plan, notes = QUICK if "--quick" in arguments else Plan(), [load_note(), hold_two_cores()]
    try:
        with postgres() as url:
            furnish(url, demo_data(wall_clock()))
            with running(ours=partial(servers.web, url), floor=partial(bare_route.serve, url)) as children:
                sides = asyncio.run(_rounds(plan, children, Postgres.behind(url)))
            _require_stored(url, plan)
    except Skipped as why:
        print(f"webhooks: skipped. {why}")
        return
    ours, floor = sides["ours"], sides["floor"]
    show(
        "Accepted webhooks, PostgreSQL, 16 in flight",
        [
            Line("webhooks per second", _median(ours, "rate"), _median(floor, "rate"), at_least(0.35)),
            Line("CPU ms per webhook (web + PostgreSQL)", _median(ours, "cpu_ms"), _median(floor, "cpu_ms")),
        ],
        notes,
    )


async def _rounds(plan: Plan, children: Mapping[str, Child], database: Postgres | None) -> dict[str, list[Round]]:
    """Both sides in turn, so that a busy machine is busy for both."""
    found: dict[str, list[Round]] = defaultdict(list)
    async with sender(children["ours"].address) as ours, sender(children["floor"].address) as floor:
        senders = {"ours": ours, "floor": floor}
        for target in senders.values():
            await target.send_all(_posts(plan.warm_up))
        for number in range(plan.rounds):
            for name in ("ours", "floor") if number % 2 == 0 else ("floor", "ours"):
                posts, meter = _posts(plan.webhooks), Meter({name: children[name]}, database)
                before = sum(meter.read().values())
                seconds = await senders[name].send_all(posts)
                spent = sum(meter.read().values()) - before
                found[name].append(Round(plan.webhooks / seconds, spent / plan.webhooks * 1e3))
    return found


def _posts(count: int) -> list[Post]:
    """Webhooks of tickets and customers that nobody has seen, signed now."""
    batch = secrets.token_hex(4)
    people = [Person(f"cus_{batch}_{n}", f"{batch}.{n}@example.com", "Ada Byron") for n in range(count)]
    return [signed(f"{batch}-{n}", person, TEXT) for n, person in enumerate(people)]


def _require_stored(url: str, plan: Plan) -> None:
    """Raises `AssertionError` unless every accepted message is in the database and wakes its ticket."""
    gauge, sent = Gauge(url), plan.warm_up + plan.rounds * plan.webhooks
    try:
        if (gauge.received(), gauge.waiting()) != (sent, sent):
            raise AssertionError(f"{sent} webhooks were accepted, {gauge.received()} stored, {gauge.waiting()} wait")
    finally:
        gauge.close()


def _median(rounds: Sequence[Round], figure: str) -> float:
    return statistics.median(getattr(one, figure) for one in rounds)


if __name__ == "__main__":
    main(sys.argv[1:])
