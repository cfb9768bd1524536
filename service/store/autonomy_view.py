"""How far each tool may go, what became of it so far, and the level that it has earned; as people decide on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from service.store.autonomy import LevelRow, levels
from service.store.autonomy_record import records
from tools.autonomy import Level, Proposal, Record, propose
from tools.catalogue import CATALOGUE
from tools.limits import Policy
from tools.money import Money
from tools.ports import Effect, TenantName


@dataclass(frozen=True, slots=True)
class Standing:
    """One tool. `alone` is what one action may give back without a vote, a Money for each currency; None for no money.

    `gains` says whether a higher level would let it do more with the tenant's numbers.
    """

    row: LevelRow
    record: Record
    proposal: Proposal
    gains: bool
    alone: tuple[Money, ...] | None
    days: int


async def standings(conn: AsyncConnection, tenant: TenantName, policy: Policy, now: datetime) -> tuple[Standing, ...]:
    """Every tool that acts, by its name."""
    found = await records(conn, tenant, now - timedelta(days=policy.autonomy_days))
    return tuple(_standing(row, found, policy) for row in await levels(conn, tenant, policy))


def _standing(row: LevelRow, found: Mapping[str, Record], policy: Policy) -> Standing:
    record, moves_money = found.get(row.tool, Record()), CATALOGUE[row.tool].effect is Effect.MONEY
    gains = _gains(row.level, policy, moves_money=moves_money)
    proposal = propose(row.level, record, policy.autonomy_streak, gains)
    caps = policy.alone_up_to(row.level)
    alone = tuple(Money(most, currency) for currency, most in sorted(caps.items())) if moves_money else None
    return Standing(row, record, proposal, gains, alone, policy.autonomy_days)


def _gains(level: Level, policy: Policy, *, moves_money: bool) -> bool:
    """Whether the level above would let the tool do more; what moves no money has no caps to be trusted above."""
    above = level.next
    if above is not Level.AUTO:
        return above is not None
    return moves_money and auto_adds(policy)


def auto_adds(policy: Policy) -> bool:
    """Whether any tool could do more at `auto` than one level below, with the tenant's numbers."""
    return policy.alone_up_to(Level.AUTO) != policy.alone_up_to(Level.APPROVE_OVER_CAP)
