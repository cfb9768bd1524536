"""The only writer of escalations: a case for people with a reason, a brief from the database, a risk and a due time.

The brief needs no model: what the customer wants in their own words, what was done with receipts, and what is open.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from service import ids
from service.settings import Sla
from service.store import action_rows, cases
from service.store.database import Connection
from service.store.journal import Entry
from tools.ports import Action, ActionStatus, Json
from workflows.outcome import Reason
from workflows.urgent_words import is_urgent

Risk = Literal["low", "medium", "high"]

WANTS_MESSAGES = 3
WANTS_CHARACTERS = 600
"""How many of the customer's last messages the brief quotes, and how much of each; the ticket has all of them."""

_HIGH = {Reason.OUTCOME_UNKNOWN, Reason.REVERSED, Reason.GUARD, Reason.POISON, Reason.KILLED}
_LOW = {Reason.OUT_OF_SCOPE, Reason.LOW_CONFIDENCE, Reason.TURN_LIMIT}

SENTENCES: dict[Reason, str] = {
    Reason.CUSTOMER_ASKED: "The customer asked for a person.",
    Reason.LOW_CONFIDENCE: "We were not sure what the customer wants.",
    Reason.OUT_OF_SCOPE: "This is about something that neither the flows nor the agent handle.",
    Reason.TURN_LIMIT: "The conversation has gone on for too many messages.",
    Reason.BUDGET_EXHAUSTED: "The agent has used up this ticket's budget.",
    Reason.NO_PROGRESS: "The conversation was going round in circles.",
    Reason.TOOL_FAILED: "A tool failed more than once.",
    Reason.OUTCOME_UNKNOWN: "The shop's system did not say whether an action happened.",
    Reason.POLICY: "A rule of the policy leaves this to a person.",
    Reason.GUARD: "A draft reply claimed something that has no receipt, or held what it must not.",
    Reason.MODEL_UNAVAILABLE: "The model did not answer.",
    Reason.MODEL_NOT_CONFIGURED: "No model with a key and a price is configured for the agent.",
    Reason.MODEL_REFUSED: "The model refused to work on this.",
    Reason.IDENTITY: "Nobody vouches for the sender, so nothing about an account may be said.",
    Reason.THIRD_PARTY: "Somebody other than the customer wrote on this ticket.",
    Reason.TAKEN_OVER: "A person took the ticket over.",
    Reason.KILLED: "A kill switch stopped the work.",
    Reason.SUPERSEDED: "The customer's messages kept overtaking the work on them.",
    Reason.POISON: "Working on this ticket failed again and again.",
    Reason.BACKEND_UNAVAILABLE: "The shop's system cannot be reached.",
    Reason.REVERSED: "The shop's system reported that something it had accepted or done has come to nothing.",
    Reason.PAID_LESS: "Less money goes back to the customer than was promised.",
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A case that is open now, and whether this call opened it."""

    id: str
    new: bool
    risk: str
    due_at: datetime


async def open_case(
    conn: Connection, ticket: Any, reason: Reason, summary: str, now: datetime, sla: Sla, owner: str | None = None
) -> tuple[Opened, list[Entry]]:
    """Open the ticket's case, or find the live one; the caller holds the ticket's lock and writes the entries."""
    live = await cases.live(conn, ticket.id)
    if live:
        return Opened(live.id, new=False, risk=live.risk, due_at=live.due_at), []
    actions = await action_rows.of_ticket(conn, ticket.id)
    words = await cases.last_words(conn, ticket.id, WANTS_MESSAGES)
    risk = risk_of(reason, actions, words)
    due_at = now + timedelta(minutes={"high": sla.high, "medium": sla.medium, "low": sla.low}[risk])
    case_id = ids.new("esc")
    await cases.add(
        conn,
        id=case_id,
        tenant=ticket.tenant,
        ticket_id=ticket.id,
        reason=reason,
        brief=_brief(reason, summary, words, actions),
        state="claimed" if owner else "open",
        risk=risk,
        owner=owner,
        claimed_at=now if owner else None,
        due_at=due_at,
        created_at=now,
    )
    actor = f"person:{owner}" if owner else "system"
    return Opened(case_id, new=True, risk=risk, due_at=due_at), [
        Entry("ticket.escalated", actor, {"escalation_id": case_id, "reason": reason, "risk": risk})
    ]


def risk_of(reason: Reason, actions: Sequence[Action], words: Sequence[str] = ()) -> Risk:
    """How much could go wrong: doubt about money, safety findings, fraud, harm and the law are high; open money is medium."""
    if reason in _HIGH or any(action.status in (ActionStatus.UNKNOWN, ActionStatus.SENT) for action in actions):
        return "high"
    if any(is_urgent(text) for text in words):
        return "high"
    if reason in _LOW and not any(action.status is ActionStatus.PROPOSED and action.money for action in actions):
        return "low"
    return "medium"


def _brief(reason: Reason, summary: str, words: Sequence[str], actions: Sequence[Action]) -> dict[str, Json]:
    return {
        "why": SENTENCES[reason],
        "summary": summary,
        "wants": [text[:WANTS_CHARACTERS] for text in words],
        "done": [_line(one) | {"receipt": _receipt(one)} for one in actions if one.status is ActionStatus.SUCCEEDED],
        "open": [_line(one) | {"rule": one.rule} for one in actions if not one.status.ended],
        "failed": [_line(one) | {"code": one.code} for one in actions if one.status is ActionStatus.FAILED],
        "refused": [_line(one) | {"code": one.code, "rule": one.rule} for one in actions if one.status is ActionStatus.REFUSED],
    }


def _line(action: Action) -> dict[str, Json]:
    money = action.money.as_json() if action.money else None
    return {"action_id": action.id, "tool": action.tool, "order_id": action.order_id, "amount": money, "status": action.status}


def _receipt(action: Action) -> Json:
    return action.receipt.model_dump(mode="json") if action.receipt else None
