"""The flow that says where a customer's money is."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from tools.commerce import Order, OrderStatus
from tools.ports import ActionStatus, Json
from workflows.conversation import Moment
from workflows.outcome import Outcome
from workflows.reporting import ReportingConversation
from workflows.wording import date_text, money_text


class RefundStatusFlow(ReportingConversation):
    """Finds the order that money goes back on, and says what went where and what is still under way."""

    name = "refund_status"

    async def work(self, moment: Moment) -> Outcome:
        """Report on the orders that the text names, or on the one that a refund is about."""
        moment, orders = await self.the_orders(moment, "know about", _has_money_back)
        return await self.answer(moment, orders)

    async def report(self, moment: Moment, order: Order) -> Mapping[str, Json]:
        """What has gone back on an order, and what is still to come."""
        data = await self.read(moment, "get_refund_status", {"order_id": order.id}, step=f"refund_status:{order.id}")
        owed = data.get("owed")
        return {
            "order_id": order.id,
            "refunds": [_refund(refund) for refund in data["refunds"]],
            "waiting": _waiting(data["pending"]),
            "owed": money_text(owed) if owed else None,
            # A return stays on the order after its money has gone back. Nobody promised us the money of one that was made
            # elsewhere, so as long as nothing has gone back it is still to come.
            "returning": data["return"] is not None and not data["refunds"] and not owed,
        }


def _has_money_back(order: Order) -> bool:
    """Whether a question about a refund is likely to be about this order."""
    return order.refunded_minor > 0 or order.status in (OrderStatus.CANCELLED, OrderStatus.RETURN_REQUESTED)


def _refund(refund: Mapping[str, Json]) -> Mapping[str, Json]:
    at = refund.get("at")
    return {
        "amount": money_text(refund["amount"]),
        "method": _method(refund.get("method")),
        "on": date_text(datetime.fromisoformat(at)) if at else None,
    }


def _waiting(pending: Sequence[Mapping[str, Json]]) -> list[Mapping[str, Json]]:
    """The live actions that move money, and what each waits for."""
    return [
        {"amount": money_text(action["amount"]), "state": _state(action)} for action in pending if action["amount"] is not None
    ]


def _state(action: Mapping[str, Json]) -> str:
    if action["status"] != ActionStatus.PROPOSED:
        return "under_way"
    return "approval" if action["decision"] == "needs_approval" else "yes"


def _method(method: Mapping[str, Json] | None) -> str:
    """A payment method in words; the merchant may no longer know one that the customer has removed."""
    if method is None:
        return "the way you paid"
    if method["kind"] == "card":
        brand = str(method.get("brand") or "card").replace("_", " ").title()
        return f"{brand} ending {method['last4']}" if method.get("last4") else brand
    return "PayPal" if method["kind"] == "paypal" else "store credit"
