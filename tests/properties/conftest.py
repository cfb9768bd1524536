"""The places where properties are tested: one for each database and module, since making one takes longer than a play."""

from collections.abc import Iterator

import pytest

from service.store import migrate
from tests.conftest import empty
from tests.properties.place import Place


@pytest.fixture(scope="module")
def sqlite_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A service on SQLite files of its own."""
    url = f"sqlite:///{tmp_path_factory.mktemp('plays') / 'plays.db'}"
    migrate.upgrade(url)
    place = Place(url)
    yield place
    place.close()


@pytest.fixture(scope="module")
def postgres_place(postgres_database: str) -> Iterator[Place]:
    """A service on this process's PostgreSQL database; what other tests have left there is gone, since sweeps would wake it."""
    empty(postgres_database)
    place = Place(postgres_database)
    yield place
    place.close()


@pytest.fixture(
    scope="module",
    params=["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.xdist_group("postgres")])],
)
def place(request: pytest.FixtureRequest) -> Place:
    """Each database in turn."""
    return request.getfixturevalue(f"{request.param}_place")
