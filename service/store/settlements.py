"""A person's word about an action whose outcome nobody knows: who may give it, and what it changes, in one transaction."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.errors import Conflict, Forbidden, NotFound
from service.store import action_rows, ledger, people, turns
from service.store.action_rows import from_row
from service.store.journal import Entry, append_after, append_to_tenant
from service.store.looks import NOT_TRIED
from service.store.money_schema import actions
from service.store.people import SETTLERS, Person
from tools.by_hand import receipt_told
from tools.catalogue import CATALOGUE
from tools.errors import Code
from tools.ports import Action, ActionStatus, Effect

STATED = "outcome.stated"
"""The entry, on the ticket's chain and on the tenant's, that holds the person's own words; an erasure removes it."""


class NotUnknown(Conflict):
    """The outcome of this action is not unknown, or not any more; look at how it stands."""

    code = "not_unknown"


class BeingTried(Conflict):
    """The shop is being asked once more at this very moment. Try again in a minute."""

    code = "being_tried"


class ReferenceUsed(Conflict):
    """Another action has this reference already, and one effect belongs to one action."""

    code = "reference_used"


@dataclass(frozen=True, slots=True)
class Word:
    """What a person found out: that it happened, under this reference of the merchant's system, or that it did not."""

    happened: bool
    reference: str
    reason: str


_BY_ID = select(actions).where(actions.c.tenant == bindparam("tenant"), actions.c.id == bindparam("action"))
_SETTLE = (
    update(actions)
    .where(actions.c.id == bindparam("action"), actions.c.status == ActionStatus.UNKNOWN, NOT_TRIED)
    .returning(actions)
)


async def in_doubt(conn: AsyncConnection, person: Person, action_id: str) -> Action:
    """The action, which this person may settle. Raises `NotFound`, `Forbidden` and `NotUnknown`."""
    row = (await conn.execute(_BY_ID, {"tenant": person.tenant, "action": action_id})).first()
    if row is None:
        raise NotFound
    action = from_row(row)
    await _require_settler(conn, person, action)
    if action.status is not ActionStatus.UNKNOWN or CATALOGUE[action.tool].by_codes:
        raise NotUnknown
    return action


async def settle(conn: AsyncConnection, person: Person, action: Action, word: Word, now: datetime) -> Action:
    """Settle an action as this person says, with its money and who said it and why.

    Raises `Forbidden`, `NotUnknown` when somebody else was first, `BeingTried` and `ReferenceUsed`.
    """
    ticket = await turns.lock_chain(conn, action.ticket, None)
    await _require_settler(conn, person, action)
    receipt = receipt_told(action, word.reference, person.id) if word.happened else None
    if receipt is not None:
        await _require_own_reference(conn, action, word.reference)
    values = {
        "action": action.id,
        "status": ActionStatus.SUCCEEDED if receipt else ActionStatus.FAILED,
        "code": None if receipt else Code.NOT_DONE,
        "receipt": receipt.model_dump(mode="json") if receipt else None,
        "ended_at": now,
    }
    row = (await conn.execute(_SETTLE, values)).first()
    if row is None:
        stands = await action_rows.by_id(conn, action.ticket, action.id)
        raise BeingTried if stands.status == ActionStatus.UNKNOWN else NotUnknown
    by, told = f"person:{person.id}", {"action_id": row.id, "happened": word.happened, "reason": word.reason}
    moved = ledger.settled(row, receipt, now) if receipt else ledger.released(row, now)
    entries = [Entry(STATED, by, told), action_rows.entry(row, by)]
    await append_after(conn, ticket, entries, now, row.event_seq, moved)
    about = {"ticket_id": row.ticket_id, "tool": row.tool, "reference": word.reference if receipt else None}
    await append_to_tenant(conn, row.tenant, [Entry(STATED, by, told | about)], now)
    return from_row(row)


async def _require_settler(conn: AsyncConnection, person: Person, action: Action) -> None:
    """The role that the person has now, and for money another person than the one who asked for it."""
    known = await people.find(conn, person.id)
    if known is None or not known.active or known.role not in SETTLERS:
        raise Forbidden("Supervisors and admins settle what is unknown.")
    mine = f"person:{person.id}"
    if action.effect is Effect.MONEY and mine in (action.requester, action.confirmed_by):
        raise Forbidden("Somebody else has to settle money that you asked for yourself.")


async def _require_own_reference(conn: AsyncConnection, action: Action, reference: str) -> None:
    held = actions.c.receipt["reference"].as_string() == reference
    query = select(actions.c.id).where(actions.c.tenant == action.tenant, actions.c.status == ActionStatus.SUCCEEDED, held)
    if (await conn.execute(query.limit(1))).first() is not None:
        raise ReferenceUsed
