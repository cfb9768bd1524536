"""`I was charged twice`: compare what was captured, and propose money back only where the books show it."""

from collections import Counter

from agent.offline.moves import Move, Say, hand_over, use
from agent.offline.orders import day_text, meant_order, money_text
from agent.offline.view import View
from tools.money import Money
from tools.ports import Json


def charged_twice(view: View) -> Move:
    """Look the order up; propose the duplicate's amount when there is one, else explain what was paid."""
    if not view.orders:
        if view.called("find_orders"):
            return hand_over(view, "identity", "The customer's account shows no orders.")
        return use(("find_orders", {}))
    refused = [seen for seen in view.called("issue_refund") if not seen.ok]
    if refused:
        return hand_over(view, "policy", f"A refund of the double charge was refused: {refused[-1].message}")
    doubled = [order for order in view.orders if duplicate_of(order) is not None]
    order = meant_order(view) or (doubled[0] if doubled else view.orders[0])
    if not any(seen.args.get("order_id") == order["id"] for seen in view.called("get_order")):
        return use(("get_order", {"order_id": order["id"]}))
    duplicate = duplicate_of(order)
    if duplicate is None:
        return Say(_explained(order))
    wanted = {"amount_minor": duplicate, "currency": order.get("currency", "USD"), "reason": "duplicate_charge"}
    return use(("issue_refund", {"order_id": order["id"], **wanted}))


def duplicate_of(order: dict[str, Json]) -> int | None:
    """The amount that one method paid twice and that is more than the items cost and not yet back; None when there is none."""
    captures = [payment for payment in order["payments"] if payment["kind"] == "capture"]
    kept = sum(payment["amount_minor"] * (1 if payment["kind"] == "capture" else -1) for payment in order["payments"])
    price = sum(item["price_minor"] for item in order.get("items") or ())
    times = Counter((payment["method_id"], payment["amount_minor"]) for payment in captures)
    twice = sorted(amount for (_, amount), count in times.items() if count > 1 and price > 0 and kept - amount >= price)
    return twice[-1] if twice else None


def money_back_text(data: dict[str, Json]) -> str:
    """What has gone back and where to, from an ended action's data; nothing when no money has moved yet."""
    amount = data.get("amount")
    if not isinstance(amount, dict) or not data.get("moved_minor"):
        return ""
    money = Money(data["moved_minor"], amount["currency"]).text()
    return f" I have refunded {money} to {data.get('destination') or 'the payment method that you paid with'}."


def _explained(order: dict[str, Json]) -> str:
    said = [f"I looked at the payments of order {order['id']}."]
    for payment in order["payments"]:
        verb = "was paid" if payment["kind"] == "capture" else "went back to you"
        said.append(f"{money_text(order, payment['amount_minor'])} {verb}{day_text(payment.get('at'))}.")
    said.append(
        "I see no second charge there. Your bank may show a reservation beside the payment; it disappears by itself within "
        "some days. If both are still there after a week, write to us with the two lines of your statement."
    )
    return " ".join(said)
