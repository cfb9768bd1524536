"""The book of actions that the tool layer needs from above it: it decides under locks, reserves, and settles."""

from collections.abc import Callable, Mapping
from typing import Protocol

from tools.commerce import Failure, Job, Receipt
from tools.ports import (
    Action,
    ActionId,
    ActionStatus,
    BookFacts,
    Caller,
    Json,
    Proposal,
    Saw,
    Switch,
    Verdict,
)

Decide = Callable[[BookFacts], Verdict]
"""Decides over what the books say at that moment; it is called under their locks."""


class ActionBook(Protocol):
    """The book of actions: every method is one short transaction that locks the ticket row first.

    Each raises `FencedOff` when the caller's fence is no longer the ticket's.
    """

    async def find(self, caller: Caller, *, origin: str | None = None, action: ActionId | None = None) -> Action | None:
        """The ticket's action with this origin or id."""
        ...

    async def propose(self, caller: Caller, proposal: Proposal, decide: Decide, policy_version: str) -> Action:
        """Create the action, or meet the row that this origin or a live twin already made, decide it, and reserve it.

        Returns the action as it now stands: `reserved` when allowed, `proposed` when it needs a yes or votes (an approval is
        opened in the same transaction), `refused` when denied. A live twin is returned as it is. When a newer
        customer message waits, raises `RunSuperseded` for a turn and writes nothing.
        """
        ...

    async def resume(self, caller: Caller, action: Action, proposal: Proposal, decide: Decide, policy_version: str) -> Action:
        """Decide a `proposed` action again over fresh facts (a yes or votes are now among them) and reserve or refuse it."""
        ...

    async def mark_sent(self, caller: Caller, action: Action) -> Action:
        """Commit `sent` after reading the switches again; a thrown one ends the action `refused` with `killed`.

        Raises `MovedOn` when the action is no longer `reserved`: only who moved it to `sent` may act.
        """
        ...

    async def settle(
        self, action: Action, receipt: Receipt | None, status: ActionStatus, code: str | None, *, wake: bool = False
    ) -> Action:
        """Write how a `sent` or `unknown` action ended: receipt, ledger and journal.

        Not fenced; only the first settling counts. With `wake`, the ticket gets an event about it in the same transaction, if
        the action ended now.
        """
        ...

    async def look(self, caller: Caller, proposal: Proposal) -> tuple[BookFacts, Action | None]:
        """What the books say to a wish, without a lock or a write, and the live action that it would meet."""
        ...

    async def accept(self, action: Action, job: Job) -> Action:
        """Note that the backend works on a `sent` action; it stays as it is until it is settled."""
        ...

    async def correct(self, action: Action, found: Receipt | Failure) -> Action:
        """Follow what the backend's books say now about a `succeeded` action, and wake its ticket, once for each news.

        A failure is compensated in the ledger and ends the action `failed` with `reversed`; a receipt under which more money
        has moved, or less follows, turns what was promised into what was paid. A receipt for an action that had failed, or of
        which a person had found out that it was not done, brings the ticket to people. Anything else changes nothing.
        """
        ...

    async def looked(self, action: Action, saw: Saw, *, tried: bool = False) -> None:
        """Keep what a look that settled nothing has said, for people who want to know; `tried` ends one more attempt."""
        ...

    async def try_again(self, action: Action) -> bool:
        """Take a `sent` or `unknown` action for one more attempt, unless it has been settled since or somebody else tries it.

        While the attempt may last, no person can settle the action.
        """
        ...

    async def on_order(self, caller: Caller, order_id: str) -> tuple[Action, ...]:
        """The tenant's actions on an order that have not ended or succeeded, oldest first."""
        ...

    async def switch_for(self, caller: Caller, tool: str) -> Switch | None:
        """The thrown switch that stops this tool for this caller, if any."""
        ...

    async def switch_on(self, action: Action) -> Switch | None:
        """The thrown switch that stops this action, by the lane and the intent that wanted it, if any."""
        ...

    async def record_refusal(self, caller: Caller, tool: str, args: Mapping[str, Json], code: str, rule: str | None) -> None:
        """Write one audit row for a call that never became an action (unknown object, bad arguments, not granted)."""
        ...
