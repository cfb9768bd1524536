"""Erases a person: what they wrote, what was written to and about them, and who they are; the chain and the books still verify.

What stays is what the books need and says nothing by itself: the merchant's own ids of the customer, orders and payments,
amounts, times, and which rule decided. Their tickets are closed, and whatever worked on them is fenced off. The merchant's own
system, the embedded shop included, is the merchant's to erase.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Text, and_, cast, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.errors import Conflict, NotFound
from service.store import cases, questions, turns
from service.store.access_schema import idempotency
from service.store.arrival_statements import UNVERIFIED
from service.store.journal import Entry, append_to_tenant, tenant_stream
from service.store.money_schema import actions, approvals, verifications, votes
from service.store.schema import customers, escalations, events, journal_payloads, messages, outbox, tickets
from service.store.schema import journal as entries
from service.store.schema import questions as question_rows
from service.store.settlements import STATED
from service.store.ticket_row import TicketRow
from service.store.withdrawal import withdraw
from tools.ports import ActionStatus, Effect, TenantName
from workflows.lifecycle import LifecycleEvent
from workflows.ticket import TicketStatus

ERASED = "[erased]"
"""What stands where a text was."""

KIND = "customer.erased"
"""The entry on the tenant's own chain: which streams lost their payloads, up to which entry, and which entries of its own."""

ERASURE = "ticket.erased"
"""The entry on the chain of a ticket that was erased."""

SPARED = ("ticket.moved", "ticket.escalated", "flow.moved", "escalation.claimed", "escalation.released", "escalation.resolved")
"""The entries, beside those of actions, whose payloads hold no words of anybody; the promises about histories rest on them."""

NUMBERS = ("captured", "refunded", "promised")
"""The facts of an action on which the promises about money rest."""

_UNDER_WAY = (ActionStatus.RESERVED, ActionStatus.SENT, ActionStatus.UNKNOWN)


class InFlight(Conflict):
    """An action of this customer is under way. Erase them once it has ended."""

    code = "in_flight"


@dataclass(frozen=True, slots=True)
class Erased:
    """How many of a person's tickets, and of their messages on other people's tickets, were erased."""

    tickets: int
    messages_elsewhere: int


async def erase(conn: AsyncConnection, tenant: TenantName, customer: str, by: str, now: datetime) -> Erased:
    """Erase the customer with this id of the merchant's, in the caller's transaction, and note it on the tenant's chain.

    Tickets of senders whom nobody vouched for go with it when they gave the customer's e-mail address. Raises `NotFound` and
    `InFlight`; then nothing may be committed.
    """
    people = await _people(conn, tenant, customer)
    ids = [row.id for row in people]
    # The customer's row first, as a message that comes in does: afterwards it is bound to an erased customer, or not at all.
    await conn.execute(update(customers).where(customers.c.id.in_(ids)).values(email=None, name=None))
    theirs = select(tickets.c.id).where(tickets.c.customer_id.in_(ids)).order_by(tickets.c.id)
    found = (await conn.execute(theirs)).scalars().all()
    # Whoever wrote there unvouched for has a row by the ticket's name, which stays when a proof binds the ticket to an account.
    strangers = select(UNVERIFIED + tickets.c.external_id).where(tickets.c.id.in_(found))
    there = and_(customers.c.tenant == tenant, customers.c.external_id.in_(strangers))
    await conn.execute(update(customers).where(there).values(email=None, name=None))
    streams = {ticket: await _ticket(conn, ticket, by, now) for ticket in found}
    called = {customer} | {row.email for row in people if row.email}
    elsewhere = await _elsewhere(conn, tenant, called, found)
    streams |= {ticket: seq for ticket, seq in elsewhere if ticket not in streams}
    told = {"customer": ids[0], "streams": streams, "own": await _unwrite_own(conn, tenant, found)}
    await append_to_tenant(conn, tenant, [Entry(KIND, by, told)], now)
    return Erased(len(found), len(elsewhere))


