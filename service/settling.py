"""Settles by hand what the merchant's system never answered: a person says what happened, and the ticket goes on."""

from service.errors import Invalid
from service.store import settlements
from service.store.database import Database
from service.store.people import Person
from service.store.settlements import NotUnknown, Word
from service.store.wakeups import EventKind, Wakeups
from tools.confidential import masked
from tools.ports import Action, ActionStatus, Clock
from tools.runner import ToolRunner

MAX_REFERENCE = 200
"""How long the merchant's own reference of an effect may be, in characters."""


class Settling:
    """The one way in for a person's word about an `unknown` action."""

    def __init__(self, db: Database, runner: ToolRunner, wakeups: Wakeups, clock: Clock) -> None:
        self._db = db
        self._runner = runner
        self._wakeups = wakeups
        self._clock = clock

    async def settle(self, person: Person, action_id: str, *, happened: bool, reference: str, reason: str) -> Action:
        """Settle an action as the person says, unless the merchant's system knows by now: then its word counts.

        The ticket is woken as by the sweep. Raises `NotFound`, `Forbidden`, `Invalid`, `NotUnknown`, `BeingTried` and
        `ReferenceUsed`.
        """
        word = Word(happened, masked(reference.strip()), masked(reason.strip()))
        if not word.reason:
            raise Invalid("Say how you found out; the team and the record need the reason.")
        if happened and not word.reference:
            raise Invalid("Give the shop's own reference of what happened; it proves it.")
        async with self._db.reading() as conn:
            action = await settlements.in_doubt(conn, person, action_id)
        if (await self._runner.look_only(action)).status is not ActionStatus.UNKNOWN:
            raise NotUnknown("The shop's own books have answered in the meantime; look at how it ended.")
        async with self._db.begin() as conn:
            settled = await settlements.settle(conn, person, action, word, self._clock())
            await self._wakeups.wake(conn, settled.ticket, EventKind.SETTLED, settled.id, {"status": settled.status})
        return settled
