"""Amounts in words: a minor unit is what ISO 4217 says, also where nobody writes it any more."""

import pytest
from babel.numbers import list_currencies

from tools.money import Money, digits_of


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1_999, "USD", "$19.99"),
        (1_990, "USD", "$19.90"),
        (1_999, "JPY", "¥1,999"),
        (1_999, "KWD", "KWD1.999"),
        (199_900, "RSD", "RSD1,999.00"),
        (199_950, "RSD", "RSD1,999.50"),
        (250_000, "IQD", "IQD250.00"),
    ],
)
def test_nobody_is_shown_a_hundred_times_the_amount(amount: int, currency: str, text: str) -> None:
    assert Money(amount, currency).text().replace("\N{NO-BREAK SPACE}", "") == text


def test_an_amount_in_any_currency_can_be_written() -> None:
    for currency in list_currencies():
        assert digits_of(currency) in range(5)
        assert Money(123_456, currency).text()
