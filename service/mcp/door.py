"""Who stands at the MCP door: settled when it opens, from options and the environment, and looked up again for each call."""

from dataclasses import dataclass

from service.bootstrap import Services
from service.errors import Fatal, Forbidden
from service.store import api_keys, people
from service.store.api_keys import KeyRow, Scope
from service.store.callers import machine_for
from service.store.database import Connection
from service.store.journal import Entry, append_to_ticket
from service.store.people import WORKERS, Person
from tools.ports import Caller, PersonId, TenantName, TicketId

NO_LONGER = "Whoever opened this door may not use it any more."


@dataclass(frozen=True, slots=True)
class Guest:
    """Who lets a machine in: an API key by its token, a person, or (without either) the operator at the shell."""

    token: str | None = None
    person: PersonId | None = None


@dataclass(frozen=True, slots=True)
class Door:
    """One ticket, opened for one guest. No argument of a call can change any of it."""

    services: Services
    tenant: TenantName
    ticket: TicketId
    guest: Guest

    async def caller(self, scope: Scope) -> Caller:
        """Who acts now. Raises `Forbidden` when the key was revoked or lacks the scope, or the person is locked out."""
        async with self.services.db.reading() as conn:
            person = self.guest.person
            if self.guest.token is not None:
                person = _holder(await _key(conn, self.guest.token, self.tenant, scope))
            if person is not None:
                _must_work(await people.find(conn, person))
            return await machine_for(conn, self.tenant, self.ticket, person)

    async def opened(self) -> None:
        """Note on the ticket's journal that a machine was let in, and by whom. Raises `Fatal` for whom it stays shut."""
        try:
            await self.caller(Scope.TOOLS_CALL)
        except Forbidden as refused:
            raise Fatal(refused.detail) from None
        entry = Entry("door.opened", await self.actor(), {"door": "mcp", "lane": "agent"})
        async with self.services.db.begin() as conn:
            await append_to_ticket(conn, self.ticket, [entry], self.services.clock())

    async def actor(self) -> str:
        """Who let the machine in, as the journal names them."""
        if self.guest.token is not None:
            async with self.services.db.reading() as conn:
                key = await api_keys.find(conn, self.guest.token)
            return f"key:{key.id}" if key else "key"
        return f"person:{self.guest.person}" if self.guest.person else "operator"


async def tenant_of(conn: Connection, token: str) -> TenantName:
    """The tenant that a key belongs to. Raises `Fatal` for a key that is unknown or revoked."""
    key = await api_keys.find(conn, token)
    if key is None:
        raise Fatal("The key in DESKRAIL_MCP_KEY is unknown or revoked; `deskrail key create` makes one.")
    return key.tenant


async def _key(conn: Connection, token: str, tenant: TenantName, scope: Scope) -> KeyRow:
    key = await api_keys.find(conn, token)
    if key is None or key.tenant != tenant:
        raise Forbidden(NO_LONGER)
    if scope not in key.scopes:
        raise Forbidden(f"The key does not have the scope {scope}.")
    return key


def _holder(key: KeyRow) -> PersonId | None:
    return key.person.id if key.person else None


def _must_work(person: Person | None) -> None:
    if person is None or not person.active or person.role not in WORKERS:
        raise Forbidden(NO_LONGER)
