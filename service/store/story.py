"""Everything that the console shows of one ticket, as frozen values: what was said, what was done, and who decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store import journal
from service.store.access_schema import people
from service.store.arrival_statements import UNVERIFIED
from service.store.journal import Written
from service.store.ledger import Account
from service.store.money_schema import actions, approvals, ledger, votes
from service.store.schema import customers, escalations, messages, outbox, questions, tickets
from tools.money import Money
from tools.ports import Json

JOURNAL_LIMIT = 2_000
"""How many journal entries one page reads; a ticket's budget keeps it far below."""


@dataclass(frozen=True, slots=True)
class Head:
    """The ticket itself. `shop_customer` is the merchant's own id, None while nobody vouches for the sender."""

    id: str
    tenant: str
    external_id: str
    subject: str
    channel: str
    status: str
    lane: str
    flow: str | None
    state: str | None
    intent: str | None
    confidence: float | None
    route_reason: str
    language: str
    owner: str | None
    owner_name: str | None
    customer: str
    shop_customer: str | None
    email: str | None
    verification: str
    budget: Mapping[str, Json]
    slots: Mapping[str, Json]
    version: int
    journal_seq: int
    created_at: datetime
    updated_at: datetime
    due_at: datetime | None
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True)
class Said:
    """A message. `delivery` is the outbox state of what we wrote, None for what came in."""

    id: str
    author: str
    name: str | None
    text: str
    at: datetime
    position: int
    delivery: str | None
    attachments: Sequence[Json]


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's decision."""

    person: str
    name: str
    decision: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """An approval as it stands, with its votes."""

    id: str
    digest: str
    facts: Mapping[str, Json]
    rule: str
    votes_needed: int
    state: str
    created_at: datetime
    expires_at: datetime
    votes: tuple[Vote, ...] = ()


