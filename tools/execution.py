"""Carries a reserved action out once: `sent`, the effect, and its settling; and looks up what became of a lost answer."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from json import JSONDecodeError

from pydantic import ValidationError

from tools.book import ActionBook
from tools.catalogue import CATALOGUE
from tools.commerce import Backend, Commerce, Failure, Job, OrderId, Receipt
from tools.errors import BackendUnavailable, Code, OutcomeUnknown, ToolError
from tools.ports import Action, ActionStatus, Caller, Effect, Saw, TenantName
from tools.proof import Reading, believable
from tools.tool import Retry, ToolSpec
from tools.verification import Codes, NoCodes

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


UNREADABLE = (ValidationError, JSONDecodeError, UnicodeDecodeError)
"""What reading an answer raises that does not have the shape of one, so that nobody knows what it says."""


@dataclass(frozen=True, slots=True)
class End:
    """How an attempt ended: a receipt, a job that goes on (`sent`), a refusal, nothing done, or not known."""

    status: ActionStatus
    receipt: Receipt | None = None
    code: Code | None = None
    job: Job | None = None


_UNKNOWN = End(ActionStatus.UNKNOWN, code=Code.OUTCOME_UNKNOWN)


class Executor:
    """Acts for the runner and for the sweep; it never sends twice where the merchant's system does not honour keys."""

    def __init__(
        self, commerce_for: CommerceFor, book: ActionBook, crashpoint: Crashpoint = go_on, codes: Codes | None = None
    ) -> None:
        self._commerce_for = commerce_for
        self._codes = codes or NoCodes()
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
        shop, spec = self._backend_of(sent)
        end = await _attempt(shop, spec, sent)
        if end.code in (Code.OUTCOME_UNKNOWN, Code.BACKEND_UNAVAILABLE):
            end = await self._once_more(shop, spec, sent, repeatable=spec.retry is Retry.REPEATABLE) or end
        self._crash("after_effect")
        return await self._settle(sent, end)

    async def look_up(self, action: Action, *, wake: bool = False) -> Action:
        """Find out what became of a `sent` or `unknown` action whose answer was lost or is still to come, and settle it.

        With `wake`, the ticket gets an event when the action has ended.
        """
        shop, spec = self._backend_of(action)
        end = await self._once_more(shop, spec, action)
        if end is None and action.job is not None:
            return action
        return await self._settle(action, end or _UNKNOWN, wake=wake)

    async def look_only(self, action: Action) -> Action:
        """Look whether the merchant's system knows what became of an `unknown` action, and settle it if so; never send."""
        shop, spec = self._backend_of(action)
        try:
            end = await self._look(shop, spec, action)
        except BackendUnavailable:
            return action
        return action if end is None or not end.status.ended else await self._settle(action, end, wake=True)

    async def follow_up(self, action: Action) -> Action:
        """The merchant's system says that something happened to an action's effect: look, and follow what its books say.

        Raises `BackendUnavailable` when they cannot be read now, or the action has not been settled yet.
        """
        if action.status is ActionStatus.SENT and action.job is None:
            # Whoever sent it is about to settle it, and the news is about how it stands after that.
            raise BackendUnavailable("This is still being settled.")
        if action.status in (ActionStatus.SENT, ActionStatus.UNKNOWN):
            return await self.look_up(action, wake=True)
        given_up = action.status is ActionStatus.FAILED and action.code != Code.REVERSED
        if action.status is not ActionStatus.SUCCEEDED and not given_up:
            return action
        shop, spec = self._backend_of(action)
        try:
            async with asyncio.timeout(spec.timeout):
                found = await spec.find(shop, action)
        except (OutcomeUnknown, TimeoutError, *UNREADABLE) as lost:
            raise BackendUnavailable from lost
        return await self._book.correct(action, found) if isinstance(found, Receipt | Failure) else action

    def _backend_of(self, action: Action) -> tuple[Backend, ToolSpec]:
        spec = CATALOGUE[action.tool]
        return self._codes if spec.by_codes else self._commerce_for(action.tenant), spec

    async def _once_more(self, shop: Backend, spec: ToolSpec, action: Action, *, repeatable: bool = False) -> End | None:
        """After a lost answer: by its key; else again with its key, or by reading where keys mean nothing.

        None when nothing new was learnt, so that what was known before stands.
        """
        try:
            found = await self._look(shop, spec, action)
        except BackendUnavailable:
            return None
        if found is not None:
            return found
        again_allowed = action.job is None and (shop.capabilities.honours_keys or repeatable)
        if not again_allowed or await self._book.switch_on(action) is not None or not await self._book.try_again(action):
            return None
        again = await _attempt(shop, spec, action)
        if again.code in (Code.OUTCOME_UNKNOWN, Code.BACKEND_UNAVAILABLE):
            await self._book.looked(action, Saw.UNREACHABLE, tried=True)
        if again.status is ActionStatus.FAILED and again.code is not Code.BACKEND_UNAVAILABLE:
            # It refuses now, and that may be because the first attempt has acted after all.
            return await self._seen(shop, spec, action) or again
        # The first attempt may still have acted when the second could not even be made.
        return None if again.code is Code.BACKEND_UNAVAILABLE else again

    async def _look(self, shop: Backend, spec: ToolSpec, action: Action) -> End | None:
        """What the merchant's system says by the key, or by reading where keys mean nothing; None when it knows of nothing.

        What does not settle the action is kept for people. Raises `BackendUnavailable` when nobody could be asked.
        """
        try:
            async with asyncio.timeout(spec.timeout):
                found = await spec.find(shop, action)
                if found is None and not shop.capabilities.honours_keys:
                    found = await spec.see(shop, action)
        except (BackendUnavailable, OutcomeUnknown, TimeoutError, *UNREADABLE) as away:
            await self._book.looked(action, Saw.UNREACHABLE)
            raise BackendUnavailable from away
        end = None if found is None else _end_of(action, found)
        if end is None or not end.status.ended:
            await self._book.looked(action, Saw.NOTHING if end is None else Saw.WORKING if end.job else Saw.DOUBTFUL)
        return end

    async def _seen(self, shop: Backend, spec: ToolSpec, action: Action) -> End | None:
        try:
            async with asyncio.timeout(spec.timeout):
                receipt = await spec.see(shop, action)
        except (BackendUnavailable, OutcomeUnknown, TimeoutError, *UNREADABLE):
            return _UNKNOWN
        return _end_of(action, receipt) if receipt else None

    async def _settle(self, action: Action, end: End, *, wake: bool = False) -> Action:
        if end.job is not None:
            return await self._book.accept(action, end.job)
        if end.receipt is not None and action.effect is Effect.MONEY:
            end = await _with_money_read_again(self._commerce_for(action.tenant), action, end, end.receipt)
            if end.status is ActionStatus.UNKNOWN:
                await self._book.looked(action, Saw.DOUBTFUL)
        settled = await self._book.settle(action, end.receipt, end.status, end.code, wake=wake)
        self._crash("after_settling")
        return settled


