"""Whatever happens in whatever order, money, orders, tickets and books stay right: on both databases, from many seeds."""

from typing import Any

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import get_state_machine_test

from tests.properties.machine import Support
from tests.properties.place import Place

SEEDS = 200
LONG_SEEDS, PARTS = 10_000, 20
"""Plays of `make test-long`, and in how many parts; half of each is played on SQLite and the other half on PostgreSQL."""

PLAIN = settings(
    max_examples=SEEDS // 2,
    stateful_step_count=4,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much),
)
LONG = settings(PLAIN, max_examples=LONG_SEEDS // 2 // PARTS, stateful_step_count=20)


def play(place: Place, how: settings, part: int) -> None:
    """Play as often as the settings say, from the seeds of this part; no other part and no other database has the same."""
    machine = type("Support", (Support,), {"place": place})
    test: Any = get_state_machine_test(machine, settings=how)
    seed(f"{place.dialect} {part}")(test)()


def test_nothing_that_happens_costs_a_wrong_cent_or_strands_a_ticket(working_place: Place) -> None:
    play(working_place, PLAIN, PARTS)


@pytest.mark.long
@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_that_happens_in_ten_thousand_long_plays_does_either(working_place: Place, part: int) -> None:
    play(working_place, LONG, part)
