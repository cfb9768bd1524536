"""What people do with tickets: claim, release, resolve, take over, hand back, write. Each is one atomic transaction."""

from collections.abc import Callable
from typing import Any

from service.errors import ClaimedByOther, Conflict, Forbidden, Invalid, NotFound, Stale
from service.escalation import open_case
from service.payload import kept_text
from service.settings import TenantSettings
from service.store import cases, outbox, people, questions, turns
from service.store.database import Connection, Database
from service.store.journal import Entry
from service.store.people import Person
from service.store.ticket_row import TicketRow
from service.store.wakeups import EventKind, Wakeups
from tools.errors import FencedOff
from tools.ports import Clock, Lane
from workflows.lifecycle import LifecycleEvent
from workflows.outcome import Reason


class NewerMessage(Conflict):
    """A new message came in while you were writing. Read it, then send your answer."""

    code = "newer_message"


class Desk:
    """People's acts. Every method raises `NotFound` for another tenant's things."""

    def __init__(
        self,
        db: Database,
        wakeups: Wakeups,
        clock: Clock,
        tenant_settings: Callable[[str], TenantSettings],
        *,
        delivers: bool,
    ) -> None:
        self._db = db
        self._wakeups = wakeups
        self._clock = clock
        self._tenant_settings = tenant_settings
        self._delivers = delivers

    async def claim(self, person: Person, escalation_id: str) -> None:
        """Make the case one's own; the bot's unsent replies become notes. Raises `ClaimedByOther`, `Forbidden` or `Stale`."""
        async with self._db.begin() as conn:
            await people.hold_worker(conn, person)
            row, case = await self._case(conn, person, escalation_id)
            if case.state == "resolved":
                raise Stale
            if case.owner == person.id:
                return
            if case.owner is not None:
                raise ClaimedByOther
            await self._own(conn, row, case, person)
            row.entries.append(Entry("escalation.claimed", _actor(person), {"escalation_id": case.id}))
            await row.save(conn)

    async def release(self, person: Person, escalation_id: str) -> None:
        """Put one's own case back into the queue. Raises `ClaimedByOther` or `Stale`."""
        async with self._db.begin() as conn:
            row, case = await self._own_case(conn, person, escalation_id)
            await cases.release(conn, row, case.id, _actor(person))

    async def resolve(self, person: Person, escalation_id: str, text: str | None = None, *, seen: int | None = None) -> None:
        """End one's own case and the ticket, with a last reply if there is one.

        Whoever has read up to the position `seen` ends nothing over a later message from outside: `NewerMessage`. Raises
        `ClaimedByOther`, `Stale` or, for a blank reply, `Invalid` too.
        """
        async with self._db.begin() as conn:
            row, case = await self._own_case(conn, person, escalation_id)
            if seen is not None and await row.heard_after(conn, seen):
                raise NewerMessage("A new message has come in; read it before you resolve the ticket.")
            if text:
                await self._say(conn, row, person, text, note=False)
            await self._close_question(conn, row)
            await self._end_case(conn, row, case, person)
            await row.leave_nothing_open(conn)
            row.happened(LifecycleEvent.RESOLVED, _actor(person))
            row.values |= {"resolved_at": row.now, "handed_off": False, "superseded_count": 0}
            if self._delivers:
                row.new.append(
                    outbox.new(row.before.tenant, row.before.id, "ticket.resolved", {"ticket": row.names()}, row.now)
                )
            await row.save(conn)

    async def take_over(self, person: Person, ticket_id: str) -> str:
        """Take the ticket from whoever works it: opens its case and claims it in one call; returns the case's id.

        A running agent stops between its steps. Raises `ClaimedByOther` or `Forbidden`.
        """
        async with self._db.begin() as conn:
            await people.hold_worker(conn, person)
            row = await self._ticket(conn, person, ticket_id)
            case = await cases.live(conn, ticket_id)
            if case and case.owner not in (None, person.id):
                raise ClaimedByOther
            if case:
                await self._own(conn, row, case, person)
                case_id = case.id
            else:
                sla = self._tenant_settings(person.tenant).sla
                opened, entries = await open_case(conn, row.before, Reason.TAKEN_OVER, "", row.now, sla, owner=person.id)
                case_id, row.entries[len(row.entries) :] = opened.id, entries
                await outbox.hold_back_bot_replies(conn, ticket_id)
                row.values |= {"owner": person.id, "due_at": opened.due_at}
            await self._close_question(conn, row)
            row.values["lane"] = Lane.HUMAN
            row.happened(LifecycleEvent.ESCALATED, _actor(person))
            row.entries.append(Entry("ticket.taken_over", _actor(person), {"escalation_id": case_id}))
            await row.save(conn)
            return case_id

    async def hand_back(self, person: Person, ticket_id: str) -> None:
        """Give one's own ticket back to the rails; messages that nobody answered are handled next."""
        async with self._db.begin() as conn:
            row = await self._ticket(conn, person, ticket_id)
            case = await cases.live(conn, ticket_id)
            self._must_own(case, person)
            await self._close_question(conn, row)
            await self._end_case(conn, row, case, person)
            row.happened(LifecycleEvent.HANDED_BACK, _actor(person))
            row.values |= {"lane": Lane.WORKFLOW, "handed_off": False, "superseded_count": 0}
            row.entries.append(Entry("ticket.handed_back", _actor(person), {}))
            await row.save(conn)
            await self._wakeups.wake(conn, ticket_id, EventKind.HANDED_BACK, person.id)

    async def write(
        self,
        person: Person,
        ticket_id: str,
        text: str,
        *,
        note: bool,
        origin: str | None = None,
        seen: int | None = None,
    ) -> str:
        """Write a note, or a reply on one's own ticket; returns the message's id.

        Raises `Forbidden` without ownership, and `Invalid` for blank text.

        A request with an `origin` that has been written before, even by a process that died since, is not written again.
        A reply by somebody who has read up to the position `seen` raises `NewerMessage` when a message came in after that.
        """
        async with self._db.begin() as conn:
            row = await self._ticket(conn, person, ticket_id)
            if origin and (written := await row.written(conn, origin)):
                return written
            if not note and row.before.owner != person.id:
                raise Forbidden("Take the ticket over before replying to the customer.")
            if not note and seen is not None and await row.heard_after(conn, seen):
                raise NewerMessage
            message_id = await self._say(conn, row, person, text, note=note, origin=origin)
            if not note:
                await self._close_question(conn, row)
            await row.save(conn)
            return message_id

    async def _ticket(self, conn: Connection, person: Person, ticket_id: str) -> TicketRow:
        try:
            before = await turns.lock(conn, ticket_id, None)
        except FencedOff:
            raise NotFound from None
        if before.tenant != person.tenant:
            raise NotFound
        return TicketRow(before, self._clock(), owned=before.owner is not None)

    async def _case(self, conn: Connection, person: Person, escalation_id: str) -> tuple[TicketRow, Any]:
        case = await cases.find(conn, person.tenant, escalation_id)
        if case is None:
            raise NotFound
        row = await self._ticket(conn, person, case.ticket_id)
        # Read again now that the ticket's lock is held: nobody can change the case from here on.
        return row, await cases.find(conn, person.tenant, escalation_id)

    async def _own_case(self, conn: Connection, person: Person, escalation_id: str) -> tuple[TicketRow, Any]:
        row, case = await self._case(conn, person, escalation_id)
        self._must_own(case, person)
        return row, case

    def _must_own(self, case: Any, person: Person) -> None:
        if case is None or case.state != "claimed":
            raise Stale
        if case.owner != person.id:
            raise ClaimedByOther

    async def _own(self, conn: Connection, row: TicketRow, case: Any, person: Person) -> None:
        await cases.change(conn, case.id, state="claimed", owner=person.id, claimed_at=row.now)
        await outbox.hold_back_bot_replies(conn, row.before.id)
        await self._close_question(conn, row)
        row.values["owner"] = person.id

    async def _end_case(self, conn: Connection, row: TicketRow, case: Any, person: Person) -> None:
        await cases.change(conn, case.id, state="resolved", resolved_at=row.now)
        row.values |= {"owner": None, "due_at": None}
        data = {"escalation_id": case.id, "up_to": row.before.seq}
        row.entries.append(Entry(cases.RESOLVED, _actor(person), data))

    async def _close_question(self, conn: Connection, row: TicketRow) -> None:
        if row.values.get("question_id", row.before.question_id):
            row.entries += await questions.close(conn, row.before, row.now)
            row.values |= {"question_id": None, "wake_at": None}
        row.entries += await questions.end_unasked(conn, row.before.id, None, row.now)

    async def _say(
        self, conn: Connection, row: TicketRow, person: Person, text: str, *, note: bool, origin: str | None = None
    ) -> str:
        text = kept_text(text)
        if not text.strip():
            raise Invalid("Write something first.")
        spoken = await row.write(conn, text, person.id, note=note, origin=origin)
        if spoken.public and self._delivers:
            body = {
                "ticket": row.names(),
                "message": {"id": spoken.message_id, "text": text, "author": "human"},
                "in_reply_to": None,
            }
            told = outbox.new(
                row.before.tenant,
                row.before.id,
                "ticket.reply",
                body,
                row.now,
                message_id=spoken.message_id,
                by_person=True,
            )
            row.new.append(told)
        return spoken.message_id


def _actor(person: Person) -> str:
    return f"person:{person.id}"
