"""What machines do in a play and what befalls them: workers run, sweep, die, and lose tickets; a model calls what it likes."""

from typing import Any, Literal

from sqlalchemy import select

from service.store.loading import take_ticket
from service.store.schema import journal
from tests.properties.customers import Customers
from tests.properties.model import Wish
from tests.properties.people import People
from tests.properties.premises import FAULTS
from tests.properties.stage import CUSTOMERS
from tools.backends.shop.faults import Fault
from tools.ports import Caller, CustomerId, Lane, TenantName, TicketId, Verification

SETTLING = {"action.accepted", "action.succeeded", "action.failed", "action.unknown"}
"""All that a worker may still write on a ticket which another one has taken."""

Moment = Literal["find_orders", "get_order", "get_customer", "before", "after"]
"""When something happens beside a run: while it reads, or before or after its effect."""

Meanwhile = Literal["adopted", "swept", "retracted", "dropped", "asks a person", "killed", "taken over"]
"""What happens beside a run. Another worker goes on with the ticket in most of them."""


class Machines(Customers, People):
    """The machines' part."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.lost: dict[str, int] = {}

    async def model_calls(self, number: int, tool: str, args: dict[str, Any]) -> None:
        """A model that is nobody's friend calls a tool in a turn of the agent, and the worker dies before the turn ends."""
        ticket = await self._ticket(number)
        if ticket is None or not ticket.pending:
            return
        async with self.services.db.reading() as conn:
            taken = await take_ticket(conn, ticket.id, ticket.wake)
        assert taken is not None
        claim, known = taken[0], number < len(CUSTOMERS)
        caller = Caller(
            TenantName(self.tenant),
            TicketId(ticket.id),
            CustomerId(CUSTOMERS[number]) if known else None,
            Verification.CHANNEL if known else Verification.NONE,
            Lane.AGENT,
            fence=claim.fence,
            event_seq=ticket.seq,
            seen_seq=ticket.seq,
        )
        if tool == "add_note":
            self.model.wished.add(Wish("add_note", None))
        await self._tries(self.services.runner.call(caller, tool, args, f"toolu_{claim.fence}"))

    async def runs(self, dies_at: str | None = None) -> None:
        """A worker runs what waits, once round, and delivers the replies; it may die on the way."""
        self.place.dies_at, self.lost = dies_at, {}
        went_well = await self._tries(self.place.drain(self.rig, self.tenant))
        self.place.dies_at = None
        await self._check_lost()
        if went_well and self.mailed:
            await self.place.deliver()

    async def sweeps(self, dies_at: str | None = None) -> None:
        """The sweeps run once; the worker may die on the way."""
        self.place.dies_at = dies_at
        await self._tries(self.place.sweep(self.rig))
        self.place.dies_at = None

    async def time_passes(self, hours: float) -> None:
        """The clock jumps, and what was leased is free."""
        self.place.clock.advance(hours=hours)
        await self.place.end_leases(self.tenant)

    def shop_errs(self, kind: str) -> None:
        """The next effect goes wrong."""
        self.shop.errs(FAULTS[kind])

    def meanwhile(self, what: Meanwhile, number: int, at: Moment) -> None:
        """While the next run reads or acts, something else happens to the ticket, and mostly another worker takes it."""

        async def other() -> None:
            before = await self._ticket(number)
            match what:
                case "adopted":
                    await self.runs()
                case "swept":
                    await self.time_passes(0.1)
                    await self.sweeps()
                case "retracted":
                    await self.hears(number, "No, thanks", no=True)
                case "dropped":
                    await self.hears(number, "Never mind, please forget it.", no=True)
                    await self.runs()
                case "asks a person":
                    await self.hears(number, "A human, please!")
                    await self.runs()
                case "killed":
                    await self.throws("tenant", "", on=True)
                case "taken over":
                    await self.desk("sue", "take_over", number)
            now = await self._ticket(number)
            if before and now.fence > before.fence:
                self.lost[now.id] = now.journal_seq

        if at in ("before", "after"):
            self.shop.errs(Fault(after=other) if at == "after" else Fault(before=other))
        else:
            self.shop.is_watched(at, Fault(before=other))

    async def _check_lost(self) -> None:
        """A worker whose tickets were taken while it ran has written no more on them than how what it had sent ended."""
        for ticket, seq in self.lost.items():
            later = select(journal.c.kind).where(journal.c.stream == ticket, journal.c.seq > seq)
            written = {row.kind for row in await self._rows(later)} - SETTLING
            assert not written, f"A worker that had lost its ticket wrote {written}."
