"""Money as integer minor units with a currency, and the number of digits that each currency has."""

from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from babel.core import UnknownLocaleError
from babel.numbers import format_currency, get_currency_precision, is_currency

_ISO_DIGITS = {
    **dict.fromkeys(("AFN", "ALL", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SLL", "SOS", "SYP", "YER"), 2),
    "IQD": 3,
}
"""Where ISO 4217, which says what a minor unit is, names more digits than people still write, which is what Babel knows."""


def digits_of(currency: str) -> int:
    """How many digits of a currency are minor units: 2 for USD, 0 for JPY."""
    return _ISO_DIGITS.get(currency) or get_currency_precision(currency)


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount of `amount_minor` minor units of an ISO 4217 `currency`; JPY has no minor digits, KWD has three."""

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount_minor, int) or isinstance(self.amount_minor, bool):
            raise TypeError("Money needs an integer number of minor units.")
        if not is_currency(self.currency):
            raise ValueError("Money needs an ISO 4217 currency code.")

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount_minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount_minor - self._same(other), self.currency)

    def __str__(self) -> str:
        return self.text()

    def text(self, locale: str = "en_US") -> str:
        """The amount as people of `locale` write it, for example `$19.99`; an unknown locale is written as en_US."""
        value = Decimal(self.amount_minor).scaleb(-digits_of(self.currency))
        write = partial(
            format_currency,
            value,
            self.currency,
            decimal_quantization=False,
            # Babel would leave the last zero out where people write no digits any more: RSD 19.9.
            currency_digits=self.currency not in _ISO_DIGITS,
        )
        try:
            return write(locale=locale)
        except (UnknownLocaleError, ValueError):
            return write(locale="en_US")

    def as_json(self) -> dict[str, int | str]:
        """The contract's shape: `{"amount_minor": int, "currency": str}`."""
        return {"amount_minor": self.amount_minor, "currency": self.currency}

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise ValueError("Amounts of two currencies cannot be added.")
        return other.amount_minor
