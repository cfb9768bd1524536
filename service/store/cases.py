"""Escalation rows: one live case per ticket."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store import turns
from service.store.journal import Entry
from service.store.schema import escalations, journal, journal_payloads, messages
from service.store.ticket_row import TicketRow
from tools.ports import PersonId
from workflows.ticket import Author

RESOLVED = "escalation.resolved"
"""The entry of a case's end; `up_to` in it is the newest event that the ticket had then."""


async def live(conn: AsyncConnection, ticket_id: str) -> Any:
    """The ticket's case that is not resolved, or None."""
    query = select(escalations).where(escalations.c.ticket_id == ticket_id, escalations.c.state != "resolved")
    return (await conn.execute(query)).first()


async def find(conn: AsyncConnection, tenant: str, case_id: str) -> Any:
    """A case of this tenant, or None."""
    query = select(escalations).where(escalations.c.id == case_id, escalations.c.tenant == tenant)
    return (await conn.execute(query)).first()


async def resolved_over(conn: AsyncConnection, ticket_id: str, seq: int) -> bool:
    """Whether the ticket's event `seq` had come in when people last resolved it."""
    told = journal_payloads.c.stream == journal.c.stream, journal_payloads.c.seq == journal.c.seq
    query = select(journal_payloads.c.data).join(journal, and_(*told))
    ended = query.where(journal.c.stream == ticket_id, journal.c.kind == RESOLVED).order_by(journal.c.seq.desc()).limit(1)
    data = (await conn.execute(ended)).scalar_one_or_none()
    return data is not None and seq <= data.get("up_to", 0)


async def add(conn: AsyncConnection, **values: Any) -> None:
    """Write a new case."""
    await conn.execute(insert(escalations).values(**values))


async def change(conn: AsyncConnection, case_id: str, **values: Any) -> None:
    """Change a case and raise its version; the caller holds the ticket's lock."""
    await conn.execute(
        update(escalations).where(escalations.c.id == case_id).values(version=escalations.c.version + 1, **values)
    )


async def release(conn: AsyncConnection, row: TicketRow, case_id: str, by: str) -> None:
    """Put a claimed case back into the open queue; the caller holds the ticket's lock."""
    await change(conn, case_id, state="open", owner=None, claimed_at=None)
    row.values["owner"] = None
    row.entries.append(Entry("escalation.released", by, {"escalation_id": case_id}))
    await row.save(conn)


async def release_all(conn: AsyncConnection, owner: PersonId, by: str, now: datetime) -> None:
    """Put all that this person has claimed back into the open queue; the caller holds the person, so nothing is added."""
    claimed = select(escalations.c.ticket_id).where(escalations.c.owner == owner, escalations.c.state == "claimed")
    for ticket_id in (await conn.execute(claimed.order_by(escalations.c.ticket_id))).scalars().all():
        row = TicketRow(await turns.lock(conn, ticket_id, None), now)
        # Read again now that the ticket's lock is held: its owner may have ended the case meanwhile.
        case = await live(conn, ticket_id)
        if case and case.owner == owner:
            await release(conn, row, case.id, by)


async def last_words(conn: AsyncConnection, ticket_id: str, count: int) -> tuple[str, ...]:
    """The customer's last messages, oldest first."""
    query = select(messages.c.text).where(messages.c.ticket_id == ticket_id, messages.c.author == Author.CUSTOMER)
    newest = (await conn.execute(query.order_by(messages.c.position.desc()).limit(count))).scalars().all()
    return tuple(reversed(newest))
