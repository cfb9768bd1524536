"""Every promise is watched: each planted violation is found, and the tables refuse those that a constraint can hold."""

import pytest

from service.store.invariants.checking import INVARIANTS, PROMISES
from tests.properties.place import Place
from tests.properties.plants import PLANTS, Plant
from tests.properties.scene import Scene


@pytest.fixture(scope="module")
def scene(place: Place) -> Scene:
    """Both databases, each with a tenant whose every promise is kept."""
    return Scene(place)


@pytest.mark.parametrize("plant", PLANTS, ids=[f"{place}-{plant.breaks}" for place, plant in enumerate(PLANTS)])
def test_a_planted_violation_is_found_and_refused_where_a_constraint_can(scene: Scene, plant: Plant) -> None:
    assert plant.breaks in scene.breaks(*plant.statements)
    assert scene.refuses(*plant.statements) is plant.refused


def test_a_tenant_without_violations_breaks_no_promise(scene: Scene) -> None:
    assert scene.breaks() == set()


def test_every_promise_has_a_violation_that_is_planted() -> None:
    assert {plant.breaks for plant in PLANTS} == set(PROMISES)
    assert len({one.name for one in INVARIANTS}) == len(INVARIANTS)
