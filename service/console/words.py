"""The words that people read for the service's closed lists; what has no entry is shown as it is, with spaces."""

from collections.abc import Mapping

STATUS: Mapping[str, str] = {
    "new": "New",
    "working": "At work",
    "waiting_customer": "Waits for the customer",
    "waiting_approval": "Waits for approval",
    "escalated": "With people",
    "resolved": "Resolved",
    "closed": "Closed",
}

LANE: Mapping[str, str] = {"workflow": "Flow", "agent": "Agent", "human": "Person"}

RISK: Mapping[str, str] = {"high": "High risk", "medium": "Medium risk", "low": "Low risk"}

AUTHOR: Mapping[str, str] = {
    "customer": "Customer",
    "bot": "Deskrail",
    "human": "Support",
    "note": "Internal note",
    "third_party": "Third party",
}

REASON: Mapping[str, str] = {
    "customer_asked": "Asked for a person",
    "low_confidence": "Not sure what they want",
    "out_of_scope": "Outside what we handle",
    "turn_limit": "Too many messages",
    "budget_exhausted": "Agent's budget is spent",
    "no_progress": "Going round in circles",
    "tool_failed": "A tool failed",
    "outcome_unknown": "Outcome unknown at the shop",
    "policy": "A rule leaves it to people",
    "guard": "A draft was held back",
    "model_unavailable": "The model did not answer",
    "model_not_configured": "No model is configured",
    "model_refused": "The model refused",
    "identity": "Sender not verified",
    "third_party": "Somebody else wrote",
    "taken_over": "Taken over by a person",
    "killed": "Stopped by a switch",
    "superseded": "Overtaken by new messages",
    "poison": "Failed again and again",
    "backend_unavailable": "The shop is away",
    "reversed": "Money came back to the shop",
    "paid_less": "Less goes back than promised",
}

VERIFICATION: Mapping[str, str] = {
    "none": "Sender not verified",
    "channel": "Verified by the help desk",
    "code": "Verified by code",
}

ACTION: Mapping[str, str] = {
    "proposed": "Proposed",
    "reserved": "Reserved",
    "sent": "Sent, no answer yet",
    "succeeded": "Done",
    "failed": "Failed",
    "unknown": "Outcome unknown",
    "refused": "Refused",
    "superseded": "Replaced",
    "expired": "Expired",
}

DECISION: Mapping[str, str] = {
    "allow": "Allowed",
    "deny": "Refused",
    "needs_confirmation": "Needs the customer's yes",
    "needs_approval": "Needs approval",
}

APPROVAL: Mapping[str, str] = {
    "pending": "Waits for votes",
    "approved": "Approved",
    "denied": "Denied",
    "expired": "Expired",
    "superseded": "Withdrawn",
    "used": "Approved and carried out",
}

EFFECT: Mapping[str, str] = {
    "WRITE": "Every change that moves no money",
    "MONEY": "Everything that moves money",
}

MODE: Mapping[str, str] = {
    "workflows_only": "Only flows work here by themselves; the agent is left out.",
    "read_only": "Read only: flows and the agent look things up and change nothing. People still can.",
}
"""What a mode other than the normal one means, for the banner."""

DELIVERY: Mapping[str, str] = {
    "pending": "Waits to be sent",
    "sending": "Being sent",
    "dead": "Could not be delivered",
    "note": "Held back: a person had the ticket",
}

LOOK: Mapping[str, str] = {
    "nothing": "The shop knows of nothing under this key",
    "working": "The shop is still working on it",
    "doubtful": "The shop's answer does not prove it",
    "unreachable": "The shop gave no answer",
}
"""What a look at an action whose outcome is not known has said."""

TOOL: Mapping[str, str] = {
    "issue_refund": "Refund",
    "cancel_order": "Cancel order",
    "return_items": "Return",
    "exchange_items": "Exchange",
    "change_order_items": "Change items",
    "change_order_payment": "Change payment",
    "change_order_address": "Change delivery address",
    "change_customer_address": "Change customer address",
    "add_note": "Note in the shop",
    "find_orders": "Look up orders",
    "get_order": "Look up order",
    "get_customer": "Look up customer",
    "get_product": "Look up product",
    "track_shipment": "Track shipment",
    "search_articles": "Search articles",
    "get_refund_status": "Look up refund",
    "escalate": "Ask for a person",
    "send_verification_code": "Send a code",
    "check_verification_code": "Check a code",
}

ENDING: Mapping[str, str] = {
    "Reply": "The agent answers",
    "AskCustomer": "The agent asks the customer",
    "AwaitApproval": "The agent waits for approval",
    "Escalate": "The agent asks for a person",
}
"""How an agent's run ends by itself; whatever else ends one has stopped it."""

INTENT: Mapping[str, str] = {"return_refund": "Return or refund", "human_please": "A person, please"}
"""Intents, and the flows that are named like them, whose names alone do not read well."""

FACT: Mapping[str, str] = {
    "order_id": "Order",
    "order_status": "Order status",
    "captured": "Paid",
    "refunded": "Refunded so far",
    "promised": "Promised for goods on their way back",
    "amount": "This amount",
    "destination": "Goes to",
    "reason": "Reason",
    "items": "Items",
    "window": "Refunded in the window",
    "from_address": "From",
    "address": "To",
    "customer_id": "Customer",
}

ARGUMENT: Mapping[str, str] = {
    "item_ids": "Items",
    "new_item_ids": "Swap",
    "payment_method_id": "Payment method",
    "refund_to": "Money goes to",
    "line1": "Street and number",
    "line2": "Second line",
    "region": "State or region",
}

TONE: Mapping[str, str] = {
    # Statuses of tickets, actions, approvals and orders, each with the colour that goes beside its word.
    "new": "info",
    "working": "info",
    "waiting_customer": "quiet",
    "waiting_approval": "warn",
    "escalated": "warn",
    "resolved": "good",
    "closed": "quiet",
    "proposed": "warn",
    "reserved": "info",
    "sent": "info",
    "succeeded": "good",
    "failed": "bad",
    "unknown": "bad",
    "refused": "bad",
    "superseded": "quiet",
    "expired": "quiet",
    "pending": "warn",
    "approved": "good",
    "denied": "bad",
    "used": "good",
    "high": "bad",
    "medium": "warn",
    "low": "quiet",
    "none": "bad",
    "channel": "good",
    "code": "good",
    "dead": "bad",
    "observe": "warn",
    "approve_all": "warn",
    "approve_over_cap": "info",
    "auto": "good",
    "workflow": "info",
    "agent": "violet",
    "human": "warn",
    "delivered": "good",
    "cancelled": "quiet",
}


def words(value: str) -> str:
    """A machine's word with spaces and a capital: `order_status` as `Order status`."""
    if value in INTENT:
        return INTENT[value]
    text = value.replace("_", " ").replace(".", ": ")
    return text[:1].upper() + text[1:]


def switched(scope: str, name: str) -> str:
    """What a kill switch stops."""
    match scope:
        case "tenant":
            return "Everything"
        case "effect":
            return EFFECT.get(name, name)
        case _:
            return f"{words(scope)} {words(name).lower()}"


def named(names: Mapping[str, str], value: str) -> str:
    """The people's word for a value of a closed list."""
    return names.get(value) or words(value)
