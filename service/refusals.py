"""Tells how a tool call ended as one refusal, the same at every door: the API, the console and the command line."""

from service.errors import Refused, Unavailable
from tools.errors import Code
from tools.ports import ToolResult

RETRY_AFTER = "10"  # seconds

_STATUS: dict[str, int] = {
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

    def __init__(self, result: ToolResult) -> None:
        # Nothing was decided while the merchant's system is away, so the same call may be sent again.
        away = result.action is None and result.code == Code.BACKEND_UNAVAILABLE
        headers = {"Retry-After": RETRY_AFTER} if away else None
        super().__init__(result.sentence or None, rule=result.rule, headers=headers)
        code = result.code or Refused.code
        self.code = Unavailable.code if away else code
        self.status = Unavailable.status if away else _STATUS.get(code, 403)


def check(result: ToolResult) -> None:
    """Raise `ToolRefused` when the call came to nothing; one that is done, in doubt, or waits for votes passes."""
    if result.refused:
        raise ToolRefused(result)
