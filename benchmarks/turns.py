"""What whole turns cost, from the webhook to the stored reply of an order-status ticket, beside a hand-written path.

Load, web process, worker process and PostgreSQL share two cores; SQLite runs as one process. Run it with `python -m benchmarks
turns`.
"""

import asyncio
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy import make_url

from benchmarks import floor, servers
from benchmarks.databases import Gauge, Skipped, furnish, postgres, sqlite
from benchmarks.driving import Plan, Round, System, Tickets
from benchmarks.load import sender
from benchmarks.processes import Meter, Postgres, Target, hold_two_cores, running
from benchmarks.report import Line, at_least, at_most, load_note, show
from service.clock import wall_clock
from tools.backends.shop import demo_data

QUICK = Plan(rounds=1, warm_up=6, paced_rate=4, paced_seconds=2.0, backlog=6, fill_seconds=1.0, sustained_seconds=3.0)


@dataclass(frozen=True, slots=True)
class Contender:
    """One system on its own database; `targets` are its processes by name, and the one called `web` listens."""

    targets: dict[str, Target]
    gauge: Gauge
    rows_before: int = 0
    rounds: list[Round] = field(default_factory=list)

    @classmethod
    def on(cls, url: str, web: Callable[..., None], worker: Callable[..., None]) -> "Contender":
        """A web process and a worker process on a PostgreSQL database."""
        gauge = Gauge(url)
        return cls({"web": partial(web, url), "worker": partial(worker, url)}, gauge, gauge.rows_written())

    def rows_per_turn(self) -> float:
        """Rows that PostgreSQL wrote for one ticket, from the webhook to its end."""
        return (self.gauge.rows_written() - self.rows_before) / self.gauge.received()


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    plan = QUICK if "--quick" in arguments else Plan()
    notes = [load_note(), hold_two_cores()]
    try:
        _on_postgres(plan, notes)
    except Skipped as why:
        print(f"turns on PostgreSQL: skipped. {why}")
    _on_sqlite(plan, notes)


def _on_postgres(plan: Plan, notes: Sequence[str]) -> None:
    now = wall_clock()
    with postgres() as our_url, postgres() as raw_url, postgres() as pooled_url:
        for url in (our_url, raw_url, pooled_url):
            furnish(url, demo_data(now))
        server = Postgres.behind(our_url)
        if server is None:
            raise Skipped("PostgreSQL's processes cannot be seen from here, so what it spends cannot be counted.")
        ours = Contender.on(our_url, servers.web, servers.worker)
        raw, pooled = _by_hand(floor.RAW, raw_url), _by_hand(floor.POOLED, pooled_url)
        for number in range(plan.rounds):
            # In turn, so that a busy machine is busy for all.
            for contender in (ours, raw, pooled) if number % 2 == 0 else (pooled, raw, ours):
                contender.rounds.append(_round(contender, server, plan, now))
        rows = ours.rows_per_turn(), raw.rows_per_turn()
        for contender in (ours, raw, pooled):
            contender.gauge.close()
    _print_postgres(plan, (ours.rounds, raw.rounds, pooled.rounds), rows, notes)


def _by_hand(path: floor.Floor, url: str) -> Contender:
    floor.create_jobs(url)
    return Contender.on(url, path.web, path.worker)


def _round(contender: Contender, server: Postgres | None, plan: Plan, now: datetime) -> Round:
    """One round in fresh processes, so that the system that is not measured does not even poll."""

    async def drive(address: str, meter: Meter) -> Round:
        async with sender(address) as opened:
            return await System(opened, contender.gauge, meter, Tickets(now)).round(plan)

    with running(**contender.targets) as children:
        return asyncio.run(drive(children["web"].address, Meter(children, server)))


def _print_postgres(plan: Plan, rounds: Sequence[Sequence[Round]], rows: tuple[float, float], notes: Sequence[str]) -> None:
    ours, raw, pooled = rounds

    def beside(hand: Sequence[Round], figure: Callable[[Round], float]) -> tuple[float, float]:
        return statistics.median(map(figure, ours)), statistics.median(map(figure, hand))

    def cpu(name: str) -> tuple[float, float]:
        return beside(raw, lambda r: r.cpu_ms[name])

    at_pace, late = f"at {plan.paced_rate}/s", max(r.late for side in rounds for r in side)
    show(
        "Whole turns, PostgreSQL; the floor sends through raw psycopg",
        [
            Line("turns per second, over a backlog", *beside(raw, lambda r: r.turns_per_second), at_least(120), absolute=True),
            Line(f"p95 ms {at_pace}", *beside(raw, lambda r: r.latency_ms(95)), at_most(300), absolute=True),
            Line(f"p50 ms {at_pace}", *beside(raw, lambda r: r.latency_ms(50))),
            Line("CPU ms per turn (web + worker + PostgreSQL)", *beside(raw, lambda r: r.cpu_ms_per_turn), at_most(3)),
            Line("  web", *cpu("web")),
            Line("  worker", *cpu("worker")),
            Line("  PostgreSQL", *cpu("postgresql")),
            Line("CPU ms per turn; floor: on the same pool", *beside(pooled, lambda r: r.cpu_ms_per_turn), at_most(3)),
            Line("rows written per turn", *rows),
        ],
        [*notes, f"The load was at most {late * 1e3:.0f} ms late {at_pace}."],
    )


def _on_sqlite(plan: Plan, notes: Sequence[str]) -> None:
    now = wall_clock()
    rounds: list[Round] = []
    with sqlite() as url:
        furnish(url, demo_data(now))
        contender = Contender({"web": partial(servers.whole, url)}, Gauge(url))
        commits: list[float] = []
        for _ in range(plan.rounds):
            rounds.append(_round(contender, None, plan, now))
            commits.append(_bare_commits(url, plan))
        contender.gauge.close()
    show(
        "Whole turns, SQLite, one process; the floor is a bare INSERT and COMMIT",
        [
            Line(
                "turns per second, over a backlog",
                statistics.median(one.turns_per_second for one in rounds),
                statistics.median(commits),
                at_least(60),
                absolute=True,
            ),
            Line(f"p95 ms at {plan.paced_rate}/s", statistics.median(one.latency_ms(95) for one in rounds)),
            Line("CPU ms per turn", statistics.median(one.cpu_ms_per_turn for one in rounds)),
        ],
        notes,
    )


def _bare_commits(url: str, plan: Plan) -> float:
    """How many single-row commits a second this disk takes, with the settings of the service."""
    place = Path(make_url(url).database or "").with_name("bare.db")
    connection = sqlite3.connect(place, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("create table if not exists bare (id integer primary key, body text not null)")
    done, started = 0, time.perf_counter()
    while (spent := time.perf_counter() - started) < plan.fill_seconds:
        connection.execute("insert into bare (body) values (?)", ("a row of about the size of a short message",))
        done += 1
    connection.close()
    return done / spent


if __name__ == "__main__":
    main(sys.argv[1:])
