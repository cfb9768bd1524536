"""What the generated reference shows: one refund, from the ticket to the approval."""

from typing import Any

from tools.autonomy import MEANING, Level
from tools.ports import Json

ACTION: dict[str, Json] = {
    "id": "act_4f0c2a9d1e7b3c5d6f8a9b0c1d",
    "ticket_id": "tkt_9f3c1b2a4d5e6f708192a3b4c5",
    "tool": "issue_refund",
    "effect": "MONEY",
    "args": {"order_id": "D-100001", "amount_minor": 1999, "currency": "USD", "reason": "damaged"},
    "decision": "allow",
    "rule": None,
    "policy_version": "2026-11-20",
    "status": "succeeded",
    "code": None,
    "amount": {"amount_minor": 1999, "currency": "USD"},
    "idempotency_key": "b1946ac92492d2347c6235b4d2611184b1946ac92492d2347c6235b4d2611184",
    "receipt": "rf_100001_1",
    "sent_at": "2026-11-20T10:00:01Z",
    "job": None,
    "looks": [],
}

SETTLEMENT: dict[str, Json] = {
    "outcome": "happened",
    "reference": "rf_100001_1",
    "reason": "The payment provider's own list shows it.",
}

NEW_ACTION: dict[str, Json] = {"tool": ACTION["tool"], "args": ACTION["args"], "customer_confirmed": True}

CALL: dict[str, Json] = {**ACTION, "data": {"receipt": "rf_100001_1", "amount": ACTION["amount"]}}

MESSAGE: dict[str, Json] = {
    "id": "msg_0a1b2c3d4e5f60718293a4b5c6",
    "external_id": "m-1",
    "author": "customer",
    "text": "The mug from order D-100001 arrived broken.",
    "sent_at": "2026-11-20T09:59:58Z",
}

APPROVAL: dict[str, Json] = {
    "id": "apr_7d6c5b4a392817060f1e2d3c4b",
    "action": {**ACTION, "decision": "needs_approval", "rule": "refund.per_call_cap", "status": "proposed", "receipt": None},
    "facts": {"captured_minor": 64900, "refunded_minor": 0, "destination": "Visa ending in 4242"},
    "rule": "refund.per_call_cap",
    "votes_needed": 1,
    "votes": [],
    "digest": "9a0364b9e99bb480dd25e1f0284c8555f0d3c9d3a5b6c7d8e9fa0b1c2d3e4f50",
    "expires_at": "2026-11-23T10:00:00Z",
    "state": "pending",
}

DECISION: dict[str, Json] = {"decision": "approve", "reason": "The photo shows the damage.", "digest": APPROVAL["digest"]}

ESCALATION: dict[str, Json] = {
    "id": "esc_1c2d3e4f5a6b7c8d9e0f1a2b3c",
    "ticket_id": ACTION["ticket_id"],
    "reason": "customer_asked",
    "brief": {"why": "The customer asked for a person.", "wants": ["Please let me talk to somebody."], "done": [], "open": []},
    "state": "open",
    "owner": None,
    "due_at": "2026-11-20T12:00:00Z",
    "risk": "medium",
}

TICKET: dict[str, Json] = {
    "id": ACTION["ticket_id"],
    "external_id": "T-1001",
    "tenant": "default",
    "subject": "Broken mug",
    "channel": "email",
    "status": "resolved",
    "lane": "workflow",
    "owner": None,
    "flow": "return_refund",
    "state": "refunded",
    "intent": "return_refund",
    "confidence": 0.98,
    "route_reason": "The classifier is sure.",
    "language": "en",
    "version": 7,
    "customer": {"id": "cst_5e6f708192a3b4c5d6e7f80910", "external_id": "cus_1", "verification": "channel"},
    "messages": [MESSAGE],
    "question": None,
    "actions": [ACTION],
    "approvals": [],
    "escalation": None,
    "budget": {"spent": {}, "granted": {"steps": 12, "tokens": 60000, "microusd": 250000, "seconds": 180, "tool_calls": 20}},
    "cost_microusd": 0,
    "created_at": "2026-11-20T10:00:00Z",
    "updated_at": "2026-11-20T10:00:02Z",
    "due_at": None,
}

ENTRY: dict[str, Json] = {
    "seq": 4,
    "at": "2026-11-20T10:00:01Z",
    "kind": "action.succeeded",
    "actor": "bot",
    "turn": 1,
    "data": {"action_id": ACTION["id"], "tool": "issue_refund"},
    "hash": "5d41402abc4b2a76b9719d911017c5925d41402abc4b2a76b9719d911017c592",
}

SWITCH: dict[str, Json] = {
    "scope": "tool",
    "name": "issue_refund",
    "on": True,
    "reason": "The shop's system answers twice.",
    "by": "person:per_6f1c2a",
    "at": "2026-11-20T10:00:00Z",
    "in_flight": [
        {
            "id": ACTION["id"],
            "ticket_id": ACTION["ticket_id"],
            "tool": "issue_refund",
            "status": "sent",
            "status_now": "succeeded",
        }
    ],
}

AUTONOMY: dict[str, Json] = {
    "tool": "issue_refund",
    "level": "approve_all",
    "meaning": MEANING[Level.APPROVE_ALL],
    "default": "approve_over_cap",
    "reason": "Two wrong refunds on Friday.",
    "by": "person:per_2b3c4d5e6f708192a3b4c5d6e7",
    "at": "2026-11-20T10:00:00Z",
    "alone_up_to": [{"amount_minor": 0, "currency": "USD"}],
    "record": {
        "days": 90,
        "as_proposed": 20,
        "changed": 1,
        "denied": 2,
        "reversed": 0,
        "alone": 114,
        "waiting": 1,
        "streak": 20,
    },
    "proposed": "approve_over_cap",
    "why": "People approved the last 20 as proposed, and nothing was reversed.",
}

TOOL: dict[str, Json] = {
    "name": "issue_refund",
    "description": "Send money back for an order.",
    "effect": "MONEY",
    "idempotent": False,
    "retry": "keyed",
    "timeout_seconds": 10.0,
    "verification": "channel",
    "input_schema": {"type": "object", "properties": {"order_id": {"type": "string"}}},
    "lanes": ["workflow", "agent", "human"],
    "flows": ["return_refund"],
    "autonomy": "approve_over_cap",
    "limits": {"customer_day": 20, "tenant_day": None},
    "rules": [
        {
            "order": 19,
            "name": "refund.per_call_cap",
            "kind": "asks people",
            "sentence": "Larger amounts are approved by people.",
            "number": "$500.00 one vote; $5,000.00 two votes",
        }
    ],
}


def page(item: Json) -> dict[str, Json]:
    """A list with one item."""
    return {"items": [item], "next_cursor": None}


def shows(example: Json, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route, with an example of its answer."""
    return {status: {"content": {"application/json": {"example": example}}}}
