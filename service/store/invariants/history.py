"""I10 and I11: the journal has no gap, and only what is declared has happened to tickets and actions."""

from service.store.invariants.invariant import Invariant, listed
from workflows.errors import IllegalTransition
from workflows.lifecycle import LifecycleEvent, advance
from workflows.ticket import TicketStatus

ACTION_MOVES = {
    None: ("proposed", "reserved", "refused"),
    "proposed": ("proposed", "reserved", "refused", "superseded", "expired"),
    "reserved": ("sent", "refused", "expired"),
    "sent": ("succeeded", "failed", "unknown"),
    "unknown": ("succeeded", "failed"),
    "succeeded": ("reversed",),
}
"""How an action's life goes on from each state; None is before its beginning. What is reversed stands as `failed`."""

_BESIDE = listed(("action.accepted", "action.paid"))
"""What is told of an action that changes no state."""


def _ticket_moves() -> list[tuple[str, str]]:
    """Every change of status that one event of the lifecycle's table makes."""
    moves: set[tuple[str, str]] = set()
    for status in TicketStatus:
        for event in LifecycleEvent:
            try:
                moves.add((status.value, advance(status, event).value))
            except IllegalTransition:
                continue
    return sorted(moves)


def _pairs(moves: object) -> str:
    return ", ".join(f"'{before}>{after}'" for before, after in moves)  # type: ignore[attr-defined]


_TICKET_MOVES = _pairs(_ticket_moves())
_ACTION_MOVES = _pairs((before or "", after) for before, afters in ACTION_MOVES.items() for after in afters)

_MOVED = """
    select j.stream, w.data ->> 'from' as before, w.data ->> 'to' as after,
      lag(w.data ->> 'to') over (partition by j.stream order by j.seq) as reached,
      lead(j.seq) over (partition by j.stream order by j.seq) as next
    from journal j join journal_payloads w on w.stream = j.stream and w.seq = j.seq
    where j.tenant = :tenant and j.kind = 'ticket.moved'
"""
_LIVED = f"""
    select j.stream, w.data ->> 'action_id' as action_id, substr(j.kind, 8) as status,
      lag(substr(j.kind, 8)) over (partition by j.stream, w.data ->> 'action_id' order by j.seq) as before,
      lead(j.seq) over (partition by j.stream, w.data ->> 'action_id' order by j.seq) as next
    from journal j join journal_payloads w on w.stream = j.stream and w.seq = j.seq
    where j.tenant = :tenant and j.kind like 'action.%' and j.kind not in ({_BESIDE})
"""

HISTORY = (
    Invariant(
        "I10.gaps",
        "The journal of a ticket, and the tenant's own, has every number up to its head once.",
        """
        select t.id as what from tickets t left join journal j on j.stream = t.id
        where t.tenant = :tenant group by t.id, t.journal_seq
        having count(j.seq) <> t.journal_seq or coalesce(max(j.seq), 0) <> t.journal_seq
        union
        select n.name from tenants n left join journal j on j.stream = 'tenant:' || n.name
        where n.name = :tenant group by n.name, n.journal_seq
        having count(j.seq) <> n.journal_seq or coalesce(max(j.seq), 0) <> n.journal_seq
        """,
    ),
    Invariant(
        "I11.tickets",
        "A ticket's status changes only as the lifecycle declares, each time from where it was, and is where it went last.",
        f"""
        select m.stream as what from ({_MOVED}) m join tickets t on t.id = m.stream
        where m.before || '>' || m.after not in ({_TICKET_MOVES})
          or m.before <> coalesce(m.reached, 'new')
          or (m.next is null and m.after <> t.status)
        """,
    ),
    Invariant(
        "I11.actions",
        "An action lives one life: each state follows from the one before, and it is in the last one.",
        f"""
        select m.action_id as what from ({_LIVED}) m join actions a on a.id = m.action_id
        where coalesce(m.before, '') || '>' || m.status not in ({_ACTION_MOVES})
          or (m.next is null and case m.status when 'reversed' then 'failed' else m.status end <> a.status)
        union
        select a.id from actions a
        where a.tenant = :tenant and not exists (
          select 1 from journal j join journal_payloads w on w.stream = j.stream and w.seq = j.seq
          where j.stream = a.ticket_id and j.kind like 'action.%' and w.data ->> 'action_id' = a.id)
        """,
    ),
    Invariant(
        "I11.turns",
        "A turn ends once: the customer gets one reply to it.",
        """
        select j.stream as what from journal j
        where j.tenant = :tenant and j.kind = 'reply.written' and j.actor = 'bot' and j.turn is not null
        group by j.stream, j.turn having count(*) > 1
        """,
    ),
    Invariant(
        "I11.fences",
        "Nobody acts under a fence that its ticket has not given out.",
        """
        select a.id as what from actions a join tickets t on t.id = a.ticket_id
        where a.tenant = :tenant and (a.fence > t.fence or a.event_seq > t.seq)
        """,
    ),
)
