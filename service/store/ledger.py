"""The money ledger: double entry and append-only; every transaction sums to zero in each currency."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service import ids
from service.store.bulk import NewRow, store
from service.store.money_schema import ledger
from tools.commerce import Receipt


class Account(StrEnum):
    """Where money that goes back to customers stands."""

    MERCHANT = "merchant_funds"
    """The merchant's own money; what leaves it is negative."""
    RESERVED = "refunds_reserved"
    """Held for an action that has been decided and may have been sent."""
    PAID = "refunds_paid"
    """Gone back to a customer, with a receipt."""
    ACCEPTED = "refunds_accepted"
    """Promised with a receipt; it goes back when the goods have arrived."""


def reserved(action: Any, now: datetime) -> Sequence[NewRow]:
    """The rows that hold the action's money; none for an action without money."""
    return _posted(action, {Account.MERCHANT: -_amount(action), Account.RESERVED: _amount(action)}, now)


def released(action: Any, now: datetime) -> Sequence[NewRow]:
    """The rows that give back what was held for an action that did nothing."""
    return _posted(action, {Account.RESERVED: -_amount(action), Account.MERCHANT: _amount(action)}, now)


def settled(action: Any, receipt: Receipt, now: datetime) -> Sequence[NewRow]:
    """The rows that turn what was held into what the receipt proves: its legs have gone back, the rest is promised.

    When the receipt's sum differs from what was held, the difference stands against the merchant's funds.
    """
    moved, promised = receipt.moved_minor, receipt.promised_minor
    held = _amount(action)
    return _posted(
        action,
        {
            Account.RESERVED: -held,
            Account.PAID: moved,
            Account.ACCEPTED: promised,
            Account.MERCHANT: held - moved - promised,
        },
        now,
    )


async def follow(conn: AsyncConnection, action: Any, receipt: Receipt, now: datetime) -> None:
    """Turn what was promised into what has been paid since, as a later receipt says; what it leaves out is the merchant's."""
    moved, promised = receipt.moved_minor, receipt.promised_minor
    wanted = {Account.PAID: moved, Account.ACCEPTED: promised, Account.RESERVED: 0, Account.MERCHANT: -moved - promised}
    await _restate(conn, action, wanted, now)


async def reverse(conn: AsyncConnection, action: Any, now: datetime) -> None:
    """Compensate everything that was ever booked for an action whose money has come back."""
    await _restate(conn, action, dict.fromkeys(Account, 0), now)


async def _restate(conn: AsyncConnection, action: Any, wanted: Mapping[Account, int], now: datetime) -> None:
    """One more transaction, after which the action's accounts stand as wanted; nothing that was written is changed."""
    stand = {row.account: int(row.total) for row in await conn.execute(_STANDING, {"action": action.id})}
    changes = {account: amount - stand.get(account, 0) for account, amount in wanted.items()}
    await store(conn, _posted(action, changes, now))


_STANDING = (
    select(ledger.c.account, func.sum(ledger.c.amount_minor).label("total"))
    .where(ledger.c.action_id == bindparam("action"))
    .group_by(ledger.c.account)
)


def _posted(action: Any, amounts: Mapping[Account, int], now: datetime) -> list[NewRow]:
    if action.amount_minor is None:
        return []
    txn = ids.new("txn")
    shared = {"tenant": action.tenant, "txn": txn, "currency": action.currency, "action_id": action.id, "at": now}
    return [
        (ledger, {**shared, "account": account.value, "amount_minor": amount}) for account, amount in amounts.items() if amount
    ]


def _amount(action: Any) -> int:
    return action.amount_minor or 0
