"""I3, I6 and I9: who decided on an action, that it stayed what was decided, and that a thrown switch stopped it."""

from service.store.action_rows import SPENT
from service.store.invariants.invariant import Invariant, listed
from tools.case import BOT

_ACTED = listed((*SPENT, "failed"))

CLOCKS_DIFFER = 5
"""Seconds by which the clocks of two processes may differ; a switch binds from its commit, whatever a clock says."""


def _level(sign: str) -> str:
    """The level of an action's tool as the tenant's journal says: an admin's last word before then, else the settings'."""
    return f"""coalesce(
      (select w.data ->> 'to' from journal j join journal_payloads w on w.stream = j.stream and w.seq = j.seq
        where j.stream = 'tenant:' || a.tenant and j.kind = 'autonomy.changed' and w.data ->> 'tool' = a.tool
          and j.at <= {{a.reserved_at {sign} {CLOCKS_DIFFER} seconds}}
        order by j.seq desc limit 1),
      (select s.level from starts s where s.tool = a.tool), '')"""


_TRUSTED = f"(a.requester = '{BOT}' or a.lane <> 'human') and 'auto' in ({_level('-')}, {_level('+')})"
"""The machine wanted it, with a tool on `auto`, which the lower cap of a single action does not hold."""

_VOTES = """
    select count(distinct v.person_id) from votes v
    join people e on e.id = v.person_id and e.tenant = p.tenant
    join role_grants g on g.person_id = v.person_id and g.role = 'supervisor'
      and g.from_at <= v.at and (g.to_at is null or g.to_at > v.at)
    where v.approval_id = p.id and v.decision = 'approve' and v.at <= a.reserved_at
      and a.requester <> 'person:' || v.person_id
"""

DECISIONS = (
    Invariant(
        "I3.votes",
        "What counts as approved has its own used-up approval with enough votes of supervisors, in time, and no vote against.",
        f"""
        select a.id as what from actions a
        where a.tenant = :tenant and a.approved and a.status in ({_ACTED}) and not exists (
          select 1 from approvals p
          where p.id = a.approval_id and p.action_id = a.id and p.tenant = a.tenant and p.ticket_id = a.ticket_id
            and p.state = 'used' and p.decided_at <= a.reserved_at and p.expires_at > a.reserved_at
            and p.votes_needed <= ({_VOTES})
            and not exists (select 1 from votes v where v.approval_id = p.id and v.decision <> 'approve'))
        """,
    ),
    Invariant(
        "I3.caps",
        "Above the caps there are the votes that the policy asks for.",
        f"""
        select a.id as what from actions a
        left join limits m on m.currency = a.currency
        left join approvals p on p.id = a.approval_id and a.approved
        where a.tenant = :tenant and a.policy_version = :policy_version and a.status in ({_ACTED})
          and a.effect = 'MONEY' and a.amount_minor is not null
          and coalesce(p.votes_needed, 0) < case
            when m.currency is null then 1
            when a.amount_minor > m.two_votes_above then 2
            when a.amount_minor > m.one_vote_above and not ({_TRUSTED}) then 1 else 0 end
        """,
    ),
    Invariant(
        "I3.once",
        "An approval is used up by one action, once.",
        """
        select min(p.id) as what from approvals p where p.tenant = :tenant and p.state = 'used'
        group by p.action_id having count(*) > 1
        union
        select a.approval_id from actions a where a.tenant = :tenant and a.approval_id is not null
        group by a.approval_id having count(*) > 1
        """,
    ),
    Invariant(
        "I6.keys",
        "Every action has a key of its own.",
        "select min(a.id) as what from actions a where a.tenant = :tenant group by a.key having count(*) > 1",
    ),
    Invariant(
        "I6.unchanged",
        "An action is still what its ticket's journal says that it was.",
        """
        select distinct a.id as what from actions a
        join journal j on j.stream = a.ticket_id and j.kind like 'action.%'
        join journal_payloads w on w.stream = j.stream and w.seq = j.seq
        where a.tenant = :tenant and w.data ->> 'action_id' = a.id and w.data ->> 'tool' is not null
          and (w.data ->> 'tool' <> a.tool
            or coalesce(w.data ->> 'order_id', '') <> coalesce(a.order_id, '')
            or coalesce(cast(w.data -> 'amount' ->> 'amount_minor' as bigint), -1) <> coalesce(a.amount_minor, -1)
            or coalesce(w.data -> 'amount' ->> 'currency', '') <> coalesce(a.currency, ''))
        """,
    ),
    Invariant(
        "I9.switches",
        "Nothing is decided or sent after a switch that stops it was thrown.",
        f"""
        select a.id as what from actions a
        join switches s on s.tenant = a.tenant and s."on"
          and ((s.scope = 'tenant' and s.name = a.tenant) or (s.scope = 'effect' and s.name = a.effect)
            or (s.scope = 'lane' and s.name = a.lane) or (s.scope = 'tool' and s.name = a.tool)
            or (s.scope = 'intent' and s.name = a.intent))
        where a.tenant = :tenant
          and (a.sent_at > {{s.at + {CLOCKS_DIFFER} seconds}} or a.reserved_at > {{s.at + {CLOCKS_DIFFER} seconds}}
            or (a.created_at > {{s.at + {CLOCKS_DIFFER} seconds}} and a.status <> 'refused'))
        """,
    ),
)
