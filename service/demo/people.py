"""The demo's people: a supervisor who signs in by a link, a second one for what two must approve, and a key for the API."""

from dataclasses import dataclass

from service import accounts
from service.bootstrap import Services
from service.store.api_keys import Scope
from service.store.people import Role
from service.store.sessions import Purpose
from tools.ports import TenantName

TENANT = TenantName("default")
SUPERVISOR = "robin@shop.example.com"
SECOND = "sasha@shop.example.com"


@dataclass(frozen=True, slots=True)
class Entrances:
    """Paths of one-time links, and a key that reads."""

    link: str
    browser_link: str
    second_link: str
    key: str


async def admit(services: Services) -> Entrances:
    """Add the people and make their ways in. The browser has a link of its own, so that the printed one stays good."""
    robin, _ = await accounts.create_person(services.db, services.clock, TENANT, SUPERVISOR, Role.SUPERVISOR, "Robin")
    sasha, _ = await accounts.create_person(services.db, services.clock, TENANT, SECOND, Role.SUPERVISOR, "Sasha")
    tokens = [await accounts.make_link(services.db, services.clock, person, Purpose.LOGIN) for person in (robin, robin, sasha)]
    scopes = frozenset({Scope.TICKETS_READ})
    key = await accounts.create_key(services.db, services.clock, TENANT, "demo", scopes)
    first, browser, second = (accounts.link_path(token) for token in tokens)
    return Entrances(first, browser, second, key.token)
