"""Where the customer would like money to go; the policy decides where it may go."""

import re
from enum import StrEnum

from workflows.words import plain


class Destination(StrEnum):
    """A wish for money back."""

    ORIGINAL = "original"
    STORE_CREDIT = "store_credit"
    ELSEWHERE = "elsewhere"


_CREDIT = "(?:(?:store|shop) credit|gift ?card|voucher|credit note)s?"
_KIND = "(?:credit |debit |bank |payment )?"
_UNWANTED = (
    r"(?:dont|do not|wont|will not) (?:want|need|accept|take|like|send|give|pay|refund|make|issue)"
    r"(?: (?:it|me|this|that|them|the money|my money|the refund|my refund|to|you|have|get|be|given|paid|refunded|back))*"
)
_NO_CREDIT = re.compile(
    rf"\b(?:no|not|without|instead of|rather than|{_UNWANTED}) (?:(?:a|any|in|as|into|for|to|with|the|your) )*{_CREDIT}\b"
)
_WISHES = (
    (
        Destination.ELSEWHERE,
        re.compile(
            rf"\b(?:another|different|new|other|wifes|husbands|friends) {_KIND}(?:card|account|paypal)\b"
            r"|\b(?:to|on|onto|into|via|through|by) (?:my |a )?paypal\b"
            r"|\biban\b|\bbank (?:account|transfer|details)\b|\bwire\b|\bcrypto\b|\bbitcoin\b"
        ),
    ),
    (Destination.STORE_CREDIT, re.compile(rf"\b{_CREDIT}\b")),
    (
        Destination.ORIGINAL,
        re.compile(rf"\b(?:same|original|my) {_KIND}(?:card|method|account|paypal)\b|\b(?:way|how) i paid\b"),
    ),
)


def read_destination(text: str) -> Destination | None:
    """The wish in the text, None when there is none. "No store credit" is a wish for the original method."""
    said = _NO_CREDIT.sub(" my card ", plain(text))
    return next((wish for wish, pattern in _WISHES if pattern.search(said)), None)
