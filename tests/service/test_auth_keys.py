"""API keys: who may use the API, and who may no longer."""

import pytest

from service import accounts
from service.errors import Invalid, NotFound
from service.store import api_keys, people
from service.store.access_schema import api_keys as keys_table
from service.store.api_keys import NewKey, Scope
from service.store.people import Role
from tests.console.world import World
from tools.ports import TenantName

READ = frozenset({Scope.TICKETS_READ})


async def make_key(world: World, scopes: frozenset[Scope] = READ, email: str | None = None) -> NewKey:
    """A key of the default tenant."""
    return await accounts.create_key(world.services.db, world.clock, TenantName("default"), "tests", scopes, email)


async def list_tickets(world: World, token: str | None) -> int:
    """The status with which the API answers a bearer of this token."""
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    return (await world.stranger().get("/v1/tickets", **headers)).status_code


async def test_whoever_sends_no_key_is_told_what_to_send(world: World) -> None:
    answer = await world.stranger().get("/v1/tickets")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="deskrail"'


async def test_a_made_up_key_opens_nothing(world: World) -> None:
    answer = await world.stranger().get("/v1/tickets", authorization="Bearer drk_nobody")
    assert answer.status_code == 401
    assert "invalid_token" in answer.headers["www-authenticate"]


async def test_a_key_reads_what_its_scope_says_and_no_more(world: World) -> None:
    key = await make_key(world)
    assert await list_tickets(world, key.token) == 200
    answer = await world.stranger().get("/v1/switches", authorization=f"Bearer {key.token}")
    assert answer.status_code == 403


async def test_a_key_is_kept_only_as_its_hash(world: World) -> None:
    key = await make_key(world)
    (row,) = await world.rows(keys_table)
    assert key.token not in str(tuple(row))
    assert len(row.token_hash) == 64


async def test_a_revoked_key_is_dead_at_once(world: World) -> None:
    key = await make_key(world)
    async with world.services.db.begin() as conn:
        assert await api_keys.revoke(conn, TenantName("default"), key.id, "system", world.clock())
    assert await list_tickets(world, key.token) == 401


async def test_another_tenant_cannot_revoke_a_key(world: World) -> None:
    key = await make_key(world)
    async with world.services.db.begin() as conn:
        assert not await api_keys.revoke(conn, TenantName("acme"), key.id, "system", world.clock())
    assert await list_tickets(world, key.token) == 200


async def test_locking_a_person_out_kills_their_keys(world: World) -> None:
    ann = await world.person(Role.SUPERVISOR)
    key = await make_key(world, email=ann.email)
    async with world.services.db.begin() as conn:
        await people.set_active(conn, ann, False, "system", world.clock())
    assert await list_tickets(world, key.token) == 401


async def test_a_key_that_decides_has_a_name_behind_it(world: World) -> None:
    with pytest.raises(Invalid):
        await make_key(world, frozenset({Scope.APPROVALS_DECIDE}))


async def test_a_key_cannot_act_as_somebody_who_is_not_here(world: World) -> None:
    with pytest.raises(NotFound):
        await make_key(world, email="nobody@example.com")


async def test_an_unknown_scope_is_refused() -> None:
    with pytest.raises(Invalid):
        api_keys.parse_scopes("tickets:read,tickets:burn")
    assert api_keys.parse_scopes(" tickets:read , ops:read ") == {Scope.TICKETS_READ, Scope.OPS_READ}
