"""Whatever is asked for, in any order, an order never gives back more than it took, and store credit never goes below zero."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from tests.tools.shop.small import CARD, CREDIT, DELIVERED, FIRST_MUG, LAMP, PAYPAL, PENDING, SECOND_MUG, SMALL_SHOP, leg
from tools.backends.shop import goods, payments
from tools.backends.shop.data import check
from tools.backends.shop.facts import Change, Facts
from tools.errors import BackendRefused

_DATA = check(SMALL_SHOP)
_ADA = _DATA.customers[0]
_ORDERS = {order.id: order for order in _DATA.orders}
_PRODUCTS = {product.id: product for product in _DATA.products}

_methods = st.sampled_from([CARD, PAYPAL, CREDIT])
_legs = st.lists(st.builds(leg, _methods, st.integers(-10, 11_000)), max_size=3)
_lines = st.lists(st.sampled_from([FIRST_MUG, SECOND_MUG, LAMP]), max_size=3)
_new = st.lists(st.sampled_from(["mug-red", "mug-plain", "mug-gold", "lamp-black"]), max_size=3)
_steps = st.lists(
    st.one_of(
        st.tuples(st.just("refund"), _legs),
        st.tuples(st.just("cancel"), st.none()),
        st.tuples(st.just("payment"), _methods),
        st.tuples(st.just("change"), st.tuples(_lines, _new, _methods)),
        st.tuples(st.just("exchange"), st.tuples(_lines, _new, _methods)),
        st.tuples(st.just("return"), st.tuples(_lines, _methods, st.sampled_from(["at_request", "on_arrival"]))),
        st.tuples(st.just("arrival"), st.none()),
    ),
    max_size=8,
)


def _apply(facts: Facts, kind: str, given_: object) -> Change:
    match kind, given_:
        case "refund", list(legs):
            return payments.refund(facts, legs, "late", facts.order.refunded_minor)
        case "cancel", _:
            return payments.cancel(facts, "no_longer_needed")
        case "payment", str(method):
            return payments.change_payment(facts, CARD if method == CARD else PAYPAL if method == PAYPAL else CREDIT)
        case "change", (lines, new, method):
            return goods.change_items(facts, lines, new, method, _dearer_by(facts, lines, new))
        case "exchange", (lines, new, method):
            return goods.exchange_items(facts, lines, new, method, _dearer_by(facts, lines, new))
        case "return", (lines, method, pay):
            return goods.return_items(facts, lines, method, pay)
        case _:
            return goods.settle_arrival(facts, "on_arrival")


def _dearer_by(facts: Facts, lines: list[str], new: list[str]) -> int:
    prices = {variant.id: variant.price_minor for product in _PRODUCTS.values() for variant in product.variants}
    paid: dict[str, int] = {line.id: line.price_minor for line in facts.order.items}
    return sum(prices[variant] for variant in new) - sum(paid.get(line, 0) for line in lines)


def _store_credit(facts: Facts) -> int:
    balance = next(m.balance_minor for m in facts.customer.payment_methods if m.id == CREDIT)
    assert balance is not None
    return balance


def _net_paid_from(facts: Facts, method: str) -> int:
    return sum(
        p.amount_minor if p.kind == "capture" else -p.amount_minor for p in facts.order.payments if p.method_id == method
    )


@given(start=st.sampled_from([PENDING, DELIVERED]), steps=_steps)
def test_money_is_conserved(start: str, steps: list[tuple[str, object]]) -> None:
    order = next(order for order_id, order in _ORDERS.items() if order_id == start)
    facts = Facts(_ADA, "R-0", datetime(2026, 11, 20, tzinfo=UTC), order, _PRODUCTS)
    credit_at_start, net_at_start = _store_credit(facts), _net_paid_from(facts, CREDIT)
    for number, (kind, given_) in enumerate(steps):
        try:
            change = _apply(facts, kind, given_)
        except BackendRefused:
            continue
        before = facts
        facts = Facts(change.customer or facts.customer, f"R-{number}", facts.at, change.order or facts.order, _PRODUCTS)
        moved = facts.order.refunded_minor - before.order.refunded_minor
        assert 0 <= facts.order.refunded_minor <= facts.order.captured_minor
        assert _store_credit(facts) >= 0
        # What the order took from the store credit is exactly what is missing there.
        assert credit_at_start - _store_credit(facts) == _net_paid_from(facts, CREDIT) - net_at_start
        assert kind == "payment" or sum(part.amount_minor for part in change.legs) == moved
        assert len({payment.id for payment in facts.order.payments}) == len(facts.order.payments)