async def _attempt(shop: Backend, spec: ToolSpec, action: Action) -> End:
    if spec.act is None:
        raise TypeError("A tool that only reads has nothing to carry out.")
    try:
        async with asyncio.timeout(spec.timeout):
            return _end_of(action, await spec.act(shop, action))
    except (OutcomeUnknown, TimeoutError, *UNREADABLE):
        return _UNKNOWN
    except BackendUnavailable as away:
        return End(ActionStatus.FAILED, code=away.code)
    except ToolError as refused:
        return End(ActionStatus.FAILED, code=refused.code)


def _end_of(action: Action, answer: Receipt | Job | Failure) -> End:
    match answer:
        case Job():
            return End(ActionStatus.SENT, job=answer)
        case Failure():
            return End(ActionStatus.FAILED, code=Code.REVERSED)
        case Receipt():
            return End(ActionStatus.SUCCEEDED, answer) if believable(action, answer) else _UNKNOWN


async def _with_money_read_again(shop: Commerce, action: Action, end: End, receipt: Receipt) -> End:
    """The receipt with what the merchant's own books say now, as far as they can be read; less than it says proves nothing."""
    if action.order_id is None:
        return end
    try:
        async with asyncio.timeout(CATALOGUE[action.tool].timeout):
            order = await shop.get_order(OrderId(action.order_id))
    except (BackendUnavailable, OutcomeUnknown, TimeoutError, *UNREADABLE):
        return end
    if order is None:
        return end
    reading = Reading.of(action, receipt, order)
    return _UNKNOWN if reading.surplus_minor < 0 else End(end.status, reading.receipt)
