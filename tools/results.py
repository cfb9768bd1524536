"""What a caller is told about an action."""

from collections.abc import Mapping

from tools.errors import Code
from tools.policy import sentence_of
from tools.ports import Action, ActionStatus, Json, ToolResult

_WAITING = {"needs_confirmation": Code.CONFIRMATION_REQUIRED, "needs_approval": Code.APPROVAL_REQUIRED}
_IN_DOUBT = (ActionStatus.RESERVED, ActionStatus.SENT, ActionStatus.UNKNOWN)

_SHOP_REFUSED = "The merchant's system will not do this as things stand; nothing has changed."
_FAILED = {
    Code.BACKEND_UNAVAILABLE: "The merchant's system could not be reached, so nothing was done.",
    Code.REVERSED: "The merchant's system reported later that this has come to nothing.",
    Code.NOT_DONE: "A person found out that this never happened.",
}
"""Why an action that the policy had allowed came to nothing."""


def result_of(action: Action) -> ToolResult:
    """The result of a WRITE or MONEY call: its receipt, or why it has none.

    What failed was allowed before, so the rule that people voted under is not why.
    """
    failed = action.status is ActionStatus.FAILED
    return ToolResult(
        tool=action.tool,
        ok=action.status is ActionStatus.SUCCEEDED,
        data=_data(action),
        action=action,
        code=_code(action),
        rule=None if failed else action.rule,
        sentence=_why_failed(action) if failed else action.sentence or sentence_of(action.rule),
    )


def refused(tool: str, code: str, sentence: str, rule: str | None = None) -> ToolResult:
    """The result of a call that never became an action."""
    return ToolResult(tool=tool, ok=False, code=str(code), rule=rule, sentence=sentence)


def plain(result: ToolResult) -> dict[str, Json]:
    """A result as callers outside of Python read it."""
    action = result.action
    return {
        "tool": result.tool,
        "ok": result.ok,
        "action_id": action.id if action else None,
        "status": action.status if action else None,
        "decision": action.decision if action else None,
        "code": result.code,
        "rule": result.rule,
        "sentence": result.sentence,
        "data": dict(result.data),
    }


def _why_failed(action: Action) -> str:
    return _FAILED.get(Code(action.code), _SHOP_REFUSED) if action.code else _SHOP_REFUSED


def _code(action: Action) -> str | None:
    if action.status is ActionStatus.PROPOSED:
        return _WAITING.get(action.decision)
    if action.status is ActionStatus.SUPERSEDED:
        return action.code or Code.SUPERSEDED
    if action.status is ActionStatus.SENT and action.job is not None:
        return None
    return Code.OUTCOME_UNKNOWN if action.status in _IN_DOUBT else action.code


def _data(action: Action) -> Mapping[str, Json]:
    """The receipt with the amount and the destination in words; `moved_minor` is what has moved already, in minor units."""
    if action.receipt is None:
        return {"job": action.job} if action.job is not None else {}
    return {
        "receipt": action.receipt.reference,
        "kind": action.receipt.kind,
        "amount": action.money.as_json() if action.money else None,
        "moved_minor": action.receipt.moved_minor,
        "destination": action.facts.get("destination"),
    } | ({"surplus_minor": surplus} if (surplus := action.receipt.data.get("surplus_minor")) else {})
