"""Tells how a tool call ended in the words of HTTP."""

from service.errors import Refused, Unavailable
from tools.errors import Code
from tools.ports import ToolResult

RETRY_AFTER = "10"  # seconds

_STATUS = {
    Code.NOT_FOUND: 404,
    Code.VALIDATION: 422,
    Code.CURRENCY_MISMATCH: 422,
    Code.PAYMENT_METHOD_NOT_YOURS: 422,
    Code.BAD_STATE: 409,
    Code.OVER_REFUND: 409,
    Code.INSUFFICIENT_BALANCE: 409,
    Code.OUT_OF_STOCK: 409,
    Code.APPROVAL_INVALID: 409,
    Code.CONFIRMATION_REQUIRED: 409,
    Code.POSSIBLE_DUPLICATE: 409,
    Code.SUPERSEDED: 409,
    Code.BACKEND_UNAVAILABLE: 409,
    Code.REVERSED: 409,
    Code.NOT_DONE: 409,
}
"""What is wrong with the request, or with the state of things; every other code is a policy's no, 403."""


class ToolRefused(Refused):
    """The tool layer refused the call."""

    def __init__(self, code: str, sentence: str, rule: str | None) -> None:
        super().__init__(sentence or None, rule=rule)
        self.code = code
        self.status = _STATUS.get(Code(code), 403) if code in set(Code) else 403


def check(result: ToolResult) -> None:
    """Raise when the call was refused or failed; a call that is done, in doubt, or waits for votes passes."""
    if not result.refused:
        return
    if result.action is None and result.code == Code.BACKEND_UNAVAILABLE:
        raise Unavailable(result.sentence, headers={"Retry-After": RETRY_AFTER})
    raise ToolRefused(result.code or "refused", result.sentence, result.rule)
