"""What all parts of a play share: the tenant, the service and its shop, the model, and how things stand after each step."""

from collections.abc import Awaitable
from typing import Any

from sqlalchemy import select

from service.errors import Refused
from service.store.money_schema import actions
from service.store.schema import questions, tickets
from tests.properties.model import Model
from tests.properties.place import Died, Place
from tests.properties.premises import Manner
from tests.properties.shop import ADA, BOB, NOBODYS_ADDRESS
from tools.errors import FencedOff, RunSuperseded

CUSTOMERS = (ADA, ADA, ADA, ADA, BOB, BOB)
"""Whose the first tickets are, by number; the next ones are strangers', who may be these customers."""

STRANGERS = (f"{ADA.removeprefix('cus_')}@example.com", NOBODYS_ADDRESS)
"""From which address the strangers write on the tickets after those: the first is on an account."""


class Stage:
    """One tenant's story so far. A step that makes no sense where things stand does nothing."""

    def __init__(self, place: Place, tenant: str, staff: dict[str, Any]) -> None:
        self.place, self.tenant, self.staff = place, tenant, staff
        self.model = Model()
        self.supervisors = {"sue", "sam"}
        self.told: set[str] = set()
        self.events = 0
        self.thrown: set[tuple[str, str]] = set()
        # How things stand after each step: the tickets there are, those whose customer is asked for a yes, and how many
        # approvals, jobs, payments and goods on their way back there are that something may happen to.
        self.numbers: list[int] = []
        self.asked: list[int] = []
        self.awaited = 0
        self.paid: list[str] = []
        self.awaits_goods: list[tuple[str, str | None]] = []
        self.settles_in("prompt", mailed=False)

    def settles_in(self, manner: Manner, *, mailed: bool) -> None:
        """How the shop behaves in this play, and whether replies leave the house."""
        self.mailed = mailed
        self.rig = self.place.mailing if mailed else self.place.rig
        self.services = self.rig.services
        self.shop = self.place.premises_of(self.tenant, manner)

    async def _tries(self, deed: Awaitable[Any]) -> bool:
        """Do it; whether it was neither refused nor cut off by a death."""
        try:
            await deed
        except (Refused, FencedOff, RunSuperseded, Died):
            return False
        return True

    async def _ticket(self, number: int) -> Any:
        query = select(tickets).where(tickets.c.tenant == self.tenant, tickets.c.external_id == f"T-{number}")
        return next(iter(await self._rows(query)), None)

    async def _question(self, number: int) -> Any:
        """The ticket's open question."""
        query = (
            select(questions)
            .join(tickets, tickets.c.question_id == questions.c.id)
            .where(tickets.c.tenant == self.tenant, tickets.c.external_id == f"T-{number}", questions.c.state == "open")
        )
        return next(iter(await self._rows(query)), None)

    async def _asked_about(self, number: int) -> Any:
        """The action that the ticket's open question is about, with the time when the customer was reached by it."""
        query = (
            select(actions, questions.c.delivered_at)
            .join(questions, questions.c.action_id == actions.c.id)
            .join(tickets, tickets.c.question_id == questions.c.id)
            .where(tickets.c.tenant == self.tenant, tickets.c.external_id == f"T-{number}", questions.c.state == "open")
        )
        return next(iter(await self._rows(query)), None)

    async def _rows(self, query: Any) -> list[Any]:
        async with self.services.db.reading() as conn:
            return list((await conn.execute(query)).all())
