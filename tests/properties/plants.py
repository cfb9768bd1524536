"""Violations to plant: for each promise statements that break it, and whether the tables let anybody write them."""

from typing import NamedTuple


class Plant(NamedTuple):
    """Statements that break a promise; `refused` says that a constraint or a guard of the real tables forbids them."""

    breaks: str
    statements: tuple[str, ...]
    refused: bool = False


def _plant(breaks: str, *statements: str, refused: bool = False) -> Plant:
    return Plant(breaks, statements, refused)


PAID = "(select a.id from actions a where a.tenant = :tenant and a.order_id = 'A-100001')"
ASKED = "(select a.id from actions a where a.tenant = :tenant and a.order_id = 'A-100002')"
APPROVED = "(select a.id from actions a where a.tenant = :tenant and a.order_id = 'A-100003')"
AWAITED = "(select a.id from actions a where a.tenant = :tenant and a.order_id = 'A-100004')"
APPROVAL = f"(select p.id from approvals p where p.action_id = {APPROVED})"
SUE = "(select e.id from people e where e.tenant = :tenant and e.name = 'sue')"
STRANGER = "(select e.id from people e where e.tenant = :other and e.name = 'sue')"
LONG_AGO = "(select n.created_at from tenants n where n.name = :tenant)"
LATER = "(select max(t.updated_at) from tickets t where t.tenant = :tenant)"
BUDGET = """'{"granted": {"steps": 1}, "spent": {"steps": 1}, "reserved": {"steps": 1}}'"""


def ticket(number: int, tenant: str = "tenant") -> str:
    """The id of a ticket."""
    return f"(select t.id from tickets t where t.tenant = :{tenant} and t.external_id = 'T-{number}')"


def action(values: str, which: str = PAID) -> str:
    """A change of an action."""
    return f"update actions set {values} where id = {which}"


def booked(account: str, amount: int) -> str:
    """One line in the ledger."""
    return (
        "insert into ledger (tenant, txn, account, currency, amount_minor, action_id, at) "
        f"select a.tenant, 'txn_planted', '{account}', a.currency, {amount}, a.id, a.created_at "
        f"from actions a where a.id = {PAID}"
    )


def told(number: int, kind: str, actor: str, turn: str = "1") -> str:
    """One entry more in a ticket's journal."""
    return (
        "insert into journal (stream, seq, tenant, at, kind, actor, turn, payload_hash, hash) "
        f"select t.id, t.journal_seq + 1, t.tenant, t.updated_at, '{kind}', '{actor}', {turn}, 'x', 'x' "
        f"from tickets t where t.id = {ticket(number)}"
    )


def switched(scope: str, name: str) -> str:
    """A switch that was thrown before anything happened."""
    return (
        f"""update switches set "on" = true, at = {LONG_AGO} """
        f"where tenant = :tenant and scope = '{scope}' and name = {name}"
    )


_UNAPPROVED = action("approved = false, approval_id = null", APPROVED)

MONEY = (
    _plant("I1.conserved", action("order_id = 'A-100001'", APPROVED)),
    _plant("I1.conserved", action("amount_minor = amount_minor + 1")),
    _plant("I1.decided", action("amount_minor = amount_minor + 1")),
    _plant("I1.positive", action("amount_minor = 0")),
    _plant("I1.positive", action("amount_minor = -5"), refused=True),
    _plant("I1.positive", action("effect = 'WRITE'")),
    _plant("I1.currency", action("currency = 'EUR'")),
    _plant("I1.currency", action("currency = null"), action("currency = 'EUR'"), refused=True),
    _plant("I2.balanced", booked("refunds_paid", 5)),
    _plant("I2.balanced", f"update ledger set amount_minor = 1 where action_id = {PAID}", refused=True),
    _plant("I2.balanced", "delete from ledger where tenant = :tenant and account = 'refunds_paid'", refused=True),
    _plant("I2.held", booked("refunds_reserved", 5), booked("merchant_funds", -5)),
    _plant("I2.held", action("status = 'unknown'")),
    _plant("I2.paid", booked("refunds_paid", 5), booked("merchant_funds", -5)),
    _plant("I2.paid", action("status = 'failed'")),
    _plant("I2.moved", booked("refunds_paid", -5), booked("refunds_accepted", 5)),
    _plant("I4.customer", _UNAPPROVED),
    _plant(
        "I4.fingerprint",
        action("approved = false, approval_id = null, customer = 'cus_bob'", APPROVED),
        f"update action_fingerprints set fingerprint = 'fp_shared' where action_id = {APPROVED}",
    ),
    _plant("I5.receipt", action("receipt = null")),
    _plant("I5.receipt", action("""receipt = '{"reference": "r-1", "kind": "refund"}'""", ASKED)),
    _plant("I5.effect", action(f"receipt = (select b.receipt from actions b where b.id = {APPROVED})")),
    _plant("I5.order", action("sent_at = null")),
)

