"""I1, I2, I4 and I5: what goes back to customers, what the ledger says about it, and the caps nobody voted on."""

from service.store.action_rows import SPENT
from service.store.invariants.invariant import Invariant, listed
from tools.catalogue import CATALOGUE

_SPENT = listed(SPENT)
_HELD = listed(("reserved", "sent", "unknown"))
_BY_CODES = listed(spec.name for spec in CATALOGUE.values() if spec.by_codes)
"""What sends a code and what checks it name the same code."""

_PAID = "l.account in ('refunds_paid', 'refunds_accepted')"

MONEY = (
    Invariant(
        "I1.conserved",
        "No more goes back on an order than was paid for it.",
        f"""
        select a.order_id as what from actions a
        where a.tenant = :tenant and a.effect = 'MONEY' and a.order_id is not null
        group by a.order_id
        having coalesce(sum(case when a.status in ({_SPENT}) then a.amount_minor else 0 end), 0)
             > max(cast(a.facts -> 'captured' ->> 'amount_minor' as bigint))
        """,
    ),
    Invariant(
        "I1.decided",
        "An amount fitted what was left of the payment when it was decided.",
        f"""
        select a.id as what from actions a
        where a.tenant = :tenant and a.effect = 'MONEY' and a.status in ({_SPENT})
          and a.amount_minor + cast(a.facts -> 'refunded' ->> 'amount_minor' as bigint)
            + coalesce(cast(a.facts -> 'promised' ->> 'amount_minor' as bigint), 0)
            > cast(a.facts -> 'captured' ->> 'amount_minor' as bigint)
        """,
    ),
    Invariant(
        "I1.positive",
        "Money that goes back is more than nothing.",
        f"""
        select a.id as what from actions a
        where a.tenant = :tenant and a.status in ({_SPENT})
          and (a.amount_minor <= 0 or (a.amount_minor > 0 and a.effect <> 'MONEY'))
        """,
    ),
    Invariant(
        "I1.currency",
        "Money goes back in the currency in which it was paid.",
        f"""
        select a.id as what from actions a
        where a.tenant = :tenant and a.status in ({_SPENT}) and a.currency <> a.facts -> 'captured' ->> 'currency'
        """,
    ),
    Invariant(
        "I2.balanced",
        "Every transaction of the ledger sums to zero in each currency.",
        """
        select l.txn as what from ledger l where l.tenant = :tenant
        group by l.txn, l.currency having sum(l.amount_minor) <> 0
        """,
    ),
    Invariant(
        "I2.held",
        "Money is held for an action exactly while it is reserved, sent or unknown.",
        f"""
        select a.id as what from actions a
        left join ledger l on l.action_id = a.id and l.account = 'refunds_reserved'
        where a.tenant = :tenant
        group by a.id, a.status, a.amount_minor
        having coalesce(sum(l.amount_minor), 0)
            <> case when a.status in ({_HELD}) then coalesce(a.amount_minor, 0) else 0 end
        """,
    ),
    Invariant(
        "I2.paid",
        "The ledger has paid or promised what an action's receipt says, and nothing without a receipt.",
        f"""
        select a.id as what from actions a left join ledger l on l.action_id = a.id and {_PAID}
        where a.tenant = :tenant and a.amount_minor is not null
        group by a.id, a.status, a.receipt ->> 'amount_minor'
        having coalesce(sum(l.amount_minor), 0)
            <> case when a.status = 'succeeded' then cast(a.receipt ->> 'amount_minor' as bigint) else 0 end
        """,
    ),
    Invariant(
        "I4.customer",
        "What nobody voted on stays within the window's cap for each customer.",
        f"""
        select r.id as what from actions r
        join limits m on m.currency = r.currency
        join actions p on p.tenant = r.tenant and p.customer = r.customer and p.currency = r.currency
          and not p.approved and p.status in ({_SPENT})
          and p.reserved_at <= r.reserved_at and p.reserved_at > {{r.reserved_at - :window_days days}}
        where r.tenant = :tenant and r.policy_version = :policy_version and not r.approved and r.status in ({_SPENT})
        group by r.id, m.window_cap having sum(p.amount_minor) > m.window_cap
        """,
    ),
    Invariant(
        "I4.fingerprint",
        "What nobody voted on stays within the window's cap for each card or account, whoever uses it.",
        f"""
        select r.id as what from actions r
        join limits m on m.currency = r.currency
        join action_fingerprints rf on rf.action_id = r.id
        join action_fingerprints pf on pf.tenant = rf.tenant and pf.fingerprint = rf.fingerprint
        join actions p on p.id = pf.action_id and p.currency = r.currency
          and not p.approved and p.status in ({_SPENT})
          and p.reserved_at <= r.reserved_at and p.reserved_at > {{r.reserved_at - :window_days days}}
        where r.tenant = :tenant and r.policy_version = :policy_version and not r.approved and r.status in ({_SPENT})
        group by r.id, rf.fingerprint, m.window_cap having sum(p.amount_minor) > m.window_cap
        """,
    ),
    Invariant(
        "I5.receipt",
        "An action has a receipt when it succeeded, and only then.",
        """
        select a.id as what from actions a
        where a.tenant = :tenant and (a.status = 'succeeded') <> (coalesce(a.receipt ->> 'reference', '') <> '')
        """,
    ),
    Invariant(
        "I5.effect",
        "One effect belongs to one action: no two actions show the same receipt.",
        f"""
        select min(a.id) as what from actions a
        where a.tenant = :tenant and a.status = 'succeeded' and a.tool not in ({_BY_CODES})
        group by a.receipt ->> 'reference' having count(*) > 1
        """,
    ),
    Invariant(
        "I5.order",
        "Nothing takes effect that was not reserved and sent before.",
        """
        select a.id as what from actions a
        where a.tenant = :tenant and a.status in ('sent', 'unknown', 'succeeded', 'failed')
          and (a.reserved_at is null or a.sent_at is null or a.sent_at < a.reserved_at)
        """,
    ),
)
