"""How customers ask for a person, and how they drop what they had asked for."""

import re

from workflows.answer_words import PARTS, Part
from workflows.words import READ_AT_MOST, clauses, phrases, plain

_KIND = "(?:(?:a|an|the|your|some|any|another|actual|real|live|human|proper|customer|service|support|care) )*"
_HUMAN = (
    "human(?: being)?|real (?:one|person|human)|actual (?:person|human)|live (?:person|agent)|human agent|agent"
    "|representative|rep|manager|supervisor|operator|advis[oe]r"
)
_ANYONE = (
    f"{_HUMAN}|person|people|someone|somebody|employee|colleague|team ?member|member of (?:your |the )?(?:staff|team)|staff"
    "|customer (?:service|support|care)|support(?: team)?|your team"
)
_MACHINE = "(?:bot|robot|machine|chatbot|ai|automated (?:reply|replies|answers?|responses?|system))s?"
_REACH = (
    "(?:speak|talk|chat|connect(?:ed)?|transfer(?:red)?|put|pass(?:ed)?|escalated?)"
    "(?: (?:me|us|this|it))?(?: (?:directly|through|over|on))? (?:to|with)"
)
_WANTS_PERSON = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b{_REACH} {_KIND}(?:{_ANYONE})\b",
        rf"\b(?:want|need|get|give|like|prefer) (?:me |to have |to see |to reach )?{_KIND}(?:{_HUMAN})\b",
        rf"\b(?:{_HUMAN})(?: please| now)\b",
        rf"^{_KIND}(?:{_HUMAN}|person)$",
        rf"\bis there {_KIND}(?:{_ANYONE})\b",
        rf"\b(?:stop|enough|done|fed up|tired|sick)\b.{{0,30}}\b{_MACHINE}\b",
        rf"\b(?:not|no|isnt|arent) (?:(?:a|an|another|any|more) )*{_MACHINE}\b",
    )
)
_NOT_WANTED = re.compile(
    r"\b(?:dont|do not|no|not|without)(?: (?:want|need|have|having|wish))?(?: to)?"
    rf"(?: (?:speak|talk|talking|speaking|chat|need))?(?: (?:to|with|for|of))? {_KIND}(?:{_ANYONE})\b"
)
_DROPS = phrases(
    "never mind, nevermind, forget it, forget that, forget about it, leave it, leave it as it is, drop it",
    "dont bother, dont worry about it, cancel my request, cancel this request",
)


def wants_person(text: str) -> bool:
    """Whether the customer asks for a person instead of the machine, in any phrasing."""
    said = _NOT_WANTED.sub(" ", plain(text[:READ_AT_MOST])).strip(" .!\n")
    return any(pattern.search(said) for pattern in _WANTS_PERSON)


def drops_it(text: str) -> bool:
    """Whether a clause of the text, courtesy aside, is a plain "never mind"."""
    return any(_without_courtesy(clause) in _DROPS for clause in clauses(text[:READ_AT_MOST]))


def _without_courtesy(clause: tuple[str, ...]) -> tuple[str, ...]:
    words = list(clause)
    while words and PARTS.get((words[0],)) in (Part.FILLER, Part.SOFT_YES, Part.NO, Part.WAIT):
        words.pop(0)
    while words and PARTS.get((words[-1],)) in (Part.FILLER, Part.THANKS):
        words.pop()
    return tuple(words)
