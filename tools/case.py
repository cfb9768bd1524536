"""One wanted call as the rules of the policy see it."""

from dataclasses import dataclass
from datetime import datetime

from tools.autonomy import Level
from tools.limits import MoneyLimits, Policy
from tools.ports import Action, BookFacts, Caller, Lane, Proposal
from tools.tool import Situation, ToolSpec

BOT = "bot"
"""The requester of what the machine wants."""


@dataclass(frozen=True, slots=True)
class Case:
    """One wanted call: the tool, what it would do, what its object is like, who calls, and when.

    `agreed` is the action as the customer and people saw it, when the call was decided before.
    """

    spec: ToolSpec
    proposal: Proposal
    situation: Situation
    caller: Caller
    now: datetime
    agreed: Action | None = None

    @property
    def amount(self) -> int:
        """What would go back to the customer, in minor units."""
        return self.proposal.money.amount_minor if self.proposal.money else 0

    @property
    def by_machine(self) -> bool:
        """Whether no person wanted this by their own hand; a machine that a person let in stays one.

        Whoever resumes an action, it stays its requester's.
        """
        if self.agreed is not None:
            return self.agreed.requester == BOT or self.agreed.lane is not Lane.HUMAN
        return self.caller.person is None or self.caller.lane is not Lane.HUMAN

    @property
    def flow(self) -> str | None:
        """The flow that wants this, None when no flow does: a ticket keeps its flow's name in the other lanes too."""
        return self.caller.flow if self.caller.lane is Lane.WORKFLOW else None

    def limits(self, policy: Policy) -> MoneyLimits | None:
        """The limits of the money's currency; None when the currency is not listed."""
        return policy.limits.get(self.proposal.money.currency) if self.proposal.money else None

    def level(self, book: BookFacts, policy: Policy) -> Level | None:
        """The tool's level of autonomy, as an admin has set it, else as the settings say; None for a person's own call."""
        return (book.level or policy.level_of(self.spec.name)) if self.by_machine else None
