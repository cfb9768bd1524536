"""Whether an answer proves what it says: a receipt is held against what was asked for, and against the money as it stands."""

from dataclasses import dataclass

from tools.commerce import Order, Receipt
from tools.ports import Action, Effect
from tools.seen import refunded_before


def believable(action: Action, receipt: Receipt) -> bool:
    """Whether a receipt is about exactly what was asked for: an answer that is not is as good as none.

    All of the amount stands in the receipt, in its currency; its legs are all of it, or none of it when it follows later.
    """
    if not receipt.reference.strip():
        return False
    if action.effect is not Effect.MONEY:
        return True
    amount = action.money.amount_minor if action.money else 0
    if action.money and receipt.currency not in (None, action.money.currency):
        return False
    methods = {leg.method_id for leg in action.legs}
    known = all(leg.amount_minor > 0 and leg.method_id in methods for leg in receipt.legs)
    return known and receipt.amount_minor == amount and receipt.moved_minor in (0, amount)


@dataclass(frozen=True, slots=True)
class Reading:
    """The money of an order, read again after an effect; `surplus_minor` moved beyond what the receipt says.

    It is negative when less has moved than the receipt says.
    """

    receipt: Receipt
    surplus_minor: int

    @classmethod
    def of(cls, action: Action, receipt: Receipt, order: Order) -> "Reading":
        """Hold the receipt against the order as it stands now."""
        moved = order.refunded_minor - refunded_before(action.facts)
        surplus = moved - receipt.moved_minor
        after = {
            "captured_minor": order.captured_minor,
            "refunded_minor": order.refunded_minor,
            "status": order.status.value,
        }
        data = {**receipt.data, "order_after": after} | ({"surplus_minor": surplus} if surplus > 0 else {})
        return cls(receipt.model_copy(update={"data": data}), surplus)
