"""What an operator does about tenants, people and keys; the command line calls these."""

from service.errors import Conflict, Invalid, NotFound
from service.settings import TENANT_NAME
from service.store import api_keys, people, sessions, tenancy
from service.store.api_keys import KeyRow, NewKey, Scope
from service.store.database import BrokenRule, Database
from service.store.journal import Entry, append_to_tenant
from service.store.people import Person, Role
from service.store.sessions import LinkToken, Purpose
from service.store.tenants import add_tenant
from tools.ports import Clock, TenantName


class TenantTaken(Conflict):
    """A tenant with this name is already here."""

    code = "tenant_taken"


async def create_tenant(db: Database, clock: Clock, name: str) -> TenantName:
    """Add a tenant. Raises `Invalid` for a name that cannot stand in a path, and `TenantTaken`."""
    if not TENANT_NAME.match(name):
        raise Invalid("A tenant's name is lower-case letters, digits and underscores, and starts with a letter.")
    tenant = TenantName(name)
    try:
        with tenancy.within(tenant):
            async with db.begin() as conn:
                await add_tenant(conn, tenant, clock())
                await append_to_tenant(conn, tenant, [Entry("tenant.created", "system", {"tenant": tenant})], clock())
    except BrokenRule as error:
        raise TenantTaken from error
    return tenant


async def create_person(
    db: Database, clock: Clock, tenant: TenantName, email: str, role: Role, name: str = ""
) -> tuple[Person, LinkToken]:
    """Add a person, with a one-time link's token to set a password. Raises `EmailTaken`."""
    with tenancy.within(tenant):
        async with db.begin() as conn:
            person = await people.create(conn, tenant, email, name, role, clock())
            token = await sessions.make_link(conn, person.id, Purpose.SET_PASSWORD, clock())
    return person, token


async def make_link(db: Database, clock: Clock, person: Person, purpose: Purpose) -> LinkToken:
    """A one-time link's token for a person who is already here."""
    with tenancy.within(person.tenant):
        async with db.begin() as conn:
            return await sessions.make_link(conn, person.id, purpose, clock())


async def renew_link(db: Database, clock: Clock, tenant: TenantName, email: str) -> LinkToken:
    """A one-time link's token for somebody here to set a password. Raises `NotFound`, or `Conflict` for who is locked out."""
    with tenancy.within(tenant):
        async with db.reading() as conn:
            person = await people.find_by_email(conn, tenant, email)
    if person is None:
        raise NotFound("Nobody here has this e-mail address.")
    if not person.active:
        raise Conflict("This person is locked out, and no link opens for them; an admin lets them in again in the console.")
    return await make_link(db, clock, person, Purpose.SET_PASSWORD)


async def create_key(
    db: Database, clock: Clock, tenant: TenantName, name: str, scopes: frozenset[Scope], email: str | None = None
) -> NewKey:
    """Make an API key, which acts as the person with `email` when one is given. Raises `NotFound` for an unknown person."""
    with tenancy.within(tenant):
        async with db.begin() as conn:
            person = None if email is None else await people.find_by_email(conn, tenant, email)
            if email is not None and person is None:
                raise NotFound("Nobody here has this e-mail address.")
            return await api_keys.create(conn, tenant, name, scopes, person and person.id, clock())


async def list_keys(db: Database, tenant: TenantName) -> tuple[KeyRow, ...]:
    """The tenant's API keys that are not revoked."""
    with tenancy.within(tenant):
        async with db.reading() as conn:
            return await api_keys.live(conn, tenant)


async def revoke_key(db: Database, clock: Clock, tenant: TenantName, key: str) -> None:
    """End an API key at once. Raises `NotFound` when the tenant has no such live key."""
    with tenancy.within(tenant):
        async with db.begin() as conn:
            if not await api_keys.revoke(conn, tenant, key, "system", clock()):
                raise NotFound(
                    "There is no such key here, or it is revoked already; `deskrail key list` shows those there are."
                )


def link_path(token: LinkToken) -> str:
    """The path of a one-time link on the console."""
    return f"/console/link/{token}"
