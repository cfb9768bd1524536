"""What the demo counts while it runs, taken from the database each time and never guessed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.store import stats
from service.store.database import Database
from service.store.stats import Scope, Tally
from tools.money import Money

_PAYS_BACK = {"issue_refund", "cancel_order", "return_items"}


@dataclass(frozen=True, slots=True)
class Counters:
    """How the tenant's tickets stand; `refunds` counts the actions by which money goes back and `paid_back` sums them."""

    by_lane: Mapping[str, int]
    by_status: Mapping[str, int]
    approvals_waiting: int
    escalations_waiting: int
    refused: int
    refunds: int
    paid_back: tuple[Money, ...]
    cost_microusd: int

    @property
    def tickets(self) -> int:
        """All tickets that came in."""
        return sum(self.by_status.values())

    def as_json(self) -> dict[str, Any]:
        """The counters with the names that the summary gives them."""
        return {
            "tickets": self.tickets,
            "by_lane": dict(self.by_lane),
            "by_status": dict(self.by_status),
            "approvals_waiting": self.approvals_waiting,
            "escalations_waiting": self.escalations_waiting,
            "refused": self.refused,
            "refunds": {"count": self.refunds, "amounts": [money.as_json() for money in self.paid_back]},
            "cost_microusd": self.cost_microusd,
        }


async def count(db: Database, tenant: str) -> Counters:
    """Count everything of this tenant."""
    scope = Scope(tenant)
    async with db.reading() as conn:
        actions = await stats.actions_by_status(conn, scope)
        return Counters(
            by_lane=_by_label(await stats.tickets_by(conn, scope, "lane")),
            by_status=_by_label(await stats.tickets_by(conn, scope, "status")),
            approvals_waiting=_by_label(await stats.approvals_by_state(conn, scope)).get("pending", 0),
            escalations_waiting=_by_label(await stats.escalations_by(conn, scope, "state")).get("open", 0),
            refused=sum(tally.count for tally in await stats.refusals_by_rule(conn, scope)),
            refunds=sum(t.count for t in actions if t.labels[0] in _PAYS_BACK and t.labels[1] == "succeeded"),
            paid_back=tuple(Money(tally.count, tally.labels[0]) for tally in await stats.money_back(conn, scope)),
            cost_microusd=await stats.model_cost(conn, scope),
        )


def _by_label(tallies: list[Tally]) -> dict[str, int]:
    return {tally.labels[0]: tally.count for tally in tallies}
