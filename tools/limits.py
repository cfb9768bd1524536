"""The policy of one tenant: every number that the rules use, in one frozen value with a version."""

import hashlib
from collections.abc import Mapping
from datetime import time, timedelta
from functools import cached_property
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.numbers import is_currency
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

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
    }
)
"""The tools that change something; the policy still decides on every call."""

UNASKED = frozenset({"add_note"})
"""The tools that act without the customer's yes. The agent's lane has none of them unless a tenant grants it: a model that
reads strangers' texts must not be able to change anything by itself, not even a note that a colleague will believe."""


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


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("unknown time zone") from error
    return name


class MoneyHours(BaseModel):
    """When money may move without a vote, in local time; `days` counts from Monday, 0."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    opens: time = time(0, 0)
    closes: time = time(23, 59, 59)
    days: frozenset[Annotated[int, Field(ge=0, le=6)]] = frozenset(range(7))


def _granted() -> Mapping[Lane, frozenset[str]]:
    return {**dict.fromkeys(Lane, READS | ACTIONS), Lane.AGENT: (READS | ACTIONS) - UNASKED}


class Policy(BaseModel):
    """One tenant's numbers. A currency without limits needs a vote for every amount; a tool that is not granted is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    limits: Mapping[str, MoneyLimits] = Field(default_factory=lambda: {"USD": MoneyLimits()})
    window_days: int = Field(default=30, ge=1)
    duplicate_days: int = Field(default=30, ge=0)
    return_days: int = Field(default=30, ge=0)
    cooldown_hours: int = Field(default=24, ge=0)
    actions_per_hour: int = Field(default=20, ge=1)
    confirmation_hours: int = Field(default=48, ge=1)
    approval_hours: int = Field(default=72, ge=1)
    store_credit: bool = True
    money_hours: MoneyHours | None = None
    granted: Mapping[Lane, frozenset[str]] = Field(default_factory=_granted)
    verification: Mapping[str, Verification] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_are_known(self) -> "Policy":
        named = {*self.verification, *(name for names in self.granted.values() for name in names)}
        if unknown := sorted(named - READS - ACTIONS):
            raise ValueError(f"there is no tool called {', '.join(unknown)}")
        if foreign := sorted(code for code in self.limits if not is_currency(code)):
            raise ValueError(f"there is no currency called {', '.join(foreign)}")
        return self

    @cached_property
    def version(self) -> str:
        """A short hash of the whole content: two policies with one version decide alike."""
        content = self.model_dump(mode="json")
        content["granted"] = {lane: sorted(names) for lane, names in content["granted"].items()}
        if content["money_hours"]:
            content["money_hours"]["days"] = sorted(content["money_hours"]["days"])
        return hashlib.sha256(canonical(content).encode()).hexdigest()[:16]

    @property
    def window(self) -> timedelta:
        """How far back unapproved money counts."""
        return timedelta(days=self.window_days)
