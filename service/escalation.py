"""The only writer of escalations: a case for people with a reason, a brief from the database, a risk and a due time.

The brief needs no model: what the customer wants in their own words, what was done with receipts, and what is open.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service import ids
from service.settings import Sla
from service.store import cases
from service.store.journal import Entry
from service.store.money_schema import actions
from service.store.schema import messages
from tools.ports import ActionStatus, Json
from workflows.outcome import Reason
from workflows.ticket import Author

Risk = Literal["low", "medium", "high"]

WANTS_CHARACTERS = 600
"""How much of the customer's own words the brief quotes; the ticket has all of them."""

_HIGH = {Reason.OUTCOME_UNKNOWN, Reason.GUARD, Reason.POISON, Reason.KILLED}
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
    Reason.MODEL_NOT_CONFIGURED: "No model is configured for the agent.",
    Reason.MODEL_REFUSED: "The model refused to work on this.",
    Reason.IDENTITY: "Nobody vouches for the sender, so nothing about an account may be said.",
    Reason.THIRD_PARTY: "Somebody other than the customer wrote on this ticket.",
    Reason.TAKEN_OVER: "A person took the ticket over.",
    Reason.KILLED: "A kill switch stopped the work.",
    Reason.SUPERSEDED: "The customer's messages kept overtaking the work on them.",
    Reason.POISON: "Working on this ticket failed again and again.",
    Reason.BACKEND_UNAVAILABLE: "The shop's system cannot be reached.",
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A case that is open now, and whether this call opened it."""

    id: str
    new: bool
    risk: str
    due_at: datetime


async def open_case(
    conn: AsyncConnection, ticket: Any, reason: Reason, summary: str, now: datetime, sla: Sla, owner: str | None = None
) -> tuple[Opened, list[Entry]]:
    """Open the ticket's case, or find the live one; the caller holds the ticket's lock and writes the entries."""
    live = await cases.live(conn, ticket.id)
    if live:
        return Opened(live.id, new=False, risk=live.risk, due_at=live.due_at), []
    rows = (await conn.execute(select(actions).where(actions.c.ticket_id == ticket.id).order_by(actions.c.created_at))).all()
    risk = risk_of(reason, rows)
    due_at = now + timedelta(minutes={"high": sla.high, "medium": sla.medium, "low": sla.low}[risk])
    case_id = ids.new("esc")
    await cases.add(
        conn,
        id=case_id,
        tenant=ticket.tenant,
        ticket_id=ticket.id,
        reason=reason,
        brief=await _brief(conn, ticket.id, reason, summary, rows),
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


def risk_of(reason: Reason, rows: Sequence[Any]) -> Risk:
    """How much could go wrong: doubt about money and safety findings are high, open money is at least medium."""
    if reason in _HIGH or any(row.status in (ActionStatus.UNKNOWN, ActionStatus.SENT) for row in rows):
        return "high"
    if reason in _LOW and not any(row.status == ActionStatus.PROPOSED and row.amount_minor for row in rows):
        return "low"
    return "medium"


async def _brief(conn: AsyncConnection, ticket_id: str, reason: Reason, summary: str, rows: Sequence[Any]) -> dict[str, Json]:
    query = select(messages.c.text).where(messages.c.ticket_id == ticket_id, messages.c.author == Author.CUSTOMER)
    texts = (await conn.execute(query.order_by(messages.c.position.desc()).limit(3))).scalars().all()
    return {
        "why": SENTENCES[reason],
        "summary": summary,
        "wants": [text[:WANTS_CHARACTERS] for text in reversed(texts)],
        "done": [_line(row) | {"receipt": row.receipt} for row in rows if row.status == ActionStatus.SUCCEEDED],
        "open": [_line(row) | {"rule": row.rule} for row in rows if not ActionStatus(row.status).ended],
        "refused": [_line(row) | {"code": row.code, "rule": row.rule} for row in rows if row.status == ActionStatus.REFUSED],
    }


def _line(row: Any) -> dict[str, Json]:
    money = {"amount_minor": row.amount_minor, "currency": row.currency} if row.amount_minor is not None else None
    return {"action_id": row.id, "tool": row.tool, "order_id": row.order_id, "amount": money, "status": row.status}