async def is_erased(conn: AsyncConnection, ticket_id: str) -> bool:
    """Whether the ticket's customer was erased and has not written on it since, so that there is nobody to write to."""
    heard = entries.c.kind.in_((ERASURE, "message.received"))
    newest = select(entries.c.kind).where(entries.c.stream == ticket_id, heard).order_by(entries.c.seq.desc()).limit(1)
    return (await conn.execute(newest)).scalar_one_or_none() == ERASURE


async def _people(conn: AsyncConnection, tenant: str, customer: str) -> Sequence[Any]:
    """The customer's row, and those of senders that nobody vouched for who gave the same address."""
    known = select(customers).where(customers.c.tenant == tenant, customers.c.external_id == customer)
    row = (await conn.execute(known)).first()
    if row is None:
        raise NotFound("The tenant has no customer with this id.")
    if not row.email:
        return [row]
    same = func.lower(customers.c.email) == row.email.lower()
    claimed = select(customers).where(customers.c.tenant == tenant, same, customers.c.external_id.startswith(UNVERIFIED))
    return [row, *(await conn.execute(claimed)).all()]


async def _ticket(conn: AsyncConnection, ticket_id: str, by: str, now: datetime) -> int:
    """Erase one ticket and close it; returns the number of the last entry that lost its payload."""
    row = TicketRow(await turns.lock(conn, ticket_id, None), now)
    await _stop(conn, row, by)
    await _blank(conn, ticket_id)
    await _blank_actions(conn, ticket_id, now)
    await _unwrite(conn, ticket_id)
    row.values |= {"subject": "", "slots": {}, "route_reason": ""}
    row.entries.append(Entry(ERASURE, by, {}))
    await row.save(conn)
    return row.before.journal_seq


async def _unwrite(conn: AsyncConnection, ticket_id: str) -> None:
    """Erase the payloads of the ticket's entries, except those that hold ids, codes and amounts by construction."""
    spared = or_(entries.c.kind.in_(SPARED), entries.c.kind.like("action.%"))
    kept = select(entries.c.seq).where(entries.c.stream == ticket_id, spared)
    await conn.execute(
        delete(journal_payloads).where(journal_payloads.c.stream == ticket_id, journal_payloads.c.seq.not_in(kept))
    )


async def _unwrite_own(conn: AsyncConnection, tenant: str, erased: Sequence[str]) -> list[int]:
    """Erase what people said about the tickets' actions on the tenant's own chain; returns the numbers of those entries."""
    own, about = tenant_stream(tenant), journal_payloads.c.data["ticket_id"].as_string()
    stated = select(entries.c.seq).where(entries.c.stream == own, entries.c.kind == STATED)
    found = and_(journal_payloads.c.stream == own, journal_payloads.c.seq.in_(stated), about.in_(erased))
    seqs = (await conn.execute(select(journal_payloads.c.seq).where(found).order_by(journal_payloads.c.seq))).scalars().all()
    gone = and_(journal_payloads.c.stream == own, journal_payloads.c.seq.in_(seqs))
    await conn.execute(delete(journal_payloads).where(gone))
    return list(seqs)


async def _stop(conn: AsyncConnection, row: TicketRow, by: str) -> None:
    """End whatever waits on the ticket, fence off whoever works on it, and close it. Raises `InFlight`."""
    ticket_id = row.before.id
    under_way = select(actions.c.id).where(actions.c.ticket_id == ticket_id, actions.c.status.in_(_UNDER_WAY)).limit(1)
    if (await conn.execute(under_way)).first():
        raise InFlight
    row.entries += await questions.close(conn, row.before, row.now)
    row.entries += await withdraw(conn, ticket_id, by, row.now)
    case = await cases.live(conn, ticket_id)
    if case:
        await cases.change(conn, case.id, state="resolved", resolved_at=row.now)
        row.entries.append(Entry("escalation.resolved", by, {"escalation_id": case.id}))
    await conn.execute(update(events).where(events.c.ticket_id == ticket_id, ~events.c.done).values(done=True, done_at=row.now))
    row.values |= {"pending": 0, "fence": row.before.fence + 1, "question_id": None, "wake_at": None}
    row.values |= {"owner": None, "due_at": None}
    if row.status is not TicketStatus.CLOSED:
        row.happened(LifecycleEvent.ERASED, by)