DECISIONS = (
    _plant("I3.votes", f"delete from votes where approval_id = {APPROVAL}"),
    _plant("I3.votes", f"update votes set decision = 'deny' where approval_id = {APPROVAL}"),
    _plant("I3.votes", f"update votes set at = {LATER} where approval_id = {APPROVAL}"),
    _plant("I3.votes", f"update votes set person_id = {STRANGER} where approval_id = {APPROVAL}"),
    _plant("I3.votes", f"update role_grants set to_at = from_at where person_id = {SUE}"),
    _plant("I3.votes", f"update role_grants set role = 'admin' where person_id = {SUE}"),
    _plant("I3.votes", action(f"requester = 'person:' || {SUE}", APPROVED)),
    _plant("I3.votes", f"update approvals set votes_needed = 2 where id = {APPROVAL}"),
    _plant("I3.votes", f"update approvals set expires_at = {LONG_AGO} where id = {APPROVAL}"),
    _plant("I3.votes", f"update approvals set state = 'approved' where id = {APPROVAL}"),
    _plant("I3.votes", f"update approvals set decided_at = {LATER} where id = {APPROVAL}"),
    _plant("I3.caps", _UNAPPROVED),
    _plant("I3.caps", f"update approvals set votes_needed = 0 where id = {APPROVAL}"),
    _plant("I3.caps", action("amount_minor = 500001", APPROVED)),
    _plant("I3.caps", action("currency = 'CHF'")),
    _plant("I3.once", action(f"approval_id = {APPROVAL}")),
    _plant("I3.once", f"update approvals set action_id = {APPROVED}, state = 'used' where action_id = {AWAITED}"),
    _plant("I3.digest", f"update approvals set digest = 'x' where id = {APPROVAL}"),
    _plant("I3.digest", f"""update approvals set facts = '{{}}' where id = {APPROVAL}"""),
    _plant("I6.keys", action(f"key = (select b.key from actions b where b.id = {APPROVED})"), refused=True),
    _plant("I6.bound", action("key = 'x'")),
    _plant("I6.bound", action("args = '{}', amount_minor = 1")),
    _plant("I6.unchanged", action("amount_minor = 1")),
    _plant("I6.unchanged", action("order_id = 'A-100009'")),
    _plant("I6.unchanged", action("tool = 'cancel_order'")),
    _plant("I9.switches", switched("tenant", ":tenant")),
    _plant("I9.switches", switched("effect", "'MONEY'")),
    _plant("I9.switches", switched("lane", "'workflow'")),
    _plant("I9.switches", switched("tool", "'issue_refund'")),
    _plant("I9.switches", switched("intent", "'order_status'"), action("intent = 'order_status'")),
)

