"""The first message of a run: who writes, what the merchant knows of them, what was done already, and what they wrote."""

from collections.abc import Sequence

from agent.context import NORMAL, SHORT, Part
from agent.data import Bounds
from agent.fence import Fence
from agent.observed import Observed, receipt_json
from tools.notes import add_note
from tools.ports import Action, Json, Lane
from workflows.ticket import Author, Message, Ticket

NEW_CHARS = 6_000
"""How much of a message that waits for an answer is shown."""
OLD_CHARS = 2_000
OLD_CHARS_SHORT = 200
_WHOLE = Bounds(text=2_000, items=200)
_WROTE = {
    Author.CUSTOMER: "customer",
    Author.BOT: "us",
    Author.HUMAN: "our colleague",
    Author.THIRD_PARTY: "someone who is not the customer",
}
ENDED = "The action that was waiting has ended; tell the customer how, and finish what is still open:"
UNANSWERED = "customer, unanswered"
PROCEDURE = "procedure"
_TASK = "Work on what the customer has not been answered yet: look things up, then answer, propose, or escalate."


def opening_parts(
    ticket: Ticket,
    fence: Fence,
    facts: Sequence[Observed],
    actions: Sequence[Action],
    confirmed: Observed | None,
    passed: Json | None,
) -> list[Part]:
    """The parts in reading order. Receipts and the unanswered messages stay whole when the conversation is shortened.

    What colleagues write for each other is left out: a customer cannot coax out of a model what it has never read.
    """
    parts = [Part(f"The mark of this conversation is {fence.mark}."), Part(_header(ticket, fence))]
    parts += [_fact(observed, fence) for observed in facts if observed.ok]
    if passed is not None:
        parts.append(Part("Where our set procedures left this ticket:\n" + fence.json(PROCEDURE, passed, NORMAL)))
    listed = [action_json(action) for action in actions if action.tool != add_note.name or action.lane is not Lane.HUMAN]
    if listed:
        parts.append(Part("Done or proposed on this ticket so far:\n" + fence.json("records", listed, _WHOLE)))
    waiting = {message.id for message in ticket.unanswered}
    written = (message for message in ticket.messages if message.author is not Author.NOTE)
    parts += [_message(message, fence, message.id in waiting) for message in written]
    if confirmed is not None:
        parts.append(Part(f"{ENDED}\n" + fence.json(f"tool {confirmed.tool}", confirmed.for_model(), _WHOLE)))
    return [*parts, Part(_TASK)]


def action_json(action: Action) -> Json:
    """An action as the model is shown it."""
    shown: dict[str, Json] = {"tool": action.tool, "arguments": dict(action.args), "status": action.status.value}
    if action.code:
        shown["code"] = str(action.code)
    if action.receipt is not None:
        shown["receipt"] = receipt_json(action.receipt)
    return shown


def _header(ticket: Ticket, fence: Fence) -> str:
    about: dict[str, Json] = {"verified": ticket.customer.verification.value, "channel": ticket.channel}
    if ticket.customer.name:
        about["name"] = ticket.customer.name
    if ticket.subject:
        about["subject"] = ticket.subject
    return "The ticket:\n" + fence.json("ticket", about, Bounds(text=300, items=10))


def _fact(observed: Observed, fence: Fence) -> Part:
    shown = observed.for_model()
    origin = f"tool {observed.tool}"
    return Part(
        f"Looked up already with {observed.tool}:\n" + fence.json(origin, shown, NORMAL),
        f"Looked up already with {observed.tool}:\n" + fence.json(origin, shown, SHORT),
    )


def _message(message: Message, fence: Fence, waiting: bool) -> Part:
    origin = _WROTE[message.author]
    if waiting:
        return Part(fence.text(UNANSWERED, message.text, NEW_CHARS))
    whole = fence.text(origin, message.text, OLD_CHARS)
    return Part(whole, fence.text(origin, message.text, OLD_CHARS_SHORT))
