"""The policy of one tenant: every number that the rules use, in one frozen value with a version."""

import hashlib
from collections.abc import Mapping
from datetime import time, timedelta
from functools import cached_property
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.numbers import is_currency
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from tools.autonomy import Level
from tools.digest import canonical
from tools.ports import Lane, Verification

READS = frozenset(
    {
        "find_orders",
        "get_order",
        "get_customer",
        "get_product",
        "track_shipment",
        "search_articles",
        "get_refund_status",
        "escalate",
    }
)
"""The tools that change nothing."""

ACTIONS = frozenset(
    {
        "cancel_order",
        "issue_refund",
        "return_items",
        "exchange_items",
        "change_order_items",
        "change_order_payment",
        "change_order_address",
        "change_customer_address",
        "add_note",
        "send_verification_code",
        "check_verification_code",
    }
)
"""The tools that change something; the policy still decides on every call."""

UNASKED = frozenset({"add_note", "send_verification_code", "check_verification_code"})
"""The tools that act without the customer's yes. The agent's lane has none of them unless a tenant grants it: a model that
reads strangers' texts must not be able to change anything by itself, not even a note that a colleague will believe."""


FLOW_ACTIONS: Mapping[str, frozenset[str]] = {
    "order_status": frozenset(),
    "refund_status": frozenset(),
    "cancel_order": frozenset({"cancel_order"}),
    "return_refund": frozenset({"issue_refund", "return_items"}),
    "change_address": frozenset({"change_order_address"}),
    "verify_identity": frozenset({"send_verification_code", "check_verification_code"}),
}
"""What each shipped flow may change; a flow may read what its lane may, and one that is not named here may use no tool."""


def _known_tool(name: str) -> str:
    if name not in READS | ACTIONS:
        raise ValueError(f"there is no tool called {name}")
    return name


def _known_action(name: str) -> str:
    if _known_tool(name) in READS:
        raise ValueError(f"{name} only reads, so it has no limit and no level of autonomy")
    return name


def _known_currency(code: str) -> str:
    if not is_currency(code):
        raise ValueError(f"there is no currency called {code}")
    return code


Tool = Annotated[str, AfterValidator(_known_tool)]
"""The name of a tool."""

Acting = Annotated[str, AfterValidator(_known_action)]
"""The name of a tool that changes something."""

Currency = Annotated[str, AfterValidator(_known_currency)]
"""An ISO 4217 code."""


class MoneyLimits(BaseModel):
    """The limits of one currency, in its minor units."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    one_vote_above: int = Field(default=50_000, ge=0)
    """More than this in one action needs one person's vote."""
    two_votes_above: int = Field(default=500_000, ge=0)
    """More than this in one action needs the votes of two people."""
    window_cap: int = Field(default=50_000, ge=0)
    """What one customer or payment method may get back within the window without anybody's vote."""
    tenant_day_cap: int = Field(default=500_000, ge=0)
    """What all customers together may get back on one day without anybody's vote."""

    @model_validator(mode="after")
    def _ordered(self) -> "MoneyLimits":
        if self.two_votes_above < self.one_vote_above:
            raise ValueError("two_votes_above must not be below one_vote_above")
        return self

    def alone_up_to(self, *, trusted: bool) -> int:
        """The most that one action may give back without a vote; a trusted tool is not held by the lower cap."""
        return min(self.two_votes_above if trusted else self.one_vote_above, self.window_cap, self.tenant_day_cap)


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("unknown time zone") from error
    return name


def _written_as_a_time(value: object) -> object:
    if isinstance(value, int | float):
        raise ValueError("a time of day is written as 09:00:00")
    return value


