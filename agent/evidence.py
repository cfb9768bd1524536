"""What a run has seen, boiled down to what a draft may state: whose orders, what the shop's books say, which receipts exist."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from agent.observed import Proof
from tools.money import digits_of
from tools.ports import Json


class Kind(StrEnum):
    """The kinds of effect that a text can claim."""

    REFUND = "refund"
    CANCEL = "cancel"
    RETURN = "return"
    EXCHANGE = "exchange"
    CHANGE = "change"
    REPLACEMENT = "replacement"
    GIFT = "gift"
    HAND_OVER = "hand_over"


_BY_TOOL: dict[str, tuple[Kind, ...]] = {
    "issue_refund": (Kind.REFUND,),
    "cancel_order": (Kind.CANCEL,),
    "return_items": (Kind.RETURN,),
    "exchange_items": (Kind.EXCHANGE, Kind.CHANGE, Kind.REPLACEMENT),
    "change_order_items": (Kind.CHANGE, Kind.EXCHANGE),
    "change_order_payment": (Kind.CHANGE,),
    "change_order_address": (Kind.CHANGE,),
    "change_customer_address": (Kind.CHANGE,),
}
_BY_STATUS = {
    "cancelled": Kind.CANCEL,
    "return_requested": Kind.RETURN,
    "exchange_requested": Kind.EXCHANGE,
    "items_modified": Kind.CHANGE,
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One effect that is proven: its kind, its order when known, and the amount that moved with it."""

    kind: Kind
    order_id: str | None = None
    amount: Decimal | None = None


def facts_of(proofs: Iterable[Proof], seen: Iterable[Json]) -> frozenset[Fact]:
    """What the receipts prove, and what the shop's own books showed in tool results."""
    facts = {fact for proof in proofs for fact in _from_receipt(proof)}
    facts |= {fact for data in seen for record in records_in(data) for fact in _from_record(record)}
    return frozenset(facts)


def records_in(data: Json) -> Iterator[dict[str, Json]]:
    """Every object inside a JSON value, outermost first."""
    waiting = [data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting.extend(value.values())
        elif isinstance(value, (list, tuple)):
            waiting.extend(value)


def _from_receipt(proof: Proof) -> Iterator[Fact]:
    receipt = proof.receipt
    for kind in _BY_TOOL.get(proof.tool, ()):
        yield Fact(kind, proof.order_id, _amount(receipt.amount_minor, receipt.currency))
    # Only legs say that money has moved: an accepted return proves no refund.
    moved = sum(leg.amount_minor for leg in receipt.legs)
    if moved:
        yield Fact(Kind.REFUND, proof.order_id, _amount(moved, receipt.currency))
        yield from (Fact(Kind.REFUND, proof.order_id, _amount(leg.amount_minor, receipt.currency)) for leg in receipt.legs)


def _from_record(record: dict[str, Json]) -> Iterator[Fact]:
    """An order as `get_order` and `find_orders` show it, or the answer of `get_refund_status`."""
    order_id = record.get("order_id") or record.get("id")
    if not isinstance(order_id, str):
        return
    if kind := _BY_STATUS.get(str(record.get("status"))):
        yield Fact(kind, order_id)
    for payment in _objects(record.get("payments")):
        if payment.get("kind") == "refund":
            yield Fact(Kind.REFUND, order_id, _amount(payment.get("amount_minor"), record.get("currency")))
    for refund in _objects(record.get("refunds")):
        money = refund.get("amount")
        if isinstance(money, dict):
            yield Fact(Kind.REFUND, order_id, _amount(money.get("amount_minor"), money.get("currency")))
    if record.get("return"):
        yield Fact(Kind.RETURN, order_id)
    if record.get("exchange"):
        yield Fact(Kind.EXCHANGE, order_id)


def _objects(value: Json) -> Sequence[dict[str, Json]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _amount(minor: Json, currency: Json) -> Decimal | None:
    if not isinstance(minor, int) or not minor:
        return None
    digits = digits_of(currency) if isinstance(currency, str) else 2
    return Decimal(minor).scaleb(-digits).normalize()
