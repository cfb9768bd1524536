"""What the routes of the API depend on: the services, the credential with its scope, and the person it acts as."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request

from service.api.once import posting
from service.auth import Credential, require
from service.bootstrap import Services
from service.errors import Forbidden
from service.store import views
from service.store.api_keys import Scope
from service.store.naming import ticket_of
from service.store.pages import MOST, Part
from service.store.people import WORKERS, Person
from service.store.shapes import TicketShape
from tools.ports import Json


def services_of(request: Request) -> Services:
    """Everything that the process was built with."""
    return request.app.state.services


def part(limit: Annotated[int, Query(ge=1, le=MOST)] = 50, cursor: Annotated[str | None, Query(max_length=500)] = None) -> Part:
    """Which part of a list is wanted."""
    return Part(limit, cursor)


def worker(credential: Credential) -> Person:
    """The person that a key acts as, who must be one that works tickets. Raises `Forbidden`."""
    if credential.person is None:
        raise Forbidden("This needs a key that acts as a person.")
    if credential.person.role not in WORKERS:
        raise Forbidden("Your role does not allow this.")
    return credential.person


async def ticket_in(services: Services, tenant: str, reference: str) -> str:
    """The id of the tenant's ticket named by its id or `ext:<external id>`. Raises `NotFound`."""
    async with services.db.reading() as conn:
        return await ticket_of(conn, tenant, reference)


async def ticket_shape(services: Services, tenant: str, ticket_id: str) -> TicketShape:
    """The tenant's ticket as it is shown."""
    async with services.db.snapshot() as conn:
        return await views.ticket(conn, tenant, ticket_id, granted(services, tenant))


def granted(services: Services, tenant: str) -> dict[str, Json]:
    """What the agent may spend on one ticket of this tenant."""
    return services.settings.tenant(tenant).budget.model_dump()


TheServices = Annotated[Services, Depends(services_of)]
TheTicket = Annotated[str, Path(description="The ticket's id, or `ext:` and the help desk's own id.", max_length=300)]
ThePart = Annotated[Part, Depends(part)]
Reader = Annotated[Credential, Depends(require(Scope.TICKETS_READ))]
Writer = Annotated[Credential, Depends(posting(Scope.TICKETS_WRITE))]
