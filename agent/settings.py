"""The numbers and names that one tenant's agent works with, handed over by the service."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.budget import StepLimits
from agent.prices import SHIPPED_PRICES, PriceTable
from tools.ports import Json
from workflows.ticket import Spending

DEFAULT_GRANT = Spending(steps=12, tokens=60_000, microusd=250_000, seconds=180, tool_calls=20)
"""What one ticket's agent may spend in the ticket's life."""


@dataclass(frozen=True, slots=True)
class LoopLimits:
    """When a run gives up. Sizes are bytes of JSON; `context` is the conversation without instructions and tools."""

    context: int = 48_000
    calls_per_reply: int = 8
    argument_bytes: int = 16_000
    bad_replies: int = 2
    tool_errors: int = 6
    backend_errors: int = 2
    lost_replies: int = 2
    same_result: int = 3
    stale_steps: int = 2


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """One tenant's agent.

    `key` is a secret that marks are made from. `allowed_hosts` are the only hosts a link in a reply may name, and
    `own_addresses` the merchant's e-mail addresses. `order_pattern` recognises order ids. `opening` are the reads
    made before the first question, when they are granted.
    """

    shop: str
    policy_text: str
    key: bytes = field(repr=False)
    granted: Spending = DEFAULT_GRANT
    prices: PriceTable = SHIPPED_PRICES
    allowed_hosts: frozenset[str] = frozenset()
    own_addresses: frozenset[str] = frozenset()
    order_pattern: str = r"#W\d{7}|D-\d{6}"
    opening: tuple[tuple[str, Mapping[str, Json]], ...] = (("get_customer", {}), ("find_orders", {}))
    step: StepLimits = field(default_factory=StepLimits)
    loop: LoopLimits = field(default_factory=LoopLimits)
