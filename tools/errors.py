"""The refusals and failures of the tool layer, each with a code from the contract."""

from enum import StrEnum


class Code(StrEnum):
    """Why a tool call was refused or failed; the closed list of the contract, section 5."""

    VALIDATION = "validation"
    NOT_FOUND = "not_found"
    BAD_STATE = "bad_state"
    CURRENCY_MISMATCH = "currency_mismatch"
    OVER_REFUND = "over_refund"
    PAYMENT_METHOD_NOT_YOURS = "payment_method_not_yours"
    INSUFFICIENT_BALANCE = "insufficient_balance"
    OUT_OF_STOCK = "out_of_stock"
    VERIFICATION_REQUIRED = "verification_required"
    APPROVAL_REQUIRED = "approval_required"
    APPROVAL_INVALID = "approval_invalid"
    CONFIRMATION_REQUIRED = "confirmation_required"
    POSSIBLE_DUPLICATE = "possible_duplicate"
    SUPERSEDED = "superseded"
    NOT_GRANTED = "not_granted"
    KILLED = "killed"
    RATE_LIMITED = "rate_limited"
    BUDGET_EXHAUSTED = "budget_exhausted"
    BACKEND_UNAVAILABLE = "backend_unavailable"
    OUTCOME_UNKNOWN = "outcome_unknown"
    REVERSED = "reversed"
    """An effect that was accepted or done has come to nothing, as the merchant's system reported later."""
    NOT_DONE = "not_done"
    """Nobody knew whether an effect had happened, and a person found out that it had not."""


class ToolError(Exception):
    """A call was refused or failed; `code` says why, `rule` names the policy rule that spoke, the text is for people."""

    def __init__(self, code: Code, detail: str, rule: str | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.rule = rule


class BackendRefused(ToolError):
    """The merchant's system answered that it will not do this; nothing has changed there."""


class BackendUnavailable(ToolError):
    """The merchant's system could not be reached and has certainly not acted."""

    def __init__(self, detail: str = "The shop's system cannot be reached right now.") -> None:
        super().__init__(Code.BACKEND_UNAVAILABLE, detail)


class OutcomeUnknown(ToolError):
    """The merchant's system was asked to act and gave no usable answer; it may have acted."""

    def __init__(self, detail: str = "The shop's system did not say whether it acted.") -> None:
        super().__init__(Code.OUTCOME_UNKNOWN, detail)


class FencedOff(Exception):
    """Another worker has taken the ticket over; whoever sees this must stop without writing anything."""


class RunSuperseded(Exception):
    """A newer customer message arrived before this run committed an intent; the run ends and the message is handled."""


class MovedOn(Exception):
    """Another executor has moved the action on; whoever sees this looks at it instead of acting."""
