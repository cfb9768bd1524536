"""Everything that operators look at, for one tenant, in one reading."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from service.store import durations, shell, stats
from service.store.durations import Durations
from service.store.shell import Thrown
from service.store.stats import Scope, Tally


@dataclass(frozen=True, slots=True)
class Facts:
    """What happened since `scope.since`, and how things stand now; tallies are most first."""

    scope: Scope
    at: datetime
    by_status: list[Tally]
    by_lane: list[Tally]
    deliveries: list[Tally]
    escalations: list[Tally]
    cases_now: list[Tally]
    approvals_decided: list[Tally]
    approvals_now: list[Tally]
    approvals_by_rule: list[Tally]
    actions: list[Tally]
    refusals: list[Tally]
    money_back: list[Tally]
    cost_microusd: int
    ended: int
    contained: int
    outbox: list[Tally]
    waiting: list[Tally]
    first_reply: Durations
    resolution: Durations
    turns: Durations
    thrown: tuple[Thrown, ...]

    @property
    def received(self) -> int:
        """Tickets that came in."""
        return sum(tally.count for tally in self.by_status)


async def read(conn: AsyncConnection, scope: Scope, at: datetime) -> Facts:
    """Read them one after the other; each is a fact of its own moment."""
    ever = Scope(scope.tenant)
    ended, contained = await stats.contained(conn, scope)
    return Facts(
        scope=scope,
        at=at,
        by_status=await stats.tickets_by(conn, scope, "status"),
        by_lane=await stats.tickets_by(conn, scope, "lane"),
        deliveries=await stats.deliveries_received(conn, scope),
        escalations=await stats.escalations_by(conn, scope, "reason"),
        cases_now=await stats.escalations_by(conn, ever, "state", "risk"),
        approvals_decided=await stats.approvals_decided(conn, scope),
        approvals_now=await stats.approvals_by_state(conn, ever),
        approvals_by_rule=await stats.approvals_by_rule(conn, scope),
        actions=await stats.actions_by_status(conn, scope),
        refusals=await stats.refusals_by_rule(conn, scope),
        money_back=await stats.money_back(conn, scope),
        cost_microusd=await stats.model_cost(conn, scope),
        ended=ended,
        contained=contained,
        outbox=await stats.outbox_by_state(conn, ever),
        waiting=await stats.waiting_tickets(conn, scope),
        first_reply=await durations.first_reply(conn, scope),
        resolution=await durations.resolution(conn, scope),
        turns=await durations.turns(conn, scope),
        thrown=await shell.thrown(conn, scope.tenant),
    )
