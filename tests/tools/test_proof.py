"""What the merchant's system answers is believed only when it is exactly what was asked for."""

from typing import Any

import pytest

from tests.tools.test_rules import AGREED
from tools.commerce import PaymentMethodId, Receipt, RefundLeg
from tools.proof import believable

PAID = Receipt(
    reference="R-1",
    kind="refund",
    amount_minor=999,
    currency="USD",
    legs=(RefundLeg(method_id=PaymentMethodId("pm_1"), amount_minor=999),),
)
"""The answer to a refund of 9.99 to one card, when all is well."""


def legs(*parts: tuple[str, int]) -> dict[str, Any]:
    """These legs in the place of the right one."""
    return {"legs": tuple(RefundLeg(method_id=PaymentMethodId(method), amount_minor=amount) for method, amount in parts)}


@pytest.mark.parametrize("answer", [{}, legs(), {"currency": None}, legs(("pm_1", 500), ("pm_1", 499))], ids=repr)
def test_money_that_went_where_it_should_or_follows_later_is_believed(answer: dict[str, Any]) -> None:
    assert believable(AGREED, PAID.model_copy(update=answer))


@pytest.mark.parametrize(
    "answer",
    [
        {"reference": " "},
        {"currency": "EUR"},
        {"amount_minor": 998},
        {"amount_minor": 1_000},
        legs(("pm_1", 998)),
        legs(("pm_1", 1_000)),
        legs(("pm_of_somebody_else", 999)),
        legs(("pm_1", 1_998), ("pm_1", -999)),
    ],
    ids=repr,
)
def test_an_answer_about_anything_else_proves_nothing(answer: dict[str, Any]) -> None:
    assert not believable(AGREED, PAID.model_copy(update=answer))
