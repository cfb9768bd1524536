"""I7, I8 and I12: every message is handled once and every ticket has a next step; nothing is anybody else's; budgets hold."""

from service.store.invariants.invariant import Invariant

_OVERSPENT = " or ".join(
    f"coalesce(cast(t.budget -> 'spent' ->> '{part}' as numeric), 0)"
    f" + coalesce(cast(t.budget -> 'reserved' ->> '{part}' as numeric), 0)"
    f" > cast(t.budget -> 'granted' ->> '{part}' as numeric)"
    for part in ("steps", "tokens", "microusd", "seconds", "tool_calls")
)

CONVERSATIONS = (
    Invariant(
        "I7.message",
        "Every message that came in has woken its ticket once.",
        """
        select m.id as what from messages m join tickets t on t.id = m.ticket_id
        left join events e on e.ticket_id = m.ticket_id and e.kind = 'message' and e.ref = m.id
        where t.tenant = :tenant and m.author in ('customer', 'third_party')
        group by m.id, m.seq having count(e.seq) <> 1 or min(e.seq) <> m.seq
        """,
    ),
    Invariant(
        "I7.once",
        "A delivery brought one message of one ticket, and no message is on a ticket twice.",
        """
        select d.webhook_id as what from deliveries d join messages m on m.id = d.message_id
        where d.tenant = :tenant and m.ticket_id <> d.ticket_id
        union
        select min(m.id) from messages m join tickets t on t.id = m.ticket_id
        where t.tenant = :tenant and m.external_id is not null
        group by m.ticket_id, m.external_id having count(*) > 1
        """,
    ),
    Invariant(
        "I7.counters",
        "A ticket counts its events, and those that nobody has handled.",
        """
        select t.id as what from tickets t left join events e on e.ticket_id = t.id
        where t.tenant = :tenant
        group by t.id, t.seq, t.pending
        having coalesce(max(e.seq), 0) <> t.seq or count(e.seq) <> t.seq or count(case when not e.done then 1 end) <> t.pending
        """,
    ),
    Invariant(
        "I7.next_step",
        "A ticket at rest is resolved, waits with something that will wake it, or is with people.",
        """
        select t.id as what from tickets t
        where t.tenant = :tenant and t.pending = 0 and t.status not in ('resolved', 'closed') and not (
          (t.status = 'waiting_customer' and t.wake_at is not null)
          or (t.status = 'waiting_customer' and exists (
            select 1 from actions a where a.ticket_id = t.id and a.status = 'sent' and a.job is not null))
          or (t.status = 'waiting_approval' and exists (
            select 1 from actions a left join approvals p on p.id = a.approval_id and p.state in ('pending', 'approved')
            where a.ticket_id = t.id
              and (a.status in ('reserved', 'sent', 'unknown') or (a.status = 'proposed' and p.id is not null))))
          or (t.status = 'escalated' and exists (
            select 1 from escalations c where c.ticket_id = t.id and c.state <> 'resolved')))
        """,
    ),
    Invariant(
        "I7.proposals",
        "A proposed action of a ticket at rest waits for an answer that may still come.",
        """
        select a.id as what from actions a join tickets t on t.id = a.ticket_id
        where a.tenant = :tenant and t.pending = 0 and a.status = 'proposed'
          and not exists (select 1 from questions q where q.action_id = a.id and q.state = 'open' and q.id = t.question_id)
          and not exists (select 1 from approvals p where p.action_id = a.id and p.state in ('pending', 'approved'))
        """,
    ),
    Invariant(
        "I7.people",
        "A ticket is with people exactly while it has a case that is not resolved.",
        """
        select t.id as what from tickets t
        left join escalations c on c.ticket_id = t.id and c.state <> 'resolved'
        where t.tenant = :tenant
        group by t.id, t.status, t.owner
        having count(c.id) <> case when t.status = 'escalated' then 1 else 0 end
          or coalesce(max(c.owner), '') <> coalesce(t.owner, '')
        """,
    ),
    Invariant(
        "I8.customer",
        "A ticket's actions are its own customer's, and an order is one customer's; strangers only prove themselves.",
        """
        select a.id as what from actions a
        join tickets t on t.id = a.ticket_id join customers c on c.id = t.customer_id
        where a.tenant = :tenant and (c.external_id <> coalesce(a.customer, c.external_id)
          or (t.verification = 'none' and a.tool not in ('send_verification_code', 'check_verification_code')))
        union
        select a.order_id from actions a where a.tenant = :tenant and a.order_id is not null
        group by a.order_id having count(distinct a.customer) > 1
        """,
    ),
    Invariant(
        "I8.tenant",
        "Nothing of one tenant hangs on something of another.",
        """
        select t.id as what from tickets t join customers c on c.id = t.customer_id
        where (t.tenant = :tenant or c.tenant = :tenant) and t.tenant <> c.tenant
        union select a.id from actions a join tickets t on t.id = a.ticket_id
        where (a.tenant = :tenant or t.tenant = :tenant) and a.tenant <> t.tenant
        union select p.id from approvals p join actions a on a.id = p.action_id
        where (p.tenant = :tenant or a.tenant = :tenant) and (p.tenant <> a.tenant or p.ticket_id <> a.ticket_id)
        union select p.id from votes v join approvals p on p.id = v.approval_id join people e on e.id = v.person_id
        where (p.tenant = :tenant or e.tenant = :tenant) and p.tenant <> e.tenant
        union select a.id from ledger l join actions a on a.id = l.action_id
        where (l.tenant = :tenant or a.tenant = :tenant) and l.tenant <> a.tenant
        union select o.id from outbox o join tickets t on t.id = o.ticket_id
        where (o.tenant = :tenant or t.tenant = :tenant) and o.tenant <> t.tenant
        union select c.id from escalations c join tickets t on t.id = c.ticket_id
        where (c.tenant = :tenant or t.tenant = :tenant) and c.tenant <> t.tenant
        union select j.stream from journal j join tickets t on t.id = j.stream
        where (j.tenant = :tenant or t.tenant = :tenant) and j.tenant <> t.tenant
        """,
    ),
    Invariant(
        "I12.budget",
        "What a ticket has spent and reserved of its budget stays within what it was granted.",
        f"select t.id as what from tickets t where t.tenant = :tenant and ({_OVERSPENT})",
    ),
)
