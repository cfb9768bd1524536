"""What the bot says on a ticket: a reply for the customer, or a note for the person who has claimed it."""

from pathlib import Path

import pytest
from sqlalchemy import select

from service.store import journal, turns
from service.store.schema import messages, tickets
from service.store.ticket_row import TicketRow
from tests.conftest import StandingClock
from tests.tools.world import build_world


@pytest.mark.parametrize("owned", [False, True], ids=["nobody's", "a_person's"])
async def test_what_the_bot_says_is_a_reply_until_a_person_has_the_ticket_and_then_a_note(
    database_url: str, tmp_path: Path, clock: StandingClock, owned: bool
) -> None:
    async with build_world(database_url, f"sqlite:///{tmp_path / 'shop.db'}", clock) as world:
        ticket = (await world.ticket()).ticket
        async with world.database.begin() as conn:
            row = TicketRow(await turns.lock(conn, ticket, None), clock(), owned=owned)
            spoken = row.say("Your money is on its way.", position=1, answers=True)
            await row.save(conn)
        async with world.database.reading() as conn:
            author = (await conn.execute(select(messages.c.author).where(messages.c.id == spoken.message_id))).scalar_one()
            first_reply = (await conn.execute(select(tickets.c.first_reply_at).where(tickets.c.id == ticket))).scalar_one()
            (entry,) = await journal.read(conn, ticket)
    assert entry.data is not None
    assert (author, spoken.public, entry.data["note"]) == (("note", False, True) if owned else ("bot", True, False))
    assert first_reply == (None if owned else clock())
