"""What a model's tokens cost, in whole micro-USD, rounded up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal

from agent.model import Usage


class UnknownPrice(LookupError):
    """A model has no price, so no budget could hold it."""


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """USD per million tokens, which is micro-USD per token."""

    input: Decimal
    output: Decimal
    cache_write: Decimal
    cache_read: Decimal

    @property
    def dearest_input(self) -> Decimal:
        """The most that an input token can cost: whether it will be cached is the server's business."""
        return max(self.input, self.cache_write, self.cache_read)


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Prices by model id, as they were on `dated`."""

    dated: date
    models: Mapping[str, ModelPrice]

    def of(self, model: str) -> ModelPrice:
        """The model's price; raises `UnknownPrice`."""
        try:
            return self.models[model]
        except KeyError:
            raise UnknownPrice(model) from None

    def cost(self, model: str, usage: Usage) -> int:
        """What the tokens cost, in micro-USD."""
        price = self.of(model)
        return _whole(
            usage.input_tokens * price.input
            + usage.cache_creation_input_tokens * price.cache_write
            + usage.cache_read_input_tokens * price.cache_read
            + usage.output_tokens * price.output
        )

    def worst(self, models: Iterable[str], input_tokens: int, output_tokens: int) -> int:
        """The most that a request can cost whichever of the models answers, in micro-USD."""
        prices = [self.of(model) for model in models]
        return max(_whole(input_tokens * price.dearest_input + output_tokens * price.output) for price in prices)

    def output_within(self, models: Iterable[str], input_tokens: int, microusd: int) -> int:
        """How many output tokens `microusd` buys beside this input, whichever of the models answers; at least 0."""
        prices = [self.of(model) for model in models]
        return max(0, min(_bought(price, input_tokens, microusd) for price in prices))


def _bought(price: ModelPrice, input_tokens: int, microusd: int) -> int:
    left = microusd - _whole(input_tokens * price.dearest_input)
    # One micro-USD stays free for the rounding up of the sum.
    return int((left - 1) / price.output) if price.output else 1_000_000_000


def _whole(amount: Decimal) -> int:
    return int(amount.to_integral_value(ROUND_CEILING))


def _price(cost_in: str, cost_out: str) -> ModelPrice:
    # Writing the five-minute cache costs a quarter more than plain input, reading it a tenth.
    base = Decimal(cost_in)
    return ModelPrice(base, Decimal(cost_out), base * Decimal("1.25"), base * Decimal("0.1"))


SHIPPED_PRICES = PriceTable(
    date(2026, 11, 20),
    {
        "claude-haiku-5-5": _price("0.10", "0.50"),
        "claude-sonnet-5-5": _price("2", "10"),
        "claude-opus-5-5": _price("4", "20"),
        # The offline model costs nothing; it counts as the small model would, so that budgets and counters are real.
        "scripted": _price("0.10", "0.50"),
    },
)
"""List prices taken from public tables, unchecked against an invoice; a merchant's `deskrail.toml` overrides them."""
