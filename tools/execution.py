"""Carries a reserved action out once: `sent`, the effect, and its settling; and looks up what became of a lost answer."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from tools.catalogue import CATALOGUE
from tools.commerce import Commerce, OrderId, Receipt
from tools.errors import BackendUnavailable, Code, OutcomeUnknown, ToolError
from tools.ports import Action, ActionBook, ActionStatus, Caller, Effect, TenantName
from tools.tool import ToolSpec

CommerceFor = Callable[[TenantName], Commerce]
"""The merchant's system of a tenant."""

Crashpoint = Callable[[str], None]
"""Called at every boundary between persisted states, with its name; a test stops the process there by raising."""

BOUNDARIES = (
    "before_decision",
    "after_decision",
    "before_sent",
    "after_sent",
    "after_effect",
    "after_settling",
)
"""Every boundary of a call that changes something, in order."""


def go_on(_boundary: str) -> None:
    """The crash point of a process that is not being tested."""


@dataclass(frozen=True, slots=True)
class End:
    """How an attempt ended: a receipt, a refusal, nothing done (`backend_unavailable`), or not known."""

    status: ActionStatus
    receipt: Receipt | None = None
    code: Code | None = None


_UNKNOWN = End(ActionStatus.UNKNOWN, code=Code.OUTCOME_UNKNOWN)


class Executor:
    """Acts for the runner and for the sweep; it never sends twice where the merchant's system does not honour keys."""

    def __init__(self, commerce_for: CommerceFor, book: ActionBook, crashpoint: Crashpoint = go_on) -> None:
        self._commerce_for = commerce_for
        self._book = book
        self._crash = crashpoint

    async def carry_out(self, caller: Caller, action: Action) -> Action:
        """Send a `reserved` action and settle it; a switch thrown before ends it `refused`.

        Raises `MovedOn` and `FencedOff`.
        """
        self._crash("before_sent")
        sent = await self._book.mark_sent(caller, action)
        if sent.status is not ActionStatus.SENT:
            return sent
        self._crash("after_sent")
        shop, spec = self._commerce_for(sent.tenant), CATALOGUE[sent.tool]
        end = await _attempt(shop, spec, sent)
        if end.code in (Code.OUTCOME_UNKNOWN, Code.BACKEND_UNAVAILABLE):
            end = await self._once_more(shop, spec, sent, end)
        self._crash("after_effect")
        return await self._settle(shop, sent, end)

    async def look_up(self, action: Action, *, wake: bool = False) -> Action:
        """Find out what became of a `sent` or `unknown` action whose answer was lost, and settle it.

        With `wake`, the ticket gets an event when the action has ended.
        """
        shop, spec = self._commerce_for(action.tenant), CATALOGUE[action.tool]
        end = await self._once_more(shop, spec, action, _UNKNOWN)
        return await self._settle(shop, action, end, wake=wake)

    async def _once_more(self, shop: Commerce, spec: ToolSpec, action: Action, first: End) -> End:
        """After a lost answer: by its key, else with its key where keys are honoured, else it stays unknown."""
        try:
            async with asyncio.timeout(spec.timeout):
                receipt = await spec.find(shop, action)
        except (BackendUnavailable, OutcomeUnknown, TimeoutError):
            return first
        if receipt is not None:
            return End(ActionStatus.SUCCEEDED, receipt)
        if not shop.capabilities.honours_keys or await self._book.switch_on(action) is not None:
            return first
        again = await _attempt(shop, spec, action)
        # The first attempt may still have acted when the second could not even be made.
        return first if again.code is Code.BACKEND_UNAVAILABLE else again

    async def _settle(self, shop: Commerce, action: Action, end: End, *, wake: bool = False) -> Action:
        receipt = end.receipt
        if receipt is not None and action.effect is Effect.MONEY:
            receipt = await _with_money_read_again(shop, action, receipt)
        settled = await self._book.settle(action, receipt, end.status, end.code, wake=wake)
        self._crash("after_settling")
        return settled


async def _attempt(shop: Commerce, spec: ToolSpec, action: Action) -> End:
    if spec.act is None:
        raise TypeError("A tool that only reads has nothing to carry out.")
    try:
        async with asyncio.timeout(spec.timeout):
            return End(ActionStatus.SUCCEEDED, await spec.act(shop, action))
    except (OutcomeUnknown, TimeoutError):
        return _UNKNOWN
    except BackendUnavailable as away:
        return End(ActionStatus.FAILED, code=away.code)
    except ToolError as refused:
        return End(ActionStatus.FAILED, code=refused.code)


async def _with_money_read_again(shop: Commerce, action: Action, receipt: Receipt) -> Receipt:
    """The receipt with what the merchant's own books say now; without it when they cannot be read, as the effect is proven."""
    if action.order_id is None:
        return receipt
    try:
        async with asyncio.timeout(CATALOGUE[action.tool].timeout):
            order = await shop.get_order(OrderId(action.order_id))
    except (BackendUnavailable, TimeoutError):
        return receipt
    if order is None:
        return receipt
    after = {"captured_minor": order.captured_minor, "refunded_minor": order.refunded_minor, "status": order.status.value}
    return receipt.model_copy(update={"data": {**receipt.data, "order_after": after}})
