"""The floor of a money call: the statements and commits of one refund, written by hand.

It decides nothing, checks nothing and trusts every row; it touches the same tables in the same transactions as the service: the
reservation, `sent`, the shop's effect, and the settling.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import psycopg
from psycopg.types.json import Jsonb

from service.store.database import Database


@dataclass(frozen=True, slots=True)
class Unit:
    """Statements that are committed together, or one read that stands alone."""

    statements: Sequence[LiteralString]
    commits: bool = True


@dataclass(frozen=True, slots=True)
class Subject:
    """What one refund is about; `document` is the shop's order as it stands in its row."""

    ticket: str
    customer: str
    order: str
    method: str
    fingerprint: str
    document: str


_LOCK_TICKET = "select id, tenant, fence, journal_seq, journal_head from tickets where id = %(ticket)s for no key update"
_HOLD_SWITCHES = """
select scope, name, "on", reason from switches
where tenant = 'default' and (scope, name) in (('tenant', 'default'), ('lane', 'human'), ('tool', 'issue_refund'))
order by scope, name for share
"""
_READ_ORDER = "select doc from shop.orders where shop = 'default' and id = %(order)s"
_READ_CUSTOMER = "select doc from shop.customers where shop = 'default' and id = %(customer)s"
_FOR_UPDATE = " for update"
_FIND_ACTION = "select * from actions where tenant = 'default' and ticket_id = %(ticket)s and origin = %(origin)s"
_MET = """
select * from actions
where ticket_id = %(ticket)s and (origin = %(origin)s or status in ('proposed', 'reserved', 'sent', 'unknown'))
"""
_TAKE_LOCKS = """
insert into locks (tenant, kind, ref) values
    ('default', 'order', %(order)s), ('default', 'customer', %(customer)s),
    ('default', 'fingerprint', %(fingerprint)s), ('default', 'day', %(day)s)
on conflict (tenant, kind, ref) do update set ref = excluded.ref
"""
_SUMS = """
select sum(amount_minor) filter (where reserved_at > %(window)s), count(*) filter (where reserved_at > %(hour)s),
    (select sum(a.amount_minor) from actions a join action_fingerprints f on f.action_id = a.id
     where f.tenant = 'default' and f.fingerprint = %(fingerprint)s and a.reserved_at > %(window)s),
    (select sum(amount_minor) from actions where tenant = 'default' and reserved_at >= %(midnight)s)
from actions where tenant = 'default' and customer = %(customer)s
"""
_ON_ORDER = """
select id, status, amount_minor, ended_at from actions
where tenant = 'default' and order_id = %(order)s and effect = 'MONEY'
"""
_ADD_ACTION = """
insert into actions (id, tenant, ticket_id, origin, key, tool, effect, args, wish, customer, order_id, amount_minor, currency,
    legs, facts, lane, requester, status, decision, policy_version, confirmed_by, lease_until, created_at, reserved_at)
values (%(action)s, 'default', %(ticket)s, %(origin)s, %(key)s, 'issue_refund', 'MONEY', %(args)s, %(key)s, %(customer)s,
    %(order)s, %(amount)s, 'USD', %(legs)s, %(facts)s, 'human', %(person)s, 'reserved', 'allow', 'by hand', %(person)s,
    clock_timestamp() + interval '60 seconds', %(now)s, %(now)s)
returning *
"""
_ADD_FINGERPRINT = (
    "insert into action_fingerprints (action_id, fingerprint, tenant) values (%(action)s, %(fingerprint)s, 'default')"
)
_RESERVE_MONEY = """
insert into ledger (tenant, txn, account, currency, amount_minor, action_id, at) values
    ('default', %(txn)s, 'merchant_funds', 'USD', -%(amount)s, %(action)s, %(now)s),
    ('default', %(txn)s, 'refunds_reserved', 'USD', %(amount)s, %(action)s, %(now)s)
"""
_PAY_MONEY = """
insert into ledger (tenant, txn, account, currency, amount_minor, action_id, at) values
    ('default', %(txn)s, 'refunds_reserved', 'USD', -%(amount)s, %(action)s, %(now)s),
    ('default', %(txn)s, 'refunds_paid', 'USD', %(amount)s, %(action)s, %(now)s)
"""
_ADD_ENTRY = """
insert into journal (stream, seq, tenant, at, kind, actor, payload_hash, hash)
select id, journal_seq + 1, 'default', %(now)s, 'action.by_hand', %(person)s, %(key)s, %(key)s
from tickets where id = %(ticket)s
"""
_ADD_PAYLOAD = """
insert into journal_payloads (stream, seq, salt, data)
select id, journal_seq + 1, %(salt)s, %(facts)s from tickets where id = %(ticket)s
"""
_MOVE_HEAD = """
update tickets set journal_seq = journal_seq + 1, journal_head = %(key)s, updated_at = %(now)s where id = %(ticket)s
"""
_MARK_SENT = "update actions set status = 'sent', sent_at = %(now)s where id = %(action)s and status = 'reserved' returning *"
_ALL_ON_ORDER = """
select * from actions
where tenant = 'default' and order_id = %(order)s and status in ('proposed', 'reserved', 'sent', 'unknown', 'succeeded')
"""
_SETTLE = """
update actions set status = 'succeeded', receipt = %(receipt)s, ended_at = %(now)s
where id = %(action)s and status = 'sent' returning *
"""
_FIND_EFFECT = "select request, receipt from shop.books where shop = 'default' and key = %(key)s"
_WRITE_ORDER = "update shop.orders set doc = %(document)s where shop = 'default' and id = %(order)s"
_WRITE_BOOK = """
insert into shop.books (shop, key, kind, order_id, customer_id, amount_minor, currency, request, receipt, at)
values ('default', %(key)s, 'refund', %(order)s, %(customer)s, %(amount)s, 'USD', %(request)s, %(request)s, %(at)s) returning id
"""

