"""The arithmetic of money that goes back."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tools.commerce import Customer, Order
from tools.money import Money
from tools.money_back import allocate, destination_of, destination_text, leg_to, paid_by_method

ADDRESS = {"line1": "1 Main Street", "city": "Springfield", "postal_code": "62701", "country": "US"}
METHODS = ("pm_a", "pm_b", "pm_c")


def customer(*methods: str) -> Customer:
    """A customer with cards, and a store credit."""
    cards: list[dict[str, Any]] = [
        {"id": method, "kind": "card", "brand": "visa", "last4": "4242", "fingerprint": f"fp_{method}"} for method in methods
    ]
    cards.append({"id": "credit", "kind": "store_credit", "balance_minor": 0})
    name = {"first": "Ada", "last": "Test"}
    return Customer.model_validate(
        {"id": "cus_1", "email": "a@example.com", "name": name, "address": ADDRESS, "payment_methods": cards}
    )


def order(payments: list[tuple[str, str, int]]) -> Order:
    """An order with these movements of money."""
    listed = [
        {"id": f"p{place}", "kind": kind, "method_id": method, "amount_minor": amount}
        for place, (kind, method, amount) in enumerate(payments)
    ]
    return Order.model_validate(
        {"id": "D-1", "customer_id": "cus_1", "status": "delivered", "address": ADDRESS, "payments": listed}
    )


captures = st.lists(
    st.tuples(st.just("capture"), st.sampled_from(METHODS), st.integers(min_value=1, max_value=10**6)), min_size=1, max_size=5
)


@given(payments=captures, amount=st.integers(min_value=1, max_value=10**7), share=st.floats(min_value=0, max_value=1))
def test_a_refund_spreads_over_what_was_paid_and_loses_no_cent(
    payments: list[tuple[str, str, int]], amount: int, share: float
) -> None:
    first = payments[0]
    back = int(first[2] * share)
    bought = order([*payments, *([("refund", first[1], back)] if back else [])])
    legs = allocate(bought, customer(*METHODS), amount)
    left = paid_by_method(bought)
    assert sum(leg.amount_minor for leg in legs) == min(amount, bought.captured_minor - bought.refunded_minor)
    assert all(0 < leg.amount_minor <= left[leg.method_id] for leg in legs)  # type: ignore[index]
    assert len({leg.method_id for leg in legs}) == len(legs)
    assert destination_of(bought, customer(*METHODS), legs) in ("original", "none")


def test_money_returns_first_to_what_paid_first() -> None:
    bought = order([("capture", "pm_a", 1_000), ("capture", "pm_b", 2_000)])
    legs = allocate(bought, customer("pm_a", "pm_b"), 1_500)
    assert [(leg.method_id, leg.amount_minor, leg.fingerprint) for leg in legs] == [
        ("pm_a", 1_000, "fp_pm_a"),
        ("pm_b", 500, "fp_pm_b"),
    ]


def test_after_a_change_of_payment_only_the_new_method_is_refunded() -> None:
    changed = order([("capture", "pm_a", 1_000), ("capture", "pm_b", 1_000), ("refund", "pm_a", 1_000)])
    assert [(leg.method_id, leg.amount_minor) for leg in allocate(changed, customer("pm_a", "pm_b"), 9_999)] == [
        ("pm_b", 1_000)
    ]


def test_an_order_that_was_refunded_elsewhere_has_no_more_than_its_rest() -> None:
    bought = order([("capture", "pm_a", 1_000), ("refund", "credit", 400)])
    assert [leg.amount_minor for leg in allocate(bought, customer("pm_a"), 1_000)] == [600]


def test_purses_are_told_apart() -> None:
    bought, owner = order([("capture", "pm_a", 1_000)]), customer("pm_a", "pm_b")
    for method, purse in (("pm_a", "original"), ("credit", "store_credit"), ("pm_b", "own"), ("pm_x", "stranger")):
        assert destination_of(bought, owner, (leg_to(owner, method, 1),)) == purse
    assert destination_of(bought, owner, ()) == "none"


def test_a_card_that_was_removed_is_still_where_the_money_came_from() -> None:
    bought, owner = order([("capture", "pm_gone", 1_000)]), customer("pm_a")
    legs = allocate(bought, owner, 500)
    assert (destination_of(bought, owner, legs), legs[0].fingerprint) == ("original", None)
    assert destination_text(owner, legs) == "the original payment method"


def test_amounts_are_written_with_their_currencys_digits() -> None:
    written = [Money(1_999, currency).text() for currency in ("USD", "JPY", "KWD")]
    assert [text.replace("\xa0", "") for text in written] == ["$19.99", "¥1,999", "KWD1.999"]
