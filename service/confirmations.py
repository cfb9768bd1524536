"""Takes the customer's yes or no from a channel that speaks for the verified customer."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.errors import NotFound, Stale
from service.store import questions
from service.store.database import Database
from service.store.journal import Entry, append_to_ticket
from service.store.money_schema import actions
from service.store.schema import questions as questions_table
from service.store.schema import tickets
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
        now = self._clock()
        by = f"channel:{channel}"
        async with self._db.begin() as conn:
            ticket_id = await self._ticket(conn, tenant, action_id)
            # Waking takes the ticket's row lock, so nobody closes the question from here on.
            seq = await self._wakeups.wake(
                conn, ticket_id, EventKind.CONFIRMATION, action_id, {"answer": "yes" if yes else "no"}
            )
            question_id = await self._question(conn, ticket_id, action_id)
            if not await questions.answer(conn, question_id, "confirmed" if yes else "declined", by, seq, now):
                raise Stale
            data = {"question_id": question_id, "action_id": action_id, "answer": "yes" if yes else "no"}
            await append_to_ticket(conn, ticket_id, [Entry("question.answered", by, data)], now)

    async def _ticket(self, conn: AsyncConnection, tenant: str, action_id: str) -> str:
        query = select(actions.c.ticket_id).where(actions.c.tenant == tenant, actions.c.id == action_id)
        found = (await conn.execute(query)).scalar_one_or_none()
        if found is None:
            raise NotFound
        return found

    async def _question(self, conn: AsyncConnection, ticket_id: str, action_id: str) -> str:
        query = (
            select(questions_table.c.id)
            .join(tickets, tickets.c.question_id == questions_table.c.id)
            .where(
                tickets.c.id == ticket_id,
                questions_table.c.action_id == action_id,
                questions_table.c.state == "open",
                questions_table.c.expires_at > self._clock(),
            )
        )
        found = (await conn.execute(query)).scalar_one_or_none()
        if found is None:
            raise Stale
        return found