_JOURNAL = f"entry as ({_ADD_ENTRY}), payload as ({_ADD_PAYLOAD}) {_MOVE_HEAD}"
_TELL_RESERVED = f"with print as ({_ADD_FINGERPRINT}), money as ({_RESERVE_MONEY}), {_JOURNAL}"
_TELL_SENT = f"with {_JOURNAL}"
_TELL_PAID = f"with money as ({_PAY_MONEY}), {_JOURNAL}"
_FACTS = (_TAKE_LOCKS, _HOLD_SWITCHES, _SUMS, _ON_ORDER)

SEQUENCE = (
    Unit((_FIND_ACTION,), commits=False),
    Unit((_READ_ORDER,), commits=False),
    Unit((_READ_CUSTOMER,), commits=False),
    Unit((_ALL_ON_ORDER,), commits=False),
    Unit((_LOCK_TICKET, _MET, *_FACTS, _ADD_ACTION, _TELL_RESERVED)),
    Unit((_LOCK_TICKET, _HOLD_SWITCHES, _MARK_SENT, _TELL_SENT)),
    Unit((_READ_ORDER + _FOR_UPDATE, _FIND_EFFECT, _READ_CUSTOMER + _FOR_UPDATE, _WRITE_ORDER, _WRITE_BOOK)),
    Unit((_READ_ORDER,), commits=False),
    Unit((_LOCK_TICKET, _SETTLE, _TELL_PAID)),
)
"""One refund, in order."""

STATEMENTS = sum(len(unit.statements) for unit in SEQUENCE)
COMMITS = sum(unit.commits for unit in SEQUENCE)


def values_for(subject: Subject, amount: int, person: str) -> Mapping[str, Any]:
    """Everything that the statements of one refund take."""
    now = datetime.now(UTC)
    origin = f"request:{secrets.token_hex(16)}"
    money = {"amount_minor": amount, "currency": "USD"}
    args = {"order_id": subject.order, **money, "reason": "damaged"}
    return {
        "ticket": subject.ticket,
        "customer": subject.customer,
        "order": subject.order,
        "fingerprint": subject.fingerprint,
        "document": subject.document,
        "action": f"act_{secrets.token_hex(13)}",
        "origin": origin,
        "key": hashlib.sha256(origin.encode()).hexdigest(),
        "txn": f"txn_{secrets.token_hex(13)}",
        "salt": secrets.token_hex(16),
        "amount": amount,
        "person": f"person:{person}",
        "args": Jsonb(args),
        "legs": Jsonb([{"method_id": subject.method, "amount_minor": amount, "fingerprint": subject.fingerprint}]),
        "facts": Jsonb({**args, "captured": money, "refunded": money, "destination": "Visa ending 4242"}),
        "receipt": Jsonb({"reference": origin, "kind": "refund", **money, "legs": [], "data": {}}),
        "request": str(args),
        "day": f"{now.date().isoformat()} USD",
        "window": now - timedelta(days=30),
        "hour": now - timedelta(hours=1),
        "midnight": now.replace(hour=0, minute=0, second=0, microsecond=0),
        "now": now,
        "at": now.isoformat(),
    }


def run(conn: psycopg.Connection[Any], values: Mapping[str, Any]) -> None:
    """One refund on a blocking connection that is in autocommit."""
    for unit in SEQUENCE:
        if not unit.commits:
            conn.execute(unit.statements[0], values).fetchall()
            continue
        with conn.transaction():
            for statement in unit.statements:
                conn.execute(statement, values)


async def run_pooled(db: Database, values: Mapping[str, Any]) -> None:
    """One refund over the pool of the service; the text of each statement goes to the driver as it is."""
    for unit in SEQUENCE:
        async with db.begin() if unit.commits else db.reading() as conn:
            for statement in unit.statements:
                await conn.exec_driver_sql(statement, dict(values))
