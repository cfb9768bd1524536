"""What a flow leaves behind when it hands a ticket to the agent, as data that the agent reads."""

from tools.ports import Json
from workflows.outcome import Reason
from workflows.ticket import Ticket

WHY = {
    Reason.LOW_CONFIDENCE: "It was not clear what the customer wants.",
    Reason.OUT_OF_SCOPE: "No set procedure covers this request.",
    Reason.NO_PROGRESS: "The set procedure asked and did not get further.",
    Reason.POLICY: "The set procedure could not do this under the policy.",
}
"""Why the ticket comes to the agent, in the words that it reads."""


def handed_off(ticket: Ticket, reason: Reason | None) -> Json | None:
    """The flow, its state and slots, and why it gave up; None when no flow worked on the ticket and no reason was given."""
    if ticket.flow is None and reason is None and ticket.intent is None:
        return None
    passed: dict[str, Json] = {}
    if ticket.intent is not None:
        passed["likely_intent"] = ticket.intent
    if ticket.flow is not None:
        passed |= {"procedure": ticket.flow.flow, "state": ticket.flow.state, "collected": dict(ticket.flow.slots)}
    if reason is not None:
        passed["why_you"] = WHY.get(reason, reason.value)
    return passed
