"""Verification codes as rows: only their seals are kept, with how often each was tried and what it proved."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service import ids
from service.store.columns import UtcTime
from service.store.money_schema import verifications
from service.store.schema import customers, messages, tickets
from service.store.upsert import insert_into
from tools.ports import Verification

_OF_TICKET = verifications.c.ticket_id == bindparam("ticket")
_ASKED = select(verifications.c.id).where(_OF_TICKET).limit(1)
_PROVEN = select(verifications.c.id).where(
    _OF_TICKET,
    verifications.c.state == "passed",
    verifications.c.sender == bindparam("claimed"),
    verifications.c.proof_until > bindparam("now", type_=UtcTime()),
)
_NEWEST = select(verifications).where(_OF_TICKET).order_by(verifications.c.created_at.desc(), verifications.c.id).limit(1)


async def asked(conn: AsyncConnection, ticket_id: str) -> bool:
    """Whether this ticket was ever sent a code, so that six digits on it may be one."""
    return (await conn.execute(_ASKED, {"ticket": ticket_id})).first() is not None


async def proven(conn: AsyncConnection, ticket_id: str, claimed: str, now: datetime) -> bool:
    """Whether the sender of this name has proved who they are a short while ago."""
    return (await conn.execute(_PROVEN, {"ticket": ticket_id, "claimed": claimed, "now": now})).first() is not None


async def by_key(conn: AsyncConnection, key: str) -> Any:
    """The code that the sending with this key made, or None."""
    return (await conn.execute(select(verifications).where(verifications.c.key == key))).first()


async def answered(conn: AsyncConnection, ticket_id: str, key: str) -> Any:
    """The code that the check with this key was held against, or None."""
    rows = (await conn.execute(select(verifications).where(verifications.c.ticket_id == ticket_id))).all()
    return next((row for row in rows if key in row.answers), None)


async def newest(conn: AsyncConnection, ticket_id: str) -> Any:
    """The ticket's newest code, or None."""
    return (await conn.execute(_NEWEST, {"ticket": ticket_id})).first()


async def sent_since(
    conn: AsyncConnection, since: datetime, *, ticket: str | None = None, account: tuple[str, str] | None = None
) -> int:
    """How many codes a ticket has asked for, or a tenant's account was sent, since then."""
    query = select(func.count()).select_from(verifications).where(verifications.c.created_at > since)
    if ticket is not None:
        query = query.where(verifications.c.ticket_id == ticket)
    if account is not None:
        tenant, name = account
        query = query.where(verifications.c.tenant == tenant, verifications.c.account == name)
    return (await conn.execute(query)).scalar_one()


async def add(conn: AsyncConnection, **values: Any) -> None:
    """A new code; the ticket's older ones that are still open count no more."""
    older = update(verifications).where(verifications.c.ticket_id == values["ticket_id"], verifications.c.state == "open")
    await conn.execute(older.values(state="replaced"))
    await conn.execute(insert(verifications).values(state="open", answers={}, **values))


async def answer(conn: AsyncConnection, row: Any, key: str, state: str, **proof: Any) -> None:
    """Remember a try, by its action's key, and how the code stands after it."""
    changed = {"answers": {**row.answers, key: state == "passed"}, "state": state, **proof}
    await conn.execute(update(verifications).where(verifications.c.id == row.id).values(**changed))


async def sender_of(conn: AsyncConnection, ticket_id: str, seal: str) -> str | None:
    """Mark the message that carries a right code as the customer's own, and say who sent it."""
    carries = messages.c.text.contains(seal, autoescape=True)
    query = update(messages).where(messages.c.ticket_id == ticket_id, carries).values(verified=True)
    return (await conn.execute(query.returning(messages.c.sender))).scalars().first()


async def bind(conn: AsyncConnection, ticket: Any, account: str, now: datetime) -> None:
    """The ticket is the account's from now on, and its sender proved by code; one that is bound already stays bound."""
    values: dict[str, Any] = {"verification": Verification.CODE}
    if ticket.verification == Verification.NONE:
        before = (await conn.execute(select(customers).where(customers.c.id == ticket.customer_id))).one()
        made = insert_into(conn, customers).values(
            id=ids.new("cst"), tenant=ticket.tenant, external_id=account, email=before.email, name=before.name, created_at=now
        )
        same = made.on_conflict_do_update(index_elements=["tenant", "external_id"], set_={"external_id": account})
        values["customer_id"] = (await conn.execute(same.returning(customers.c.id))).scalar_one()
    await conn.execute(update(tickets).where(tickets.c.id == ticket.id).values(**values))


HOUR, DAY = timedelta(hours=1), timedelta(days=1)
