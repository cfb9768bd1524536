"""Asks all invariants of one tenant at once, and recomputes what only code can: keys, wishes and digests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import TextClause, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.invariants.conversations import CONVERSATIONS
from service.store.invariants.decisions import DECISIONS
from service.store.invariants.history import HISTORY
from service.store.invariants.invariant import Invariant
from service.store.invariants.money import MONEY
from service.store.ledger import Account
from service.store.money_schema import actions, approvals, ledger
from tools.commerce import Receipt
from tools.digest import action_key, digest, wish
from tools.limits import ACTIONS, Policy
from tools.money import Money
from tools.ports import Effect, Proposal

INVARIANTS: tuple[Invariant, ...] = (*MONEY, *DECISIONS, *CONVERSATIONS, *HISTORY)
"""Every promise that holds after each transaction."""

RECOMPUTED = {
    "I2.moved": "The ledger tells money that has gone back from money that is promised, as an action's receipt does.",
    "I3.digest": "People approve exactly the action and the facts that they were shown.",
    "I6.bound": "The key and the arguments of an action never change.",
}
"""The promises about hashes and the parts of receipts, which only code can check."""

PROMISES = {one.name: one.promise for one in INVARIANTS} | RECOMPUTED
"""Every promise by its name."""

_AMOUNTS = ("one_vote_above", "two_votes_above", "window_cap")


@dataclass(frozen=True, slots=True)
class Broken:
    """Something that breaks a promise: the promise's name, and the id of what breaks it."""

    name: str
    what: str

    def __str__(self) -> str:
        return f"{self.what} breaks {self.name}: {PROMISES[self.name]}"


async def broken(
    conn: AsyncConnection, tenant: str, policy: Policy, invariants: Sequence[Invariant] = INVARIANTS
) -> tuple[Broken, ...]:
    """What breaks the promises in this tenant's tables, in one statement, so that all of them see the same moment."""
    query = _together(tuple(invariants), conn.dialect.name, max(1, len(policy.limits)))
    rows = await conn.execute(query, _values(tenant, policy))
    return tuple(Broken(row.name, row.what) for row in rows)


async def recomputed(conn: AsyncConnection, tenant: str) -> tuple[Broken, ...]:
    """The actions whose key or wish is not the one of their arguments, or whose receipt says of its money what the ledger does
    not, and approvals that were opened for something else."""
    paid = func.sum(ledger.c.amount_minor).filter(ledger.c.account == Account.PAID)
    sums = select(ledger.c.action_id, paid.label("paid")).where(ledger.c.tenant == tenant)
    booked = sums.group_by(ledger.c.action_id).subquery()
    query = select(actions, booked.c.paid).outerjoin(booked, booked.c.action_id == actions.c.id)
    rows = (await conn.execute(query.where(actions.c.tenant == tenant))).all()
    found = [check(row) for row in rows for check in (_bound, _moved)]
    opened = (
        select(actions, approvals.c.digest, approvals.c.id.label("approval"), approvals.c.facts.label("shown"))
        .join(approvals, approvals.c.action_id == actions.c.id)
        .where(approvals.c.tenant == tenant)
    )
    found += [_approved(row) for row in await conn.execute(opened)]
    return tuple(one for one in found if one)


def _bound(row: Any) -> Broken | None:
    money = Money(row.amount_minor, row.currency) if row.amount_minor is not None else None
    wanted = Proposal(row.origin, row.tool, Effect(row.effect), row.args, row.order_id, money)
    if row.key == action_key(row.tenant, row.id) and (row.erased_at or row.wish == wish(wanted)):
        return None
    return Broken("I6.bound", row.id)


def _moved(row: Any) -> Broken | None:
    moved = Receipt.model_validate(row.receipt).moved_minor if row.receipt else 0
    return None if row.amount_minor is None or int(row.paid or 0) == moved else Broken("I2.moved", row.id)


def _approved(row: Any) -> Broken | None:
    if row.erased_at or row.digest == digest(row.tenant, row.id, row.tool, row.args, row.shown):
        return None
    return Broken("I3.digest", row.approval)


@cache
def _together(invariants: tuple[Invariant, ...], dialect: str, currencies: int) -> TextClause:
    row = "(cast(:currency_{n} as varchar), {amounts})"
    amounts = ", ".join(f"cast(:{name}_{{n}} as bigint)" for name in _AMOUNTS)
    rows = ", ".join(row.format(n=n, amounts=amounts.format(n=n)) for n in range(currencies))
    parts = " union all ".join(
        f"select '{one.name}' as name, cast(what as varchar) as what from ({one.on(dialect)}) as q{n}"
        for n, one in enumerate(invariants)
    )
    starts = ", ".join(f"('{tool}', cast(:level_of_{tool} as varchar))" for tool in sorted(ACTIONS))
    given = f"limits(currency, {', '.join(_AMOUNTS)}) as (values {rows}), starts(tool, level) as (values {starts})"
    return text(f"with {given} {parts}")


def _values(tenant: str, policy: Policy) -> Mapping[str, Any]:
    """A tenant without any limit has one for a currency that does not exist."""
    values: dict[str, Any] = {"tenant": tenant, "policy_version": policy.version, "window_days": policy.window_days}
    values |= {f"level_of_{tool}": policy.level_of(tool) for tool in ACTIONS}
    for n, (currency, limits) in enumerate(sorted(policy.limits.items()) or [("", None)]):
        values[f"currency_{n}"] = currency
        values |= {f"{name}_{n}": getattr(limits, name, 0) for name in _AMOUNTS}
    return values
