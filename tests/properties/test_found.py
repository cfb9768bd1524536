"""The smallest plays that once went wrong."""

from collections.abc import Coroutine
from typing import Any

import pytest

from tests.properties.model import Wish
from tests.properties.place import Place
from tests.properties.play import Play


class Told:
    """A play told step by step; after each one everything must be right."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.play = Play(place, *place.run(place.new_tenant()))

    def then(self, step: Coroutine[Any, Any, object]) -> None:
        """One step."""
        self._place.clock.advance(minutes=1)
        self._place.run(step, self.play.tenant)
        self._place.run(self.play.check(), self.play.tenant)

    def ends(self) -> None:
        """A week goes by."""
        self._place.run(self.play.ends(), self.play.tenant)


@pytest.fixture
def told(working_place: Place) -> Told:
    return Told(working_place)


def test_what_a_dead_turn_proposed_is_off_when_the_next_run_goes_another_way(told: Told) -> None:
    play = told.play
    wish = Wish("issue_refund", "A-100001")
    told.then(play.hears(0, "The chair from order A-100001 arrived broken, I want my money back.", wish=wish))
    told.then(play.runs(dies_at="after_decision"))
    told.then(play.hears(0, "I want to speak to a human being."))
    told.then(play.runs())
    told.ends()
