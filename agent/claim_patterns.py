"""The English words in which effects are claimed or promised, by kind. Every repetition is bounded, so reading stays linear."""

import re

from agent.evidence import Kind

_DONE = (
    r"(?:issued|processed|made|sent|initiated|arranged|approved|completed?|confirmed|started|submitted|granted|given"
    r"|accepted|registered|set up|gone through|put through|booked|added|applied|done|authori[sz]ed"
    r"|on (?:its|the) way|underway|under way)"
)
_THING = r"(?:address|payment|method|card|size|colou?r|items?|e-?mail|name|details|account|profile|delivery)"
_CHANGED = r"(?:changed|updated|corrected|modified|switched|amended)"
_MONEY = r"(?:refund|reimbursement|credit)"
_SUM = (
    r"(?:[$€£¥]\s?\d[\d,.]{0,17}|\b\d[\d,.]{0,17}\s?(?:usd|eur|gbp|jpy|dollars?|euros?|pounds?)\b|\b(?:money|amount|funds)\b)"
)
_PAYMENT = r"(?:charges?|payments?|transactions?|debits?)"
_REVERSED = r"(?:reversed|voided)"
_NEW_ONE = r"(?:replacement|new one|new parcel)"
_VOUCHER = r"(?:voucher|coupon|discount code|gift card)"
_SELF_DOES = r"(?:i|we)(?:'m| am|'re| are|'ll| will| shall)(?: going to)?(?: now| just| then| gladly| happily| also)?"

PEOPLE = (
    r"(?:colleagues?|teams?|specialists?|agents?|supervisors?|managers?|humans?|persons?|someone|department"
    r"|representatives?)"
)
"""Words for the people that a ticket can be handed to."""


def _near(first: str, words: int, second: str) -> str:
    """`first` and then `second`, with at most so many words between."""
    return rf"\b{first}\b(?:\W+\w+){{0,{words}}}?\W+{second}\b"


_WRITTEN: tuple[tuple[Kind, str], ...] = (
    (Kind.REFUND, r"\b(?:refunded|reimbursed|credited|paid back)\b"),
    (Kind.REFUND, r"\b(?:money back (?:is|was|has)|sent (?:you |it |the money )?back)\b"),
    (Kind.REFUND, _near(_REVERSED, 4, _PAYMENT)),
    (Kind.REFUND, _near(_PAYMENT, 4, _REVERSED)),
    (
        Kind.REFUND,
        rf"{_SUM} (?:is|are|was|were|has been|have been|will be)(?: \w+){{0,2}}? "
        rf"(?:on (?:its|the|their) way|back|returned|{_REVERSED})\b",
    ),
    (
        Kind.REFUND,
        rf"\b(?:returned|given|put|transferred|wired|sent)(?: \w+){{0,3}}? {_SUM}(?: \w+){{0,2}}? "
        r"(?:back|to (?:you|your|the (?:card|account)))\b",
    ),
    (Kind.REFUND, _near(_MONEY, 6, _DONE)),
    (Kind.REFUND, _near(_DONE, 5, _MONEY)),
    (Kind.REFUND, r"\b(?:receive|get|have) (?:a|your|the) (?:\w+ ){0,2}refund\b"),
    (
        Kind.REFUND,
        rf"\b{_SELF_DOES} (?:refund(?:ing)?|reimburs(?:e|ing)|credit(?:ing)?|issu(?:e|ing)|pay(?:ing)? (?:you )?back)\b",
    ),
    (Kind.CANCEL, r"\bcancel(?:l)?ed\b"),
    (Kind.CANCEL, _near("cancel(?:l)?ation", 4, _DONE)),
    (Kind.CANCEL, rf"\b{_SELF_DOES} cancel(?:l?ing)?\b"),
    (Kind.RETURN, _near("return", 5, _DONE)),
    (Kind.RETURN, _near(_DONE, 4, "return")),
    (Kind.RETURN, rf"\b{_SELF_DOES} arrang(?:e|ing) (?:a|the|your) return\b"),
    (Kind.EXCHANGE, r"\b(?:exchanged|swapped)\b"),
    (Kind.EXCHANGE, _near("exchange", 5, _DONE)),
    (Kind.EXCHANGE, _near(_DONE, 4, "exchange")),
    (Kind.EXCHANGE, rf"\b{_SELF_DOES} (?:exchang(?:e|ing)|swap(?:ping)?)\b"),
    (Kind.CHANGE, _near(_THING, 6, _CHANGED)),
    (Kind.CHANGE, _near(_CHANGED, 5, _THING)),
    (Kind.CHANGE, rf"\b(?:i|we)(?:'ve| have)? (?:\w+ )?{_CHANGED} (?:your|the) order\b"),
    (Kind.CHANGE, rf"\b{_SELF_DOES} (?:chang(?:e|ing)|updat(?:e|ing)|correct(?:ing)?|amend(?:ing)?)\b"),
    (Kind.REPLACEMENT, r"\b(?:resent|reshipped|re-sent|re-shipped)\b"),
    (Kind.REPLACEMENT, _near(_NEW_ONE, 5, rf"(?:shipped|ordered|dispatched|{_DONE})")),
    (Kind.REPLACEMENT, _near("(?:sent|shipped|ordered|dispatched)", 4, _NEW_ONE)),
    (Kind.REPLACEMENT, rf"\b{_SELF_DOES} (?:resend|reship|send(?:ing)? (?:you )?(?:a|another|the) (?:new|replacement))"),
    (Kind.GIFT, _near(_VOUCHER, 5, _DONE)),
    (Kind.GIFT, _near(rf"(?:{_DONE}|here is|here's|use)", 5, _VOUCHER)),
    (Kind.HAND_OVER, r"\b(?:escalated|handed over|transferred you)\b"),
    (Kind.HAND_OVER, _near("(?:passed|forwarded|handed|transferred|raised|informed|notified|told|asked)", 6, PEOPLE)),
    (Kind.HAND_OVER, rf"\b{PEOPLE}(?:\W+\w+){{0,3}}?(?:\W+(?:will|shall|is going to)|'ll)\b"),
    (Kind.HAND_OVER, rf"\b{_SELF_DOES} (?:escalat(?:e|ing)|forward(?:ing)?|pass(?:ing)?|transfer(?:ring)?|hand(?:ing)?)\b"),
)

PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple((kind, re.compile(words)) for kind, words in _WRITTEN)
"""Each kind with a pattern over one clause in lower case."""
