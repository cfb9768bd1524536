"""Which outcome follows from a call's result or from a draft, None when the run goes on."""

import re

from agent.calls import ESCALATE
from agent.endings import WorkDone, escalation
from agent.guard import GuardCase, GuardFinding, check_draft
from agent.run import Stop
from agent.wording import approval_text, confirmation_text, under_way_text
from classifier.characters import plain
from tools.errors import Code
from tools.ports import ActionStatus, ToolResult
from workflows.outcome import AskCustomer, AwaitApproval, Outcome, Reply
from workflows.ticket import QuestionKind, Ticket

_COURTESY = re.compile(
    r"(?:is there )?anything else|(?:can|may|could) i (?:help|assist|do) (?:you )?(?:with )?(?:anything|something|more)"
    r"|does (?:that|this) (?:help|answer)|how (?:else )?can i help",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")


def after_call(ticket: Ticket, result: ToolResult, work: WorkDone) -> Outcome | None:
    """Where a result ends the run: a yes, votes or a person's hand are needed, it is in doubt, or a person was asked for."""
    references = tuple(proof.receipt.reference for proof in work.proofs)
    action = result.action
    if action is not None and result.needs_confirmation:
        return AskCustomer(confirmation_text(action), QuestionKind.CONFIRM, action.id, receipts=references)
    if action is not None and result.needs_approval:
        return AwaitApproval(approval_text(action, ticket), action.id, receipts=references)
    if action is not None and result.under_way:
        return Reply(under_way_text(action, ticket), resolves=False, receipts=references)
    if result.postponed:
        return escalation(ticket, Stop.BACKEND_DOWN, work)
    if result.in_doubt or result.code == Code.OUTCOME_UNKNOWN:
        return escalation(ticket, Stop.IN_DOUBT, work)
    if action is not None and action.status is ActionStatus.REFUSED and result.code == Code.APPROVAL_REQUIRED:
        return escalation(ticket, Stop.FOR_PEOPLE, work)
    if result.tool == ESCALATE and result.ok:
        words = WorkDone(work.log, work.proofs, words=str(result.data.get("summary", "")))
        return escalation(ticket, Stop.HANDED_OVER, words, chosen=str(result.data.get("reason", "")))
    return None


def draft_outcome(text: str, case: GuardCase, work: WorkDone) -> tuple[Outcome | None, GuardFinding | None]:
    """The reply that a draft becomes, or why it may not go out. What was checked is what is sent, to the letter."""
    draft = plain(text)
    if (finding := check_draft(draft, case)) is not None:
        return None, finding
    references = tuple(proof.receipt.reference for proof in work.proofs)
    return Reply(draft, resolves=not asks_something(draft), receipts=references), None


def asks_something(text: str) -> bool:
    """Whether the text asks the customer something that we need to know, rather than out of politeness."""
    questions = [sentence for sentence in _SENTENCE.split(text) if sentence.rstrip().endswith("?")]
    return any(not _COURTESY.search(question) for question in questions)
