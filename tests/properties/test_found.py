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


CHAIR = Wish("issue_refund", "A-100001")
BROKEN = "The chair from order A-100001 arrived broken, I want my money back."


def wants_the_chair_back(told: Told, number: int = 0) -> None:
    """A customer asks for their money and says yes."""
    told.then(told.play.hears(number, BROKEN, wish=CHAIR))
    told.then(told.play.runs())
    told.then(told.play.hears(number, "yes please", yes=True))
    told.then(told.play.runs())


def test_a_merchant_whose_refunds_take_long_is_not_told_that_a_promise_is_broken(told: Told) -> None:
    told.play.settles_in("slow", mailed=False)
    wants_the_chair_back(told)
    told.then(told.play.job_ends(0, well=True, told="twice"))
    told.ends()


def test_a_refund_that_came_back_is_not_reported_as_an_action_that_lives_twice(told: Told) -> None:
    wants_the_chair_back(told)
    told.then(told.play.refund_comes_back(0, "twice"))
    told.then(told.play.runs())
    told.ends()


def test_a_code_that_was_sent_and_typed_is_not_reported_as_one_receipt_for_two_effects(told: Told) -> None:
    play, stranger = told.play, 6
    play.settles_in("prompt", mailed=True)
    told.then(play.hears(stranger, BROKEN, wish=CHAIR))
    told.then(play.runs())
    told.then(play.types_code(stranger, "right"))
    told.then(play.runs())
    assert play.proved
    told.then(play.answers(0, "yes please", yes=True))
    told.then(play.runs())
    assert play.paid
    told.ends()
