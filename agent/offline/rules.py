"""The offline model's rules, first match first: which kind of ticket it is, and the next move on it."""

import re
from collections.abc import Callable

from agent.handoff import WHY
from agent.offline.moves import Move, Say, hand_over, use
from agent.offline.orders import day_text, meant_order, money_text, parcel_text, state_text
from agent.offline.payments import charged_twice, money_back_text
from agent.offline.questions import article, product
from agent.offline.view import View
from workflows.outcome import Reason

Rule = Callable[[View], Move]


def next_move(view: View) -> Move:
    """What to do now."""
    if view.ended is not None:
        return _tell_the_end(view)
    if view.remarks:
        return hand_over(view, "low_confidence", "The draft answer could not be sent as it was.")
    if view.why == WHY[Reason.NO_PROGRESS]:
        # The wish is known and still open; an answer to the last words alone would lose it.
        return hand_over(view, "no_progress", WHY[Reason.NO_PROGRESS])
    for words, rule in _RULES:
        if words.search(view.text.lower()):
            return rule(view)
    unclear = view.why == WHY[Reason.LOW_CONFIDENCE]
    return hand_over(view, "low_confidence" if unclear else "out_of_scope", "No rule fits this request.")


def _tell_the_end(view: View) -> Move:
    """After a yes or votes: say how the action ended."""
    ended = view.ended
    if ended is None or not ended.ok:
        why = ended.message if ended else ""
        return Say(f"I am sorry, this could not be done. {why}".strip())
    data = ended.data or {}
    return Say(
        f"{_DONE.get(ended.tool, 'It is done.')}{money_back_text(data)} The reference is {data.get('receipt', 'on file')}."
    )


def _ask_for_a_person(view: View) -> Move:
    return hand_over(view, "customer_asked", "The customer wants to speak to a person.")


def _swap(view: View) -> Move:
    orders = ", ".join(f"{order['id']} ({order['status']})" for order in view.orders[:5]) or "not looked up"
    return hand_over(view, "out_of_scope", f"An exchange or a change is wanted. The customer's newest orders: {orders}.")


def _two_statuses(view: View) -> Move:
    """Where is it, and where is my money: both in one answer."""
    if not view.orders:
        return _first_the_orders(view)
    order = meant_order(view, ("shipped", "processed", "pending", "delivered"))
    if order is None:
        return _which_order(view)
    if not view.called("get_refund_status"):
        return use(("get_order", {"order_id": order["id"]}), ("get_refund_status", {"order_id": order["id"]}))
    status = view.called("get_refund_status")[-1]
    refunds = (status.data or {}).get("refunds") or [] if status.ok else []
    paid = [
        f"{money_text(order, refund['amount']['amount_minor'])} went back{day_text(refund.get('at'))}." for refund in refunds
    ]
    back = " ".join(paid) or f"No refund has been made on order {order['id']} so far."
    return Say(f"Hello, thank you for asking. {state_text(order)} {back}")


def _delivery(view: View) -> Move:
    """Look the order and its parcels up, then explain what the carrier says; what it cannot explain goes to a person."""
    if not view.orders:
        return _first_the_orders(view)
    order = meant_order(view, ("shipped", "delivered"))
    if order is None:
        return _which_order(view)
    parcels = order.get("shipments") or []
    if not view.called("get_order"):
        tracked = [("track_shipment", {"tracking_id": parcel["tracking_id"]}) for parcel in parcels[:3]]
        return use(("get_order", {"order_id": order["id"]}), *tracked)
    shown = [parcel_text(parcel) for parcel in view.shipments]
    if not shown:
        return Say(
            f"I am sorry for the wait. {state_text(order)} The tracking number follows by e-mail when the carrier has it."
        )
    if order["status"] == "delivered":
        found = f"{state_text(order)} {' '.join(shown)} The customer says that something is wrong with it."
        return hand_over(view, "policy", found)
    if _WANTS_REMEDY.search(view.text.lower()):
        found = f"{state_text(order)} {' '.join(shown)} The customer wants more than news of it."
        return hand_over(view, "policy", found)
    return Say(f"I am sorry for the trouble with this parcel. {state_text(order)} {' '.join(shown)}")


def _first_the_orders(view: View) -> Move:
    if view.called("find_orders"):
        return hand_over(view, "identity", "The customer's account shows no orders.")
    return use(("find_orders", {}))


def _which_order(view: View) -> Move:
    listed = ", ".join(order["id"] for order in view.orders[:5])
    return Say(f"Thank you for writing. Which of your orders is this about: {listed}?")


_WANTS_REMEDY = re.compile(
    r"\b(?:refund(?:ed)?|money back|replacement|replace|resend|send (?:me )?(?:a )?new|stop|intercept)\b"
)

_DONE = {
    "issue_refund": "It is done.",
    "cancel_order": "The order is cancelled.",
    "return_items": "The return is arranged.",
}

_RULES: tuple[tuple[re.Pattern[str], Rule], ...] = (
    (re.compile(r"\b(?:human|real person|a person|someone real|supervisor|manager|agent)\b"), _ask_for_a_person),
    (
        re.compile(
            r"\b(?:charged|billed|paid|debited)\b.{0,40}\b(?:twice|two times|double|again)\b|\bdouble.?charge|\btwo charges\b"
        ),
        charged_twice,
    ),
    (re.compile(r"\b(?:exchange|swap|different size|other size|another size|wrong size|change (?:my|the|an?) )"), _swap),
    (
        re.compile(
            r"(?s)\bwhere\b.*\brefund|\brefund\b.*\bwhere\b|\bstatus\b.*\brefund|\brefund\b.*\b(?:status|arriv|deliver|track)"
        ),
        _two_statuses,
    ),
    (re.compile(r"\b(?:parcel|package|tracking|courier|carrier|deliver(?:y|ed)?|shipment|arrived?|lost|stuck)\b"), _delivery),
    (re.compile(r"\b(?:available|in stock|how much|price|sizes?|colou?rs?|variants?|comes? in)\b"), product),
    (
        re.compile(
            r"\b(?:invoice|receipt|vat|warranty|guarantee|how (?:do|can|long)|what is|do you|can i|policy|manual|care)\b|\?"
        ),
        article,
    ),
)