def _in_the_shops_zone(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError("a time of day has no zone of its own; `zone` says where it is")
    return value


TimeOfDay = Annotated[time, BeforeValidator(_written_as_a_time), AfterValidator(_in_the_shops_zone)]
"""A time on the clock of the tenant's own zone."""


class MoneyHours(BaseModel):
    """When money may move without a vote, in local time; `days` counts from Monday, 0."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    opens: TimeOfDay = time.min
    closes: TimeOfDay = time.max
    days: frozenset[Annotated[int, Field(ge=0, le=6, strict=True)]] = Field(default=frozenset(range(7)), min_length=1)

    @model_validator(mode="after")
    def _ordered(self) -> "MoneyHours":
        if self.opens >= self.closes:
            raise ValueError("closes must be later than opens, on the same day")
        return self

    def text(self) -> str:
        """The hours in words: `Mon, Tue 09:00-17:00 Europe/London`."""
        days = "every day" if len(self.days) == len(_DAYS) else ", ".join(_DAYS[day] for day in sorted(self.days))
        return f"{days} {self.opens:%H:%M}-{self.closes:%H:%M} {self.zone}"


class ToolLimit(BaseModel):
    """How often one tool may act within any 24 hours; None is no limit. Reads leave no action and are not counted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    customer_day: int | None = Field(default=20, ge=1)
    """Actions for one customer."""
    tenant_day: int | None = Field(default=None, ge=1)
    """Actions for all customers of the tenant."""


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_ANY_TOOL = ToolLimit()

_MOST_DAYS = 36_500
"""A hundred years: whoever means for ever needs no more, and no date that the rules work out leaves the calendar."""


def _granted() -> Mapping[Lane, frozenset[str]]:
    return {**dict.fromkeys(Lane, READS | ACTIONS), Lane.AGENT: (READS | ACTIONS) - UNASKED}


def _flows() -> Mapping[str, frozenset[str]]:
    return {flow: READS | actions for flow, actions in FLOW_ACTIONS.items()}


class Policy(BaseModel):
    """One tenant's numbers. A currency without limits needs a vote for every amount; a tool that is not granted is refused.

    `autonomy` is where tools start; an admin's word in the console or the API replaces it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    limits: Mapping[Currency, MoneyLimits] = Field(default_factory=lambda: {"USD": MoneyLimits()})
    window_days: int = Field(default=30, ge=1, le=_MOST_DAYS, strict=True)
    duplicate_days: int = Field(default=30, ge=0, le=_MOST_DAYS, strict=True)
    return_days: int = Field(default=30, ge=0, le=_MOST_DAYS, strict=True)
    cooldown_hours: int = Field(default=24, ge=0, le=24 * _MOST_DAYS, strict=True)
    actions_per_hour: int = Field(default=20, ge=1, strict=True)
    confirmation_hours: int = Field(default=48, ge=1, le=24 * _MOST_DAYS, strict=True)
    approval_hours: int = Field(default=72, ge=1, le=24 * _MOST_DAYS, strict=True)
    code_minutes: int = Field(default=10, ge=1, strict=True)
    """How long a verification code lives."""
    code_tries: int = Field(default=3, ge=1, strict=True)
    """How often a verification code may be tried."""
    codes_per_hour: int = Field(default=3, ge=1, strict=True)
    """How many codes one ticket may ask for within an hour."""
    codes_per_day: int = Field(default=5, ge=1, strict=True)
    """How many codes one account is sent within a day, whoever asks; what goes beyond is not sent, and nobody is told."""
    proof_minutes: int = Field(default=60, ge=1, strict=True)
    """How long further messages of the sender who typed the right code count as the customer's."""
    store_credit: bool = Field(default=True, strict=True)
    money_hours: MoneyHours | None = None
    granted: Mapping[Lane, frozenset[Tool]] = Field(default_factory=_granted)
    flows: Mapping[str, frozenset[Tool]] = Field(default_factory=_flows)
    verification: Mapping[Tool, Verification] = Field(default_factory=dict)
    tool_limits: Mapping[Acting, ToolLimit] = Field(default_factory=dict)
    autonomy: Mapping[Acting, Level] = Field(default_factory=dict)
    autonomy_streak: int = Field(default=20, ge=1, strict=True)
    """How many decisions of people in a row, all "as proposed", earn a tool the next level."""
    autonomy_days: int = Field(default=90, ge=1, le=_MOST_DAYS, strict=True)
    """How far back a tool's record is read."""

    @cached_property
    def version(self) -> str:
        """A short hash of the whole content: two policies with one version decide alike."""
        content = self.model_dump(mode="json")
        for part in ("granted", "flows"):
            content[part] = {name: sorted(names) for name, names in content[part].items()}
        if content["money_hours"]:
            content["money_hours"]["days"] = sorted(content["money_hours"]["days"])
        return hashlib.sha256(canonical(content).encode()).hexdigest()[:16]

    def level_of(self, tool: str) -> Level:
        """The level of autonomy at which a tool starts."""
        return self.autonomy.get(tool, Level.APPROVE_OVER_CAP)

    def tool_limit(self, tool: str) -> ToolLimit:
        """How often a tool may act; what holds for every tool that the tenant does not name."""
        return self.tool_limits.get(tool, _ANY_TOOL)

    def alone_up_to(self, level: Level) -> Mapping[str, int]:
        """What one action may give back without anybody's vote at a level, by currency in minor units."""
        if level in (Level.OBSERVE, Level.APPROVE_ALL):
            return dict.fromkeys(self.limits, 0)
        return {currency: limits.alone_up_to(trusted=level is Level.AUTO) for currency, limits in self.limits.items()}

    @property
    def window(self) -> timedelta:
        """How far back unapproved money counts."""
        return timedelta(days=self.window_days)
