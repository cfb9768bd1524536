"""What the tool layer costs: one decision of the policy, and a whole refund beside the bare sequence of its commits.

The refund is a person's, who attests the customer's yes, and stays below every cap. Run it with `python -m benchmarks
tool_calls`.
"""

import statistics
import sys
from collections.abc import Sequence

from benchmarks import decisions, money_floor, refunds
from benchmarks.databases import Skipped, furnish, postgres
from benchmarks.processes import hold_two_cores
from benchmarks.refunds import Found, Plan, Spent
from benchmarks.report import Line, at_most, load_note, show
from service.loop import run

SAMPLES = 500
QUICK_SAMPLES = 20
QUICK = Plan(rounds=2, calls=3, warm_up=2)


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    quick = "--quick" in arguments
    plan, notes = QUICK if quick else Plan(), [load_note(), hold_two_cores()]
    show("One decision of the policy", decisions.lines(QUICK_SAMPLES if quick else SAMPLES), notes)
    try:
        with postgres() as url:
            furnish(url, refunds.shop_of(plan.subjects))
            found = run(refunds.measure(url, plan))
    except Skipped as why:
        print(f"money calls: skipped. {why}")
        return
    ours, raw, pooled = (_medians(found.rounds[side]) for side in refunds.SIDES)
    show(
        "A whole refund, PostgreSQL, one at a time",
        [
            Line("ms a call; floor: raw psycopg", ours.wall_ms, raw.wall_ms, at_most(2.5)),
            Line("ms a call; floor: on the same pool", ours.wall_ms, pooled.wall_ms, at_most(2.5)),
            Line("CPU ms a call, caller + PostgreSQL; raw psycopg", ours.cpu_ms, raw.cpu_ms),
            Line("CPU ms a call, caller + PostgreSQL; same pool", ours.cpu_ms, pooled.cpu_ms),
        ],
        [*notes, _compared(found)],
    )


def _medians(rounds: Sequence[Spent]) -> Spent:
    return Spent(statistics.median(one.wall_ms for one in rounds), statistics.median(one.cpu_ms for one in rounds))


def _compared(found: Found) -> str:
    """Whether the floor still does what our refund does."""
    ours, floor = (found.statements, found.commits), (money_floor.STATEMENTS, money_floor.COMMITS)
    told = f"Ours sends {ours[0]} statements in {ours[1]} commits and the reads between them, by hand {floor[0]} in {floor[1]}."
    return told if ours == floor else f"{told} The floor is out of date: make its sequence the same again."


if __name__ == "__main__":
    main(sys.argv[1:])
