"""What waits for people: live escalations and pending approvals in one order, riskiest and most urgent first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.access_schema import people
from service.store.money_schema import actions, approvals, votes
from service.store.schema import customers, escalations, messages, tickets
from tools.money import Money
from tools.ports import PersonId
from workflows.ticket import Author

MOST = 200
"""How many waiting things one page shows. The database orders before it cuts, so the riskiest and most urgent are there."""

HIGH_VOTES = 2
"""An approval that asks for this many votes is about so much money that it stands among the risky ones."""

RISKS = ("high", "medium", "low")
"""The bands, most urgent first."""


class Show(StrEnum):
    """Which part of the queue."""

    OPEN = "open"
    MINE = "mine"
    CLAIMED = "claimed"
    APPROVALS = "approvals"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for a person. `kind` is `escalation` or `approval`; `why` is a reason or a policy rule."""

    id: str
    kind: str
    ticket_id: str
    external_id: str
    subject: str
    customer: str
    excerpt: str
    why: str
    risk: str
    due_at: datetime
    owner: PersonId | None = None
    owner_name: str | None = None
    tool: str | None = None
    money: Money | None = None
    votes: int = 0
    votes_needed: int = 0
    version: str = ""


@dataclass(frozen=True, slots=True)
class Queue:
    """The things that a page shows, at most `MOST`, and how many wait in all."""

    items: tuple[Waiting, ...]
    total: int

    @property
    def cut(self) -> bool:
        """Whether more wait than are shown."""
        return self.total > len(self.items)


async def waiting(conn: AsyncConnection, tenant: str, show: Show, person: PersonId) -> Queue:
    """The tenant's waiting things; the order does not depend on when a thing was added, so a live insert moves nothing else."""
    parts: list[tuple[Select[*tuple[Any, ...]], Callable[[Any], Waiting]]] = []
    if show is not Show.APPROVALS:
        parts.append((_escalations(tenant, show, person), _escalation))
    if show in (Show.OPEN, Show.APPROVALS, Show.ALL):
        parts.append((_approvals(tenant), _approval))
    items: list[Waiting] = []
    total = 0
    for query, read in parts:
        items += [read(row) for row in await conn.execute(query.limit(MOST))]
        total += (await conn.execute(query.with_only_columns(func.count()).order_by(None))).scalar_one()
    items.sort(key=lambda item: (RISKS.index(item.risk), item.due_at, item.id))
    return Queue(tuple(items[:MOST]), total)


async def fingerprint(conn: AsyncConnection, tenant: str) -> Sequence[Any]:
    """What changes when anything in the queue does; cheap, because few things wait."""
    cases = (
        select(escalations.c.id, escalations.c.version, tickets.c.updated_at)
        .join(tickets, tickets.c.id == escalations.c.ticket_id)
        .where(escalations.c.tenant == tenant, escalations.c.state.in_(("open", "claimed")))
        .order_by(escalations.c.id)
    )
    asked = (
        select(approvals.c.id, func.count(votes.c.person_id))
        .outerjoin(votes, votes.c.approval_id == approvals.c.id)
        .where(approvals.c.tenant == tenant, approvals.c.state == "pending")
        .group_by(approvals.c.id)
        .order_by(approvals.c.id)
    )
    return [tuple(row) for query in (cases, asked) for row in await conn.execute(query)]


def _last_words() -> Any:
    said = messages.alias()
    return (
        select(said.c.text)
        .where(said.c.ticket_id == tickets.c.id, said.c.author.in_((Author.CUSTOMER, Author.THIRD_PARTY)))
        .order_by(said.c.position.desc())
        .limit(1)
        .correlate(tickets)
        .scalar_subquery()
    )


def _about(*columns: Any) -> Select[*tuple[Any, ...]]:
    return select(
        *columns,
        tickets.c.external_id,
        tickets.c.subject,
        func.coalesce(func.nullif(customers.c.name, ""), customers.c.email, "Unknown sender").label("customer_name"),
        _last_words().label("excerpt"),
    )


def _escalations(tenant: str, show: Show, person: PersonId) -> Select[*tuple[Any, ...]]:
    query = (
        _about(escalations, people.c.name.label("owner_name"), people.c.email.label("owner_email"))
        .select_from(escalations)
        .join(tickets, tickets.c.id == escalations.c.ticket_id)
        .join(customers, customers.c.id == tickets.c.customer_id)
        .outerjoin(people, people.c.id == escalations.c.owner)
        .where(escalations.c.tenant == tenant)
        .order_by(_band(escalations.c.risk), escalations.c.due_at, escalations.c.id)
    )
    states = {Show.OPEN: ("open",), Show.MINE: ("claimed",), Show.CLAIMED: ("claimed",)}.get(show, ("open", "claimed"))
    query = query.where(escalations.c.state.in_(states))
    return query.where(escalations.c.owner == person) if show is Show.MINE else query


def _approvals(tenant: str) -> Select[*tuple[Any, ...]]:
    risk = case((approvals.c.votes_needed >= HIGH_VOTES, "high"), else_="medium")
    # An approval is due with its ticket, and never later than it ends.
    due_at = case((tickets.c.due_at < approvals.c.expires_at, tickets.c.due_at), else_=approvals.c.expires_at)
    voted = select(func.count()).select_from(votes).where(votes.c.approval_id == approvals.c.id).scalar_subquery()
    return (
        _about(
            approvals,
            risk.label("risk"),
            due_at.label("due_at"),
            actions.c.tool,
            actions.c.amount_minor,
            actions.c.currency,
            voted.label("voted"),
        )
        .select_from(approvals)
        .join(actions, actions.c.id == approvals.c.action_id)
        .join(tickets, tickets.c.id == approvals.c.ticket_id)
        .join(customers, customers.c.id == tickets.c.customer_id)
        .where(approvals.c.tenant == tenant, approvals.c.state == "pending")
        .order_by(_band(risk), due_at, approvals.c.id)
    )


def _band(risk: Any) -> Any:
    return case({name: place for place, name in enumerate(RISKS)}, value=risk)


def _escalation(row: Any) -> Waiting:
    return Waiting(
        **_shared(row),
        kind="escalation",
        why=row.reason,
        risk=row.risk,
        due_at=row.due_at,
        owner=row.owner,
        owner_name=row.owner_name or (row.owner_email or "").split("@")[0] or None,
        version=str(row.version),
    )


def _approval(row: Any) -> Waiting:
    return Waiting(
        **_shared(row),
        kind="approval",
        why=row.rule,
        risk=row.risk,
        due_at=row.due_at,
        tool=row.tool,
        money=None if row.amount_minor is None else Money(row.amount_minor, row.currency),
        votes=row.voted,
        votes_needed=row.votes_needed,
        version=str(row.voted),
    )


def _shared(row: Any) -> Mapping[str, Any]:
    return {
        "id": row.id,
        "ticket_id": row.ticket_id,
        "external_id": row.external_id,
        "subject": row.subject,
        "customer": row.customer_name,
        "excerpt": row.excerpt or "",
    }
