"""A ticket's locked row while one transaction changes it: what it was, what will change, and what else `save` writes."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service import ids
from service.store import bulk, journal
from service.store.arrivals import POSITIONS
from service.store.bulk import NewRow
from service.store.journal import Entry, Head
from service.store.schema import messages, tickets
from tools.ports import Lane
from workflows.lifecycle import LifecycleEvent, advance, status_after
from workflows.outcome import Outcome
from workflows.ticket import Author, FlowState, TicketStatus

_SAVE = update(tickets).where(tickets.c.id == bindparam("ticket"))


@dataclass(frozen=True, slots=True)
class Spoken:
    """A message that we wrote; `public` is false for a note."""

    message_id: str
    public: bool


@dataclass(slots=True)
class TicketRow:
    """The row as it was locked (`before`) and its changes; `owned` says that a person has claimed the ticket.

    `answered` says that people have resolved it since what this turn is about came in, so that the last word is theirs.
    Nothing is written before `save`: `values` are the row's own changes, `entries` go into the journal, `new` elsewhere.
    """

    before: Any
    now: datetime
    owned: bool = False
    answered: bool = False
    values: dict[str, Any] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    new: list[NewRow] = field(default_factory=list)

    @property
    def with_people(self) -> bool:
        """Whether people have the ticket, claimed or not; one that they resolved is the rails' again for what comes after."""
        return self.answered or (self.before.lane == Lane.HUMAN and self.before.status == TicketStatus.ESCALATED)

    @property
    def status(self) -> TicketStatus:
        """The status as it stands after what has happened so far."""
        return TicketStatus(self.values.get("status", self.before.status))

    def happened(self, event: LifecycleEvent, actor: str = "system") -> None:
        """Move the status by one event. Raises `IllegalTransition` when the table does not declare it."""
        self._move(advance(self.status, event), actor)

    def ended(self, outcome: Outcome) -> None:
        """Move the status by the outcome of a run."""
        self._move(status_after(self.status, outcome), "bot")

    def progress(self, at: FlowState) -> None:
        """Where the flow stands now."""
        if (self.before.flow, self.before.state) != (at.flow, at.state):
            change = {"flow": at.flow, "from": self.before.state if self.before.flow == at.flow else None, "to": at.state}
            self.entries.append(Entry("flow.moved", "bot", change))
        self.values |= {"flow": at.flow, "state": at.state, "slots": dict(at.slots)}

    def names(self) -> dict[str, str]:
        """How the outside knows the ticket."""
        return {"id": self.before.id, "external_id": self.before.external_id}

    def say(self, text: str, *, position: int, answers: bool) -> Spoken:
        """Write the bot's reply to the event `position`; on a person's ticket, or after their last word, it is a note.

        `answers` is false for a question, and for words that only pass the customer on.
        """
        note = self.owned or self.answered
        author = Author.NOTE if note else Author.BOT
        place = position * POSITIONS + POSITIONS // 2
        message_id = self._add(author, text, place, answers=answers)
        self.entries.append(Entry("reply.written", "bot", {"message_id": message_id, "text": text, "note": note}))
        if not note and self.before.first_reply_at is None:
            self.values["first_reply_at"] = self.now
        return Spoken(message_id, public=not note)

    async def written(self, conn: AsyncConnection, origin: str) -> str | None:
        """The message that a person's request with this origin made before, or None."""
        query = select(messages.c.id).where(messages.c.ticket_id == self.before.id, messages.c.external_id == _marked(origin))
        return (await conn.execute(query)).scalar_one_or_none()

    async def heard_after(self, conn: AsyncConnection, position: int) -> bool:
        """Whether the ticket holds a message from outside, the customer's or a third party's, after this position."""
        others = messages.c.author.in_((Author.CUSTOMER, Author.THIRD_PARTY))
        query = select(messages.c.id).where(messages.c.ticket_id == self.before.id, others)
        return (await conn.execute(query.where(messages.c.position > position).limit(1))).first() is not None

    async def write(self, conn: AsyncConnection, text: str, person_id: str, *, note: bool, origin: str | None = None) -> Spoken:
        """Write what a person says, after everything that is on the ticket."""
        last = select(func.max(messages.c.position)).where(messages.c.ticket_id == self.before.id)
        place = ((await conn.execute(last)).scalar_one() or 0) + 1
        message_id = self._add(Author.NOTE if note else Author.HUMAN, text, place, person_id, origin)
        data = {"message_id": message_id, "text": text, "note": note}
        self.entries.append(Entry("reply.written", f"person:{person_id}", data))
        if not note and self.before.first_reply_at is None:
            self.values["first_reply_at"] = self.now
        return Spoken(message_id, public=not note)

    async def leave_nothing_open(self, conn: AsyncConnection) -> None:
        """A person says that the customer has what they need, be it by telephone: whatever was said until now answers them."""
        asked = update(messages).where(messages.c.ticket_id == self.before.id, ~messages.c.answers)
        await conn.execute(asked.values(answers=True))

    async def save(self, conn: AsyncConnection, turn: int | None = None) -> None:
        """Write everything: new rows, journal and the row itself."""
        head = Head(self.before.journal_seq, self.before.journal_head)
        head, links = journal.chained(self.before.id, self.before.tenant, head, self.entries, self.now, turn)
        changed = self.values | {"journal_seq": head.seq, "journal_head": head.hash, "updated_at": self.now}
        await bulk.store(conn, self.new + links, _SAVE, {"ticket": self.before.id} | changed)

    def _add(
        self,
        author: Author,
        text: str,
        place: int,
        person_id: str | None = None,
        origin: str | None = None,
        *,
        answers: bool = True,
    ) -> str:
        message_id = ids.new("msg")
        values = {
            "id": message_id,
            "ticket_id": self.before.id,
            # A help desk that echoes our own reply sends this id back, and meets the message as a known one.
            "external_id": _marked(origin) if origin else message_id,
            "author": author,
            "text": text,
            "answers": answers,
            "sent_at": self.now,
            "person_id": person_id,
            "position": place,
            "created_at": self.now,
        }
        self.new.append((messages, values))
        return message_id

    def _move(self, to: TicketStatus, actor: str) -> None:
        if to is not self.status:
            self.entries.append(Entry("ticket.moved", actor, {"from": self.status, "to": to}))
        self.values["status"] = to


def _marked(origin: str) -> str:
    """The id under which a person's request is remembered; a digest, because a client chooses how long its key is."""
    return f"request:{hashlib.sha256(origin.encode()).hexdigest()}"
