"""What people at the desk and operators do in a play: they vote, work tickets, act by hand, throw switches and erase."""

from typing import Any

from sqlalchemy import select

from service.store import erasure, people
from service.store.callers import caller_for
from service.store.money_schema import actions, approvals
from service.store.people import Role
from service.store.schema import escalations
from tests.properties.model import Wish
from tests.properties.stage import CUSTOMERS, Stage
from tools.ports import TenantName


class People(Stage):
    """The staff's part."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.last_call: tuple[Any, ...] | None = None

    async def votes(self, name: str, decision: str, place: int) -> None:
        """Somebody votes on one of the approvals, those that wait for votes first."""
        query = select(approvals).where(approvals.c.tenant == self.tenant)
        waits = (approvals.c.state == "pending").desc()
        rows = await self._rows(query.order_by(waits, approvals.c.created_at, approvals.c.id))
        if not rows:
            return
        row, person = rows[place % len(rows)], self.staff[name]
        asked = self.services.approvals.decide(person, row.id, decision, "looked at it", row.digest)  # type: ignore[arg-type]
        if await self._tries(asked):
            assert name in self.supervisors, "Somebody voted who may not."
            if decision == "approve":
                self.model.votes.approve(row.action_id, name)
            else:
                self.model.denied.add(row.action_id)

    async def desk(self, name: str, deed: str, number: int) -> None:
        """Somebody takes a ticket over, gives it back, or works its case."""
        ticket = await self._ticket(number)
        if ticket is None:
            return
        desk, person = self.services.desk, self.staff[name]
        query = select(escalations.c.id).where(escalations.c.ticket_id == ticket.id, escalations.c.state != "resolved")
        case = next((row.id for row in await self._rows(query)), "none")
        deeds: dict[str, Any] = {
            "take_over": lambda: desk.take_over(person, ticket.id),
            "hand_back": lambda: desk.hand_back(person, ticket.id),
            "claim": lambda: desk.claim(person, case),
            "release": lambda: desk.release(person, case),
            "resolve": lambda: desk.resolve(person, case, "All done."),
            "reply": lambda: desk.write(person, ticket.id, "I am looking into it.", note=False),
        }
        await self._tries(deeds[deed]())

    async def person_calls(self, name: str, number: int, tool: str, args: dict[str, Any], *, attested: bool) -> None:
        """A person calls a tool on a ticket, and may say that the customer agreed."""
        ticket = await self._ticket(number)
        if ticket is None:
            return
        async with self.services.db.reading() as conn:
            caller = await caller_for(conn, self.tenant, ticket.id, self.staff[name].id)
        self.last_call = (caller, tool, args, f"request:{number}:{len(self.told)}:{self.place.clock()}", attested)
        await self.repeats_call()

    async def repeats_call(self) -> None:
        """The last request of a person comes again: a nervous finger, or a client that got no answer."""
        if self.last_call is None:
            return
        caller, tool, args, origin, attested = self.last_call
        if attested or tool == "add_note":
            self.model.wished.add(Wish(tool, args.get("order_id"), args.get("amount_minor")))
        await self._tries(self.services.runner.call(caller, tool, args, origin, confirmed=attested))
        if attested:
            query = select(actions.c.id).where(actions.c.ticket_id == caller.ticket, actions.c.origin == origin)
            self.model.agreed.update(row.id for row in await self._rows(query))

    async def changes_role(self, name: str) -> None:
        """An admin makes a supervisor an agent, or the other way round."""
        role = Role.AGENT if name in self.supervisors else Role.SUPERVISOR
        self.supervisors ^= {name}
        async with self.services.db.begin() as conn:
            await people.change_role(conn, self.staff[name], role, "person:boss", self.place.clock())

    async def throws(self, scope: str, name: str, *, on: bool) -> None:
        """A kill switch is thrown, or turned back; throwing it lists exactly what is under way."""
        name = self.tenant if scope == "tenant" else name
        _, listed = await self.services.switches.throw(
            TenantName(self.tenant), scope, name, on, "because", self.staff["sue"].id
        )
        self.thrown = self.thrown | {(scope, name)} if on else self.thrown - {(scope, name)}
        columns = {"effect": actions.c.effect, "lane": actions.c.lane, "tool": actions.c.tool, "intent": actions.c.intent}
        column = columns.get(scope, actions.c.tenant)
        query = select(actions.c.id).where(actions.c.tenant == self.tenant, column == name)
        under_way = await self._rows(query.where(actions.c.status.in_(("reserved", "sent", "unknown"))))
        assert {one.id for one in listed} == {row.id for row in under_way}

    async def erases(self, number: int) -> None:
        """An operator erases a customer: nothing of theirs goes on, and all that was promised still verifies."""
        if await self._tries(self._erase(CUSTOMERS[number])):
            waited = select(actions.c.id).where(actions.c.tenant == self.tenant, actions.c.status == "superseded")
            self.model.agreed.difference_update(row.id for row in await self._rows(waited))

    async def _erase(self, customer: str) -> None:
        async with self.services.db.begin() as conn:
            await erasure.erase(conn, TenantName(self.tenant), customer, "operator", self.place.clock())
