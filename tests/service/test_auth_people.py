"""People and their roles: who holds which, since when, and what changing one ends."""

import pytest

from service import accounts
from service.accounts import TenantTaken
from service.errors import Invalid
from service.store import people
from service.store.access_schema import people as people_table
from service.store.access_schema import role_grants
from service.store.people import EmailTaken, Role
from tests.console.world import World
from tools.ports import TenantName


async def test_a_person_is_found_however_the_address_is_written(each_world: World) -> None:
    made = await each_world.person(Role.AGENT, "Bob")
    async with each_world.services.db.reading() as conn:
        assert await people.find_by_email(conn, "default", "  BOB@Example.com ") == made
        assert await people.find_by_email(conn, "acme", "bob@example.com") is None


async def test_the_same_address_may_work_for_two_tenants_but_not_twice_for_one(each_world: World) -> None:
    bob = await each_world.person(Role.AGENT, "bob")
    other = await each_world.person(Role.VIEWER, "bob", tenant="acme")
    assert bob.id != other.id
    with pytest.raises(EmailTaken):
        await accounts.create_person(
            each_world.services.db, each_world.clock, TenantName("default"), "Bob@example.com", Role.VIEWER
        )


@pytest.mark.parametrize("address", ["", "bob", "bob@", "@example.com", "a b@example.com", "bob@exa\nmple.com", "a@b@c"])
async def test_what_cannot_be_an_address_is_refused(world: World, address: str) -> None:
    with pytest.raises(Invalid):
        await accounts.create_person(world.services.db, world.clock, TenantName("default"), address, Role.AGENT)


async def test_a_changed_role_leaves_its_history(each_world: World) -> None:
    bob = await each_world.person(Role.SUPERVISOR, "bob")
    hired = each_world.clock()
    each_world.clock.advance(days=3)
    async with each_world.services.db.begin() as conn:
        await people.change_role(conn, bob, Role.AGENT, "system", each_world.clock())
        now = await people.find(conn, bob.id)
    grants = await each_world.rows(role_grants, role_grants.c.person_id == bob.id)
    held = sorted(((grant.role, grant.from_at, grant.to_at) for grant in grants), key=lambda grant: grant[1])
    assert held == [("supervisor", hired, each_world.clock()), ("agent", each_world.clock(), None)]
    assert now is not None
    assert now.role is Role.AGENT


async def test_a_changed_role_signs_its_holder_out(world: World) -> None:
    browser = await world.browser(Role.SUPERVISOR, "ann")
    ann = await world.person(Role.SUPERVISOR, "ann")
    async with world.services.db.begin() as conn:
        await people.change_role(conn, ann, Role.AGENT, "system", world.clock())
    assert (await browser.get("/console")).headers["location"].startswith("/console/login")


async def test_whoever_is_locked_out_is_out_with_the_next_request(world: World) -> None:
    browser = await world.browser(Role.AGENT, "bob")
    bob = await world.person(Role.AGENT, "bob")
    assert (await browser.get("/console")).status_code == 200
    async with world.services.db.begin() as conn:
        await people.set_active(conn, bob, False, "system", world.clock())
    assert (await browser.get("/console")).status_code == 303
    assert (await browser.post("/console/logout")).status_code == 401


async def test_a_person_is_stored_without_a_password_until_they_set_one(world: World) -> None:
    await world.person(Role.AGENT, "bob")
    (row,) = await world.rows(people_table, people_table.c.email == "bob@example.com")
    assert row.password_hash is None


@pytest.mark.parametrize("name", ["", "Acme", "1shop", "a-b", "a b", "../etc", "x" * 64])
async def test_a_tenants_name_must_fit_into_a_path(world: World, name: str) -> None:
    with pytest.raises(Invalid):
        await accounts.create_tenant(world.services.db, world.clock, name)


async def test_a_tenant_is_made_once(each_world: World) -> None:
    await accounts.create_tenant(each_world.services.db, each_world.clock, "shop_2")
    with pytest.raises(TenantTaken):
        await accounts.create_tenant(each_world.services.db, each_world.clock, "shop_2")