async def _blank(conn: AsyncConnection, ticket_id: str) -> None:
    """What was said on the ticket and about it, in whatever table it stands."""
    said = {"text": ERASED, "sender": None, "attachments": []}
    await conn.execute(update(messages).where(messages.c.ticket_id == ticket_id).values(said))
    await conn.execute(update(question_rows).where(question_rows.c.ticket_id == ticket_id).values(text=ERASED))
    await conn.execute(update(events).where(events.c.ticket_id == ticket_id).values(data={}))
    await conn.execute(update(escalations).where(escalations.c.ticket_id == ticket_id).values(brief={"summary": ERASED}))
    waits = and_(outbox.c.ticket_id == ticket_id, outbox.c.state.in_(("pending", "sending")))
    await conn.execute(update(outbox).where(waits).values(state="dead", last_error="erased"))
    await conn.execute(update(outbox).where(outbox.c.ticket_id == ticket_id).values(body={}))
    await conn.execute(update(verifications).where(verifications.c.ticket_id == ticket_id).values(sender=None, answers={}))
    # Kept answers to repeated requests hold whole tickets, or a message that does not name its ticket.
    kept = cast(idempotency.c.body, Text)
    quoted = exists().where(messages.c.ticket_id == ticket_id, kept.contains(messages.c.id))
    await conn.execute(delete(idempotency).where(or_(kept.contains(ticket_id), quoted)))


async def _blank_actions(conn: AsyncConnection, ticket_id: str, now: datetime) -> None:
    """What the ticket's actions hold besides ids and amounts: only the arguments of money are nothing else.

    Their wishes and digests stay, but cannot be recomputed any more, and `erased_at` says so.
    """
    for row in (await conn.execute(select(actions).where(actions.c.ticket_id == ticket_id))).all():
        left: dict[str, Any] = {"erased_at": now, "facts": _numbers(row.facts)}
        if row.effect != Effect.MONEY:
            left["args"] = {}
        if row.receipt:
            left["receipt"] = {**row.receipt, "data": {}}
        await conn.execute(update(actions).where(actions.c.id == row.id).values(left))
    for row in (await conn.execute(select(approvals).where(approvals.c.ticket_id == ticket_id))).all():
        await conn.execute(update(approvals).where(approvals.c.id == row.id).values(facts=_numbers(row.facts)))
    asked = exists().where(approvals.c.id == votes.c.approval_id, approvals.c.ticket_id == ticket_id)
    await conn.execute(update(votes).where(asked).values(reason=""))


def _numbers(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: facts[name] for name in NUMBERS if name in facts}


async def _elsewhere(conn: AsyncConnection, tenant: str, called: set[str], erased: Sequence[str]) -> Sequence[tuple[str, int]]:
    """The person's messages on other people's tickets, with the entries that quote them; the tickets go on without them.

    Returns a ticket and its newest entry for each message.
    """
    # Ids of the merchant's that differ in case are two customers; an address is the same however it is written.
    addresses = [name.lower() for name in called if "@" in name]
    wrote = or_(messages.c.sender.in_(called), func.lower(messages.c.sender).in_(addresses))
    query = (
        select(messages.c.id, messages.c.ticket_id, tickets.c.journal_seq)
        .join(tickets)
        .where(tickets.c.tenant == tenant, tickets.c.id.not_in(erased), wrote)
        .order_by(messages.c.ticket_id)
    )
    found = (await conn.execute(query)).all()
    for row in found:
        await turns.lock(conn, row.ticket_id, None)
        await conn.execute(update(messages).where(messages.c.id == row.id).values(text=ERASED, sender=None, attachments=[]))
        quotes = and_(journal_payloads.c.stream == row.ticket_id, cast(journal_payloads.c.data, Text).contains(row.id))
        await conn.execute(delete(journal_payloads).where(quotes))
        await conn.execute(delete(idempotency).where(cast(idempotency.c.body, Text).contains(row.ticket_id)))
    return [(row.ticket_id, row.journal_seq) for row in found]