@dataclass(frozen=True, slots=True)
class Called:
    """An action, with the approvals that were asked for it, oldest first."""

    id: str
    tool: str
    effect: str
    args: Mapping[str, Json]
    facts: Mapping[str, Json]
    order_id: str | None
    money: Money | None
    status: str
    decision: str
    rule: str | None
    sentence: str
    code: str | None
    policy_version: str
    requester: str
    confirmed_by: str | None
    receipt: Mapping[str, Json] | None
    key: str
    lane: str
    intent: str | None
    job: str | None
    looks: Sequence[Mapping[str, Json]]
    created_at: datetime
    sent_at: datetime | None
    ended_at: datetime | None
    approvals: tuple[Asked, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """The escalation that is live, or else the last one."""

    id: str
    reason: str
    brief: Mapping[str, Json]
    state: str
    risk: str
    owner: str | None
    owner_name: str | None
    due_at: datetime
    created_at: datetime
    resolved_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class Story:
    """One ticket with all that belongs to it."""

    head: Head
    said: tuple[Said, ...]
    called: tuple[Called, ...]
    case: Case | None
    question: str | None
    entries: tuple[Written, ...]
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def last_position(self) -> int:
        """The place of the newest message, so that an answer written to an older page can be noticed."""
        return self.said[-1].position if self.said else 0


async def read(conn: AsyncConnection, tenant: str, ticket_id: str) -> Story | None:
    """The tenant's ticket, or None."""
    names = await names_of(conn, tenant)
    head = await _head(conn, tenant, ticket_id, names)
    if head is None:
        return None
    return Story(
        head,
        await _said(conn, ticket_id, names),
        await _called(conn, ticket_id, names),
        await _case(conn, ticket_id, names),
        await _question(conn, ticket_id),
        await journal.read(conn, ticket_id, limit=JOURNAL_LIMIT),
        names,
    )


async def fingerprint(conn: AsyncConnection, tenant: str, ticket_id: str) -> Sequence[Any]:
    """What changes when anything about the ticket does."""
    votes_cast = (
        select(func.count()).select_from(votes).join(approvals).where(approvals.c.ticket_id == tickets.c.id).scalar_subquery()
    )
    delivered = (
        select(func.count())
        .select_from(outbox)
        .where(outbox.c.ticket_id == tickets.c.id, outbox.c.state.in_(("sent", "dead")))
        .scalar_subquery()
    )
    columns = (tickets.c.updated_at, tickets.c.version, tickets.c.journal_seq, tickets.c.seq, votes_cast, delivered)
    row = (await conn.execute(select(*columns).where(tickets.c.id == ticket_id, tickets.c.tenant == tenant))).one_or_none()
    return () if row is None else tuple(row)


async def money_back(conn: AsyncConnection, tenant: str, shop_customer: str | None, since: datetime) -> tuple[Money, ...]:
    """What went or may go back to a customer on all tickets, of what was decided since a moment, summed by currency.

    The ledger says it: what was promised and does not follow any more, or came back to the shop, is not among it.
    """
    if shop_customer is None:
        return ()
    total = func.sum(ledger.c.amount_minor)
    query = (
        select(ledger.c.currency, total.label("total"))
        .join(actions, actions.c.id == ledger.c.action_id)
        .where(
            actions.c.tenant == tenant,
            actions.c.customer == shop_customer,
            actions.c.reserved_at > since,
            ledger.c.account != Account.MERCHANT,
        )
        .group_by(ledger.c.currency)
        .having(total > 0)
        .order_by(ledger.c.currency)
    )
    return tuple(Money(int(row.total), row.currency) for row in await conn.execute(query))


async def names_of(conn: AsyncConnection, tenant: str) -> dict[str, str]:
    """The tenant's people by their ids, as colleagues read them."""
    rows = await conn.execute(select(people.c.id, people.c.name, people.c.email).where(people.c.tenant == tenant))
    return {row.id: row.name or row.email.split("@")[0] for row in rows}


async def _head(conn: AsyncConnection, tenant: str, ticket_id: str, names: Mapping[str, str]) -> Head | None:
    query = (
        select(tickets, customers.c.external_id.label("claimed"), customers.c.email, customers.c.name)
        .join(customers, customers.c.id == tickets.c.customer_id)
        .where(tickets.c.id == ticket_id, tickets.c.tenant == tenant)
    )
    row = (await conn.execute(query)).one_or_none()
    if row is None:
        return None
    fields = {name: getattr(row, name) for name in Head.__slots__ if hasattr(row, name)}
    known = row.verification != "none" and not row.claimed.startswith(UNVERIFIED)
    return Head(
        **fields,
        customer=row.name or row.email or "Unknown sender",
        shop_customer=row.claimed if known else None,
        owner_name=names.get(row.owner),
    )


async def _said(conn: AsyncConnection, ticket_id: str, names: Mapping[str, str]) -> tuple[Said, ...]:
    query = (
        select(messages, outbox.c.state.label("delivery"))
        # The ticket is said twice because it has an index there, and the message has none.
        .outerjoin(outbox, and_(outbox.c.ticket_id == messages.c.ticket_id, outbox.c.message_id == messages.c.id))
        .where(messages.c.ticket_id == ticket_id)
        .order_by(messages.c.position, messages.c.created_at)
    )
    return tuple(
        Said(
            row.id,
            row.author,
            names.get(row.person_id) or row.sender,
            row.text,
            row.created_at,
            row.position,
            row.delivery,
            row.attachments,
        )
        for row in await conn.execute(query)
    )


async def _called(conn: AsyncConnection, ticket_id: str, names: Mapping[str, str]) -> tuple[Called, ...]:
    asked = await _asked(conn, ticket_id, names)
    query = select(actions).where(actions.c.ticket_id == ticket_id).order_by(actions.c.created_at, actions.c.id)
    return tuple(_call(row, asked.get(row.id, ())) for row in await conn.execute(query))


def _call(row: Any, asked: tuple[Asked, ...]) -> Called:
    fields = {name: getattr(row, name) for name in Called.__slots__ if hasattr(row, name)}
    return Called(**fields, money=None if row.amount_minor is None else Money(row.amount_minor, row.currency), approvals=asked)


async def _asked(conn: AsyncConnection, ticket_id: str, names: Mapping[str, str]) -> dict[str, tuple[Asked, ...]]:
    cast: dict[str, tuple[Vote, ...]] = {}
    query = select(votes).join(approvals).where(approvals.c.ticket_id == ticket_id).order_by(votes.c.at)
    for row in await conn.execute(query):
        vote = Vote(row.person_id, names.get(row.person_id, row.person_id), row.decision, row.reason, row.at)
        cast[row.approval_id] = (*cast.get(row.approval_id, ()), vote)
    found: dict[str, tuple[Asked, ...]] = {}
    query = select(approvals).where(approvals.c.ticket_id == ticket_id).order_by(approvals.c.created_at)
    for row in await conn.execute(query):
        fields = {name: getattr(row, name) for name in Asked.__slots__ if hasattr(row, name)}
        found[row.action_id] = (*found.get(row.action_id, ()), Asked(**fields, votes=cast.get(row.id, ())))
    return found


async def _case(conn: AsyncConnection, ticket_id: str, names: Mapping[str, str]) -> Case | None:
    live_first = (escalations.c.state == "resolved", escalations.c.created_at.desc())
    query = select(escalations).where(escalations.c.ticket_id == ticket_id).order_by(*live_first).limit(1)
    row = (await conn.execute(query)).one_or_none()
    if row is None:
        return None
    fields = {name: getattr(row, name) for name in Case.__slots__ if hasattr(row, name)}
    return Case(**fields, owner_name=names.get(row.owner))


async def _question(conn: AsyncConnection, ticket_id: str) -> str | None:
    query = select(questions.c.text).where(questions.c.ticket_id == ticket_id, questions.c.state == "open")
    return (await conn.execute(query.order_by(questions.c.asked_at.desc()).limit(1))).scalar_one_or_none()
