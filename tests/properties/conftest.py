"""The places where properties are tested: one for each database and module, since making one takes longer than a play."""

from collections.abc import Iterator

import pytest
from sqlalchemy import make_url

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


@pytest.fixture(scope="module")
def postgres_working_place(postgres_database: str, app_role: str) -> Iterator[Place]:
    """The same for the role that works, which sees a tenant's rows only while it works for that tenant."""
    empty(postgres_database)
    owner = Place(postgres_database, app_role)
    owner.close()
    place = Place(make_url(postgres_database).set(username=app_role).render_as_string(hide_password=False))
    yield place
    place.close()


POSTGRES = [pytest.mark.postgres, pytest.mark.xdist_group("postgres")]


@pytest.fixture(scope="module", params=["sqlite_place", pytest.param("postgres_place", marks=POSTGRES)])
def place(request: pytest.FixtureRequest) -> Place:
    """Each database in turn, as its owner sees it."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module", params=["sqlite_place", pytest.param("postgres_working_place", marks=POSTGRES)])
def working_place(request: pytest.FixtureRequest) -> Place:
    """Each database in turn, as a worker sees it."""
    return request.getfixturevalue(request.param)
