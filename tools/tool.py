"""What a tool is: a typed async function, marked with its effect, that the runner can read, decide on and carry out."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, get_type_hints

from tools.args import Args
from tools.book import ActionBook
from tools.commerce import Backend, Commerce, CustomerId, Failure, Job, Receipt
from tools.errors import Code, ToolError
from tools.limits import Policy
from tools.money import Money
from tools.ports import Action, Caller, Effect, Json, MoneyLeg, Verification


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a tool may see: the merchant's system, who calls, the time, the policy, and our own book of actions."""

    shop: Commerce
    caller: Caller
    now: datetime
    policy: Policy
    book: ActionBook

    @property
    def customer(self) -> CustomerId:
        """The customer that the ticket is bound to. Raises `verification_required` when it is bound to nobody."""
        if self.caller.customer is None:
            raise ToolError(
                Code.VERIFICATION_REQUIRED, "We have to know who is asking before we can look.", "identity.verification"
            )
        return self.caller.customer


@dataclass(frozen=True, slots=True)
class Situation:
    """What the backend says about the object of a call, as far as the policy asks.

    Amounts are minor units of `currency`, the order's. `destination` says whose purse the money would reach: `original` (a
    method that paid), `store_credit` or `own` (another method of the same customer), `none` when nothing goes back.
    `settles_difference` is true when the money is the difference of an exchange. `reships` is true when goods would be sent
    again. `received_at` starts the time that the customer has for a return; None when the backend does not know it.
    `cancels` is true when the order would end, which only one that is still `pending` may. `promised_minor` is what accepted
    returns will still give back.
    """

    captured_minor: int = 0
    refunded_minor: int = 0
    promised_minor: int = 0
    currency: str | None = None
    destination: str = "none"
    settles_difference: bool = False
    reships: bool = False
    returns: bool = False
    received_at: datetime | None = None
    cancels: bool = False
    pending: bool = True


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a WRITE or MONEY tool would do: its object, the money that would go back and where to, and the facts to show."""

    order_id: str | None = None
    money: Money | None = None
    legs: tuple[MoneyLeg, ...] = ()
    facts: Mapping[str, Json] = field(default_factory=dict)
    situation: Situation = field(default_factory=Situation)


Handler = Callable[[ToolContext, Any], Awaitable[Any]]
"""Answers a READ with a mapping, or prepares a WRITE or MONEY call as `Wanted`."""

Act = Callable[[Any, Action], Awaitable[Receipt | Job]]
"""Carries a reserved action out, with its key and the preconditions that its recorded facts hold."""

Find = Callable[[Any, Action], Awaitable[Receipt | Job | Failure | None]]
"""Looks an action's effect up by its key."""

See = Callable[[Any, Action], Awaitable[Receipt | None]]
"""Finds an action's effect without its key, by reading its object; None when the object does not prove it."""


async def find_by_key(shop: Backend, action: Action) -> Receipt | Job | Failure | None:
    """What became of the one effect that carries the action's key."""
    return await shop.find_effect(action.key)


async def see_nothing(_shop: Backend, _action: Action) -> None:
    """For an effect that leaves nothing which could be read."""


class Retry(StrEnum):
    """What may be done after a lost answer."""

    FREE = "free"
    """It only reads, so it may be called again."""
    REPEATABLE = "repeatable"
    """Twice is the same as once, so the same turn may send it again, also where keys are not honoured."""
    KEYED = "keyed"
    """It is sent again only with its key, and only where keys are honoured; else it is looked for, and then left to people."""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as the catalogue knows it. `timeout` is in seconds and covers one call of the merchant's system."""

    name: str
    effect: Effect
    description: str
    args_model: type[Args]
    handler: Handler
    act: Act | None
    find: Find
    see: See
    idempotent: bool
    timeout: float
    verification: Verification
    confirms: bool
    stoppable: bool
    by_codes: bool
    seals: frozenset[str]

    @property
    def retry(self) -> Retry:
        """What may be done after a lost answer; it follows from the effect and from whether the tool is idempotent."""
        if self.effect is Effect.READ:
            return Retry.FREE
        return Retry.REPEATABLE if self.idempotent else Retry.KEYED

    @property
    def input_schema(self) -> dict[str, Json]:
        """The JSON schema of the arguments."""
        return self.args_model.model_json_schema()


def tool(
    *,
    name: str | None = None,
    effect: Effect = Effect.MONEY,
    act: Act | None = None,
    find: Find = find_by_key,
    see: See = see_nothing,
    idempotent: bool | None = None,
    timeout: float = 10.0,
    verification: Verification = Verification.CHANNEL,
    confirms: bool = True,
    stoppable: bool = True,
    by_codes: bool = False,
    seals: frozenset[str] = frozenset(),
) -> Callable[[Handler], ToolSpec]:
    """Mark an async function `(ctx: ToolContext, args: <Args>)` as a tool; its docstring is the description.

    An unmarked effect is MONEY: whoever forgets to say gets the strictest treatment. What is not a READ needs an `act`.
    `confirms` is false for what no customer is asked about, `stoppable` is false for what no kill switch may stop.
    `by_codes` says that the service's own codes carry it out, and `seals` names the arguments that are kept as seals only.
    """

    def mark(handler: Handler) -> ToolSpec:
        hints = get_type_hints(handler)
        parameters = list(inspect.signature(handler).parameters)
        args_model = hints.get(parameters[1]) if len(parameters) == 2 else None
        described = inspect.getdoc(handler)
        if not (isinstance(args_model, type) and issubclass(args_model, Args)):
            raise TypeError("A tool takes a context and one strict model of arguments.")
        if not described:
            raise TypeError("A tool needs a docstring: it is what models and people read.")
        if (effect is Effect.READ) != (act is None):
            raise TypeError("A tool that writes or moves money needs an act, and a tool that reads has none.")
        return ToolSpec(
            name=name or getattr(handler, "__name__", ""),
            effect=effect,
            description=described,
            args_model=args_model,
            handler=handler,
            act=act,
            find=find,
            see=see,
            idempotent=effect is Effect.READ if idempotent is None else idempotent,
            timeout=timeout,
            verification=verification,
            confirms=confirms and effect is not Effect.READ,
            stoppable=stoppable,
            by_codes=by_codes,
            seals=seals,
        )

    return mark
