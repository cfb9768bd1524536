"""Takes the customer's yes or no from a channel that speaks for the verified customer."""

from service.errors import Stale
from service.store import answerable, questions
from service.store.database import Database
from service.store.journal import Entry, append_to_ticket
from service.store.wakeups import EventKind, Wakeups
from tools.ports import Clock


class Confirmations:
    """Answers the one open question about an action; the ticket is woken in the same transaction and does the rest."""

    def __init__(self, db: Database, wakeups: Wakeups, clock: Clock) -> None:
        self._db = db
        self._wakeups = wakeups
        self._clock = clock

    async def answer(self, tenant: str, channel: str, action_id: str, *, yes: bool) -> None:
        """Record the answer; `channel` is the id of the key that brought it.

        Raises `NotFound` for an action that the tenant does not have, and `Stale` when no question about it is open.
        """
        now, by, said = self._clock(), f"channel:{channel}", "yes" if yes else "no"
        async with self._db.begin() as conn:
            ticket_id = await answerable.ticket_of(conn, tenant, action_id)
            # Waking takes the ticket's row lock, so nobody closes the question from here on.
            seq = await self._wakeups.wake(conn, ticket_id, EventKind.CONFIRMATION, action_id, {"answer": said})
            question_id = await answerable.open_question(conn, ticket_id, action_id, now)
            if not await questions.answer(conn, question_id, "confirmed" if yes else "declined", by, seq, now):
                raise Stale
            data = {"question_id": question_id, "action_id": action_id, "answer": said}
            await append_to_ticket(conn, ticket_id, [Entry("question.answered", by, data)], now)