CONVERSATIONS = (
    _plant("I7.message", f"delete from events where ticket_id = {ticket(0)} and seq = 1"),
    _plant("I7.message", f"update events set ref = 'msg_x' where ticket_id = {ticket(0)} and seq = 1"),
    _plant(
        "I7.message",
        f"insert into events select ticket_id, 9, kind, ref, data, done, created_at, done_at from events "
        f"where ticket_id = {ticket(0)} and seq = 1",
    ),
    _plant("I7.once", f"update deliveries set ticket_id = {ticket(1)} where ticket_id = {ticket(0)}"),
    _plant("I7.once", f"update messages set external_id = 'm-1' where ticket_id = {ticket(0)}", refused=True),
    _plant("I7.counters", f"update tickets set pending = pending + 1 where id = {ticket(0)}"),
    _plant("I7.counters", f"update tickets set seq = seq + 1 where id = {ticket(0)}"),
    _plant("I7.counters", f"update events set done = false where ticket_id = {ticket(0)}"),
    _plant("I7.counters", f"update tickets set pending = -1 where id = {ticket(0)}", refused=True),
    _plant("I7.next_step", f"update tickets set status = 'working' where id = {ticket(0)}"),
    _plant("I7.next_step", f"update tickets set wake_at = null where id = {ticket(2)}"),
    _plant("I7.next_step", f"update approvals set state = 'expired' where action_id = {AWAITED}"),
    _plant("I7.next_step", f"update escalations set state = 'resolved' where ticket_id = {ticket(4)}"),
    _plant("I7.proposals", f"update questions set state = 'closed' where action_id = {ASKED}"),
    _plant("I7.proposals", f"update tickets set question_id = null where id = {ticket(2)}"),
    _plant("I7.proposals", f"update approvals set state = 'superseded' where action_id = {AWAITED}"),
    _plant("I7.people", f"update tickets set status = 'resolved' where id = {ticket(4)}"),
    _plant("I7.people", f"update tickets set status = 'escalated' where id = {ticket(0)}"),
    _plant("I7.people", f"update tickets set owner = null where id = {ticket(4)}"),
    _plant("I8.customer", action("customer = 'cus_bob'")),
    _plant("I8.customer", action("order_id = 'A-100003', customer = 'cus_bob'", ASKED)),
    _plant("I8.customer", f"update tickets set verification = 'none' where id = {ticket(0)}"),
    _plant(
        "I8.customer",
        f"update tickets set customer_id = (select t.customer_id from tickets t where t.id = {ticket(4)}) "
        f"where id = {ticket(0)}",
    ),
    _plant(
        "I8.tenant",
        f"update tickets set customer_id = (select t.customer_id from tickets t where t.id = {ticket(0, 'other')}) "
        f"where id = {ticket(0)}",
    ),
    _plant("I8.tenant", action("tenant = :other")),
    _plant("I8.tenant", f"update approvals set tenant = :other where id = {APPROVAL}"),
    _plant("I8.tenant", f"update approvals set ticket_id = {ticket(0)} where id = {APPROVAL}"),
    _plant("I8.tenant", f"update votes set person_id = {STRANGER} where approval_id = {APPROVAL}"),
    _plant(
        "I8.tenant",
        f"insert into ledger (tenant, txn, account, currency, amount_minor, action_id, at) "
        f"select :other, 'txn_planted', 'refunds_paid', 'USD', 1, a.id, a.created_at from actions a where a.id = {PAID}",
    ),
    _plant("I8.tenant", f"update escalations set tenant = :other where ticket_id = {ticket(4)}"),
    _plant("I8.tenant", f"update journal set tenant = :other where stream = {ticket(0)}", refused=True),
    _plant(
        "I8.tenant",
        "insert into outbox (id, tenant, ticket_id, kind, by_person, body, state, attempts, next_at, created_at) "
        f"values ('out_x', :other, {ticket(0)}, 'ticket.reply', false, '{{}}', 'sent', 0, {LONG_AGO}, {LONG_AGO})",
    ),
    _plant("I12.budget", f"update tickets set budget = {BUDGET} where id = {ticket(5)}"),
)

HISTORY = (
    _plant("I10.gaps", f"delete from journal where stream = {ticket(0)} and seq = 2", refused=True),
    _plant("I10.gaps", f"update journal set seq = 99 where stream = {ticket(0)} and seq = 2", refused=True),
    _plant("I10.gaps", f"update tickets set journal_seq = journal_seq + 1 where id = {ticket(0)}"),
    _plant("I10.gaps", "update tenants set journal_seq = journal_seq - 1 where name = :tenant"),
    _plant("I11.tickets", f"update tickets set status = 'closed' where id = {ticket(0)}"),
    _plant(
        "I11.tickets",
        told(0, "ticket.moved", "bot"),
        "insert into journal_payloads (stream, seq, salt, data) "
        f"""select stream, max(seq), 'x', '{{"from": "resolved", "to": "new"}}' from journal where stream = {ticket(0)} """
        "group by stream",
    ),
    _plant(
        "I11.tickets",
        told(0, "ticket.moved", "bot"),
        "insert into journal_payloads (stream, seq, salt, data) "
        f"""select stream, max(seq), 'x', '{{"from": "closed", "to": "working"}}' from journal where stream = {ticket(0)} """
        "group by stream",
    ),
    _plant("I11.actions", action("status = 'sent'")),
    _plant(
        "I11.actions",
        told(0, "action.sent", "bot"),
        "insert into journal_payloads (stream, seq, salt, data) "
        f"select t.id, t.journal_seq + 1, 'x', w.data from tickets t join journal j on j.stream = t.id "
        "and j.kind = 'action.succeeded' join journal_payloads w on w.stream = j.stream and w.seq = j.seq "
        f"where t.id = {ticket(0)}",
    ),
    _plant("I11.turns", told(0, "reply.written", "bot")),
    _plant("I11.fences", action("fence = 99")),
    _plant("I11.fences", action("event_seq = 99")),
)

PLANTS = (*MONEY, *DECISIONS, *CONVERSATIONS, *HISTORY)
