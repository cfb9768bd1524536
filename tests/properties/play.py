"""What can happen in a play, done to the real service, and told to the model as far as the model needs to know."""

from collections.abc import Awaitable
from typing import Any

from sqlalchemy import select

from service.errors import Refused
from service.store import erasure, people
from service.store.callers import caller_for
from service.store.loading import take_ticket
from service.store.money_schema import actions, approvals
from service.store.people import Role
from service.store.schema import escalations, questions, tickets
from tests.properties.model import Model, Wish
from tests.properties.place import Died, Place
from tests.properties.shop import ADA, BOB
from tools.backends.shop.data import dump, read_books
from tools.backends.shop.faults import Fault
from tools.errors import FencedOff, RunSuperseded
from tools.orders import SECOND
from tools.ports import Caller, CustomerId, Lane, TenantName, TicketId, Verification

CUSTOMERS = (ADA, ADA, ADA, ADA, BOB, BOB)
"""Whose the tickets are, by number."""

EFFECTS = (
    "refund",
    "cancel_order",
    "return_items",
    "exchange_items",
    "change_order_items",
    "change_order_payment",
    "change_customer_address",
    "change_order_address",
    "add_note",
)
DONE = {"sent", "unknown", "succeeded"}


class Play:
    """One tenant's story. A step that makes no sense where things stand does nothing."""

    def __init__(self, place: Place, tenant: str, staff: dict[str, Any]) -> None:
        self.place, self.tenant, self.staff = place, tenant, staff
        self.services, self.shop = place.rig.services, place.shop_of(tenant)
        self.model = Model()
        self.supervisors = {"sue", "sam"}
        self.told: set[str] = set()
        self.thrown: set[tuple[str, str]] = set()
        self.last_call: tuple[Any, ...] | None = None
        # How things stand after each step: the tickets whose customer is asked for a yes, and how many approvals wait.
        self.asked: list[int] = []
        self.awaited = 0

    # What customers do.

    async def hears(self, number: int, text: str, *, wish: Wish | None = None, yes: bool = False, no: bool = False) -> None:
        """A customer's message comes in; nothing works on it yet. A yes or a no is about the question that is open now."""
        action = await self._asked_about(number)
        await self.place.rig.hear(text, ticket=f"T-{number}", customer=CUSTOMERS[number], tenant=self.tenant)
        if wish:
            self.model.wished.add(wish)
        if action and yes:
            self.model.agreed.add(action.id)
        if action and no and action.status in ("proposed", "reserved"):
            self.model.agreed.discard(action.id)

    async def answers(self, place: int, text: str, *, yes: bool) -> None:
        """A customer who has been asked for a yes writes."""
        await self.hears(self.asked[place % len(self.asked)], text, yes=yes, no=not yes)

    async def channel_answers(self, place: int, *, yes: bool) -> None:
        """A channel that speaks for the customer brings the answer."""
        action = await self._asked_about(self.asked[place % len(self.asked)])
        if action and await self._tries(self.services.confirmations.answer(self.tenant, "key", action.id, yes=yes)) and yes:
            self.model.agreed.add(action.id)

    # What people do.

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
                self.model.votes.setdefault(row.action_id, set()).add(name)
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
            self.model.wished.add(_wish(tool, args))
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
        column = {"lane": actions.c.lane, "tool": actions.c.tool, "intent": actions.c.intent}.get(scope, actions.c.tenant)
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

    # What machines do, and what befalls them.

    async def model_calls(self, number: int, tool: str, args: dict[str, Any]) -> None:
        """A model that is nobody's friend calls a tool in a turn of the agent, and the worker dies before the turn ends."""
        ticket = await self._ticket(number)
        if ticket is None or not ticket.pending:
            return
        async with self.services.db.reading() as conn:
            taken = await take_ticket(conn, ticket.id, ticket.wake)
        assert taken is not None
        claim = taken[0]
        caller = Caller(
            TenantName(self.tenant),
            TicketId(ticket.id),
            CustomerId(CUSTOMERS[number]),
            Verification.CHANNEL,
            Lane.AGENT,
            fence=claim.fence,
            event_seq=ticket.seq,
            seen_seq=ticket.seq,
        )
        if tool == "add_note":
            self.model.wished.add(Wish("add_note", None))
        await self._tries(self.services.runner.call(caller, tool, args, f"toolu_{claim.fence}"))

    async def runs(self, dies_at: str | None = None) -> None:
        """A worker runs what waits, once round; it may die on the way."""
        self.place.dies_at = dies_at
        await self._tries(self.place.drain(self.tenant))
        self.place.dies_at = None

    async def sweeps(self, dies_at: str | None = None) -> None:
        """The sweeps run once; the worker may die on the way."""
        self.place.dies_at = dies_at
        await self._tries(self.place.sweep())
        self.place.dies_at = None

    async def time_passes(self, hours: float) -> None:
        """The clock jumps, and what was leased is free."""
        self.place.clock.advance(hours=hours)
        await self.place.end_leases(self.tenant)

    def shop_errs(self, fault: Fault) -> None:
        """The next effect goes wrong."""
        for method in EFFECTS:
            self.shop.script(method, fault)

    # What must hold.

    async def check(self) -> None:
        """The shop holds what the model says, and no promise is broken."""
        rows = await self._rows(select(actions).where(actions.c.tenant == self.tenant))
        by_key = {row.key: row for row in rows}
        keys: set[str] = set()
        for entry in await read_books(self.services.shop_engine, self.tenant):
            action = by_key[entry.key.removesuffix(SECOND)]
            keys.add(action.key)
            assert action.status in DONE, f"{action.id} is {action.status}, and it happened."
            if entry.key not in self.told:
                self.told.add(entry.key)
                self.model.effect(entry, action.id)
        missing = [row.id for row in rows if row.status == "succeeded" and row.key not in keys]
        assert not missing, "A receipt was shown for what never happened."
        self.model.agrees_with(await dump(self.services.shop_engine, self.tenant))
        async with self.services.db.reading() as conn:
            assert await self.place.faults(conn, self.tenant) == []
        questioned = (
            select(tickets.c.external_id)
            .join(questions, questions.c.id == tickets.c.question_id)
            .where(tickets.c.tenant == self.tenant, questions.c.state == "open", questions.c.action_id.is_not(None))
        )
        self.asked = sorted(int(row.external_id.removeprefix("T-")) for row in await self._rows(questioned))
        pending = select(approvals.c.id).where(approvals.c.tenant == self.tenant, approvals.c.state == "pending")
        self.awaited = len(await self._rows(pending))

    async def ends(self) -> None:
        """Everything is well again and a week goes by: each ticket has an end, and so has each action."""
        self.shop.recover()
        for scope, name in sorted(self.thrown):
            await self.throws(scope, name, on=False)
        for hours in (1, 1, 100, 100):
            await self.place.work(self.tenant)
            await self.time_passes(hours)
            await self.place.sweep()
        await self.place.work(self.tenant)
        await self.check()
        async with self.services.db.reading() as conn:
            assert await self.place.all_faults(conn, self.tenant) == []
        ended = await self._rows(select(tickets).where(tickets.c.tenant == self.tenant))
        assert {row.status for row in ended} <= {"resolved", "closed", "escalated"}
        lived = await self._rows(select(actions).where(actions.c.tenant == self.tenant))
        assert {row.status for row in lived} <= {"succeeded", "failed", "refused", "superseded", "expired"}

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

    async def _asked_about(self, number: int) -> Any:
        """The action that the ticket's open question is about."""
        query = (
            select(actions)
            .join(questions, questions.c.action_id == actions.c.id)
            .join(tickets, tickets.c.question_id == questions.c.id)
            .where(tickets.c.tenant == self.tenant, tickets.c.external_id == f"T-{number}", questions.c.state == "open")
        )
        return next(iter(await self._rows(query)), None)

    async def _rows(self, query: Any) -> list[Any]:
        async with self.services.db.reading() as conn:
            return list((await conn.execute(query)).all())


def _wish(tool: str, args: dict[str, Any]) -> Wish:
    return Wish(tool, args.get("order_id"), args.get("amount_minor"))
