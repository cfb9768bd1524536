"""Reads a reply to a yes/no question, by rules that would rather ask again than take for a yes what is none."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from workflows.answer_words import MIND, PARTS, VERBS, Part, echoes, refusals
from workflows.words import READ_AT_MOST, clauses, phrases, plain, says, tokens


class Answer(StrEnum):
    """What a reply to a yes/no question says."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"
    """A question, a condition, a further wish, or words that these rules do not know."""
    THANKS = "thanks"
    """A thank-you or an acknowledgement that decides nothing."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """An answer, and whether it is firm; a soft yes ("ok") does not overturn a no."""

    answer: Answer
    firm: bool = True


_DRAWN_OUT = re.compile(r"(\w)\1+$")
"""The end of "yess" and "nooo"."""
_KNOWN = PARTS | refusals()
_LONGEST = max(len(phrase) for phrase in _KNOWN)
_REQUEST = phrases("can you, could you, would you, will you, instead")
_REFUSES = {Part.NO, Part.WAIT, Part.FILLER, Part.THANKS}
_NOTES = {Part.SOFT_YES, Part.NO, Part.THANKS, Part.PRAISE}
_AGREES = {Part.YES, Part.SOFT_YES}
_WANTS_IT = {Part.YES, Part.ECHO}
_ANSWER_AT_MOST = 2000
"""A longer text says more than yes or no."""
_AFTER_ALL = phrases("after all, anyway, again")
_CANCEL_IT = phrases("cancel it, cancel that, cancel this")
# A single letter is an answer only when it is the whole text; elsewhere it may be an initial.
_LETTERS: dict[tuple[str, ...], Answer] = {("y",): Answer.YES, ("n",): Answer.NO}


def read_answer(text: str, question: str = "") -> Answer:
    """The answer in one cleaned message. `question` lets a yes repeat the act that was asked about ("yes, cancel it").

    A yes is a text that consists of known words only, among them one that agrees and none that refuses, waits or asks.
    """
    return _read(text, question).answer


def last_word(texts: Sequence[str], question: str = "") -> Answer:
    """The answer in several messages, oldest first: the last decisive one wins, and an unclear one makes it unclear."""
    said: Answer | None = None
    for text in texts:
        reading = _read(text, question)
        if reading.answer is Answer.THANKS:
            continue
        overturned = said is Answer.NO and reading.answer is Answer.YES and not reading.firm
        said = Answer.UNCLEAR if overturned else reading.answer
    if said is not None:
        return said
    return Answer.THANKS if texts else Answer.UNCLEAR


def is_plain_thanks(text: str) -> bool:
    """Whether a text thanks and neither acknowledges nor praises; "ok, great" may be meant as a yes, "thank you" is not."""
    parts = [part for clause in clauses(text) for part in _parts(clause, _KNOWN)]
    return Part.THANKS in parts and set(parts) <= {Part.THANKS, Part.FILLER}


def is_plain_no(text: str, flow: str = "") -> bool:
    """Whether a text refuses and says nothing else: "no", "never mind, thanks"; `flow` names the flow at work."""
    known = _KNOWN | echoes(_verbs_of(flow))
    parts = {part for clause in clauses(text) for part in _parts(clause, known)}
    return Part.NO in parts and parts <= _REFUSES and "?" not in text


def comes_round(text: str, flow: str) -> bool:
    """Whether who said no to a flow's offer wants it after all: "actually yes please". It brings an offer and no yes to it."""
    known = _known(_verbs_of(flow)) | dict.fromkeys(MIND | _AFTER_ALL, Part.FILLER)
    parts = {part for clause in clauses(text) for part in _parts(clause, known)}
    return bool(parts & _WANTS_IT) and not parts & {Part.NO, Part.OTHER} and "?" not in text


def wants_nothing(text: str) -> bool:
    """Whether an answered customer asks for nothing more: "ok", "great, thanks", a thumb, "no, that's all", "never mind"."""
    parts = {part for clause in clauses(text) for part in _parts(clause, _KNOWN)}
    if "?" in text or not parts <= _NOTES | {Part.YES, Part.FILLER}:
        return False
    return bool(parts & _NOTES) or (Part.YES in parts and not any(sign.isalpha() for sign in text))


def _read(text: str, question: str) -> _Reading:
    if len(text) > _ANSWER_AT_MOST:
        return _Reading(Answer.UNCLEAR)
    known = _known(VERBS & set(tokens(question))) if question else _KNOWN
    if tokens(text) in _LETTERS:
        return _Reading(_LETTERS[tokens(text)])
    read = [_parts(clause, known) for clause in clauses(_without_ids(text, question))]
    parts = [part for clause in read for part in clause]
    decisive = [part for part in parts if part in _AGREES or part is Part.NO]
    asks = "?" in text or "？" in text
    if Part.NO in decisive:
        return _Reading(_refusal(text, read, decisive, asks))
    if asks or not parts or {Part.OTHER, Part.WAIT} & set(parts):
        return _Reading(Answer.UNCLEAR)
    if Part.YES in parts:
        return _Reading(Answer.YES)
    if {Part.THANKS, Part.PRAISE} & set(parts):
        return _Reading(Answer.THANKS)
    return _Reading(Answer.YES, firm=False) if Part.SOFT_YES in parts else _Reading(Answer.UNCLEAR)


@cache
def _known(asked: frozenset[str]) -> dict[tuple[str, ...], Part]:
    """The phrases and their parts in an answer to a question that uses these verbs."""
    known = _KNOWN | echoes(asked)
    return known if "cancel" in asked else known | dict.fromkeys(_CANCEL_IT, Part.NO)


def _refusal(text: str, read: list[list[Part]], decisive: list[Part], asks: bool) -> Answer:
    """No or unclear, for a text that holds a refusing phrase."""
    strange = any(Part.OTHER in clause for clause in read)
    if says(tokens(text), MIND) and any(_WANTS_IT & set(clause) for clause in read):
        return Answer.UNCLEAR
    if Part.YES in decisive or Part.SOFT_YES in decisive:
        return Answer.NO if decisive[-1] is Part.NO and not strange and not asks else Answer.UNCLEAR
    if not strange:
        return Answer.UNCLEAR if asks else Answer.NO
    wishes = "please" in tokens(text) or says(tokens(text), _REQUEST)
    whole = any(Part.NO in clause and Part.OTHER not in clause for clause in read)
    return Answer.NO if whole and not asks and not wishes else Answer.UNCLEAR


def _parts(clause: Sequence[str], known: dict[tuple[str, ...], Part]) -> list[Part]:
    """The parts of a clause, each the longest known phrase at its place."""
    parts: list[Part] = []
    start = 0
    while start < len(clause):
        for length in range(min(_LONGEST, len(clause) - start), 0, -1):
            part = known.get(tuple(clause[start : start + length]))
            if part is not None:
                break
        else:
            part, length = PARTS.get((_DRAWN_OUT.sub(r"\1", clause[start]),), Part.OTHER), 1
        parts.append(part)
        start += length
    return parts


def _without_ids(text: str, question: str) -> str:
    """The text without the order ids that the question names too; another id stays, and makes the answer unclear."""
    asked = {_bare(word) for word in question.split() if _is_id(word)}
    if not asked:
        return text
    return "".join("," if _is_id(word) and _bare(word) in asked else word for word in re.split(r"(\s+)", text))


def _bare(word: str) -> str:
    """The word in one spelling, without the punctuation around it."""
    return plain(word).strip(".,;:!?()#")


def _is_id(word: str) -> bool:
    """Whether a word looks like an order id: an amount or the end of a card number does not."""
    return sum(c.isdigit() for c in word) >= 5 and not set("$€£%") & set(word)


_PREFIX = (
    r"^(?:(?:oh|sorry|wait|hold on|hang on|actually|no|please|hi|hello|ok|so|and|in fact|well|hmm|can you|could you|just) )*"
)
_DEED = r"(?:refund|return|cancellation|cancelation|request|exchange|change|transfer|payment)"
_FORBIDS = r"(?:dont|do not|i (?:dont|do not|no longer) want you to)"
_IT = r"(?:it|that|this|them|anything)"
_ID = r"(?:[a-z] )?\d{4,}"
_WAY = r"(?:card|account|paypal|voucher|credit|address|e ?mails?)"
_GOODS = (
    rf"(?:{_IT}|(?:me )?(?:the|my) money|me|us|(?:order )?{_ID}|(?:the|my|this|that|these|those|any) "
    rf"(?!(?:other|{_DEED}|{_WAY})\b)\w+(?: (?!to|on|onto|in|into|as|by|{_WAY})\w+)?(?: {_ID})?)"
)
_ENOUGH = (
    r"(?: (?:please|any ?more|after all|(?:just )?yet|(?:for )?now|thanks|thank you|at all))*"
    r"(?: (?:because|since|as (?:i|we|it)|until|before|so|and|i|ive|im|we|its)\b.*)?$"
)
"""Nothing after the deed, or a reason: "don't send me a voucher" forbids a voucher, and not the refund."""
_RETRACTIONS = tuple(
    re.compile(_PREFIX + pattern)
    for pattern in (
        rf"{_FORBIDS} (?:refund|cancel|return|exchange)(?: {_GOODS})?{_ENOUGH}",
        rf"{_FORBIDS} (?:change|update|send|process|do|proceed|go|go ahead)(?: (?:with )?{_IT})?{_ENOUGH}",
        rf"{_FORBIDS} (?:process|make|do|issue|(?:proceed|go ahead|go on) with) (?:the|my|that|this) {_DEED}\b",
        rf"(?:stop|cancel|withdraw|retract|undo|abort) (?:the|my|that|this) {_DEED}\b",
        r"i (?:dont|do not|no longer) (?:want|need) (?:the|a|my|that|this|any) " + _DEED,
        r"i (?:dont|do not|no longer) want to (?:cancel|return)",
        r"(?:i want to |ill |i will |id rather |id like to )?keep (?:the|my|this|that) order\b",
        r"(?:never ?mind|forget (?:it|that|about it)|leave it)$",
    )
)
_CHANGED_MIND = re.compile(_PREFIX + r"(?:i |ive |i have )?changed my mind\b")
_TAKES_BACK = (*_RETRACTIONS[:-1], _CHANGED_MIND, re.compile(_PREFIX + r"(?:stop|undo (?:it|that|this))$"))
_HOLD = re.compile(_PREFIX + r"(?:wait|hold on|hang on)$")
_CANCEL_THAT = re.compile(_PREFIX + r"cancel (?:that|this|it)$")
_TURNS = phrases("wait no, no wait, actually no, no stop, no dont, dont do it, do not do it, dont do that")


def takes_back(text: str, flow: str = "") -> bool:
    """Whether a text wants undone what a flow has done already; "no" and "never mind" only want nothing more."""
    said = [" ".join(clause) for clause in clauses(text[:READ_AT_MOST])]
    patterns = (*_TAKES_BACK, _forbids_change(flow))
    # Alone it stops us; in front of something else it only begins a sentence: "wait, I also want to return the kettle".
    if said and all(_HOLD.search(clause) for clause in said):
        return True
    return any(pattern.search(clause) for pattern in patterns for clause in said) or any(
        says(clause.split(), _TURNS) for clause in said
    )


def is_retraction(text: str, flow: str = "") -> bool:
    """Whether the customer takes back what they had asked for.

    `flow` names the flow at work: to a cancelling, "cancel it, I changed my mind" only says the same again.
    """
    text = text[:READ_AT_MOST]
    if is_plain_no(text, flow):
        return True
    known = _known(_verbs_of(flow))
    wants_it = _WANTS_IT & {part for clause in clauses(text) for part in _parts(clause, known)}
    turned = _behind_turn([word for clause in clauses(text) for word in clause])
    if turned is not None and not _WANTS_IT & set(_parts(turned, known)):
        return True
    patterns = _RETRACTIONS if wants_it else (*_RETRACTIONS, _CHANGED_MIND, _CANCEL_THAT)
    said = (" ".join(words) for part in re.split(r"\bbut\b", plain(text)) for words in clauses(part))
    return any(pattern.search(clause) for clause in said for pattern in (*patterns, _forbids_change(flow)))


def _behind_turn(words: Sequence[str]) -> Sequence[str] | None:
    """What stands behind the last turn in the words; None where there is none."""
    ends = [
        start + len(turn)
        for turn in _TURNS
        for start in range(len(words) - len(turn) + 1)
        if tuple(words[start : start + len(turn)]) == turn
    ]
    return words[max(ends) :] if ends else None


def _verbs_of(flow: str) -> frozenset[str]:
    """The verbs in a flow's name, which say what it does."""
    return VERBS & set(flow.split("_"))


@cache
def _forbids_change(flow: str) -> re.Pattern[str]:
    """Forbids to change what the flow's name ends with: "don't change my address" takes no refund back."""
    thing = re.escape(flow.rpartition("_")[2] or "order")
    return re.compile(rf"{_PREFIX}{_FORBIDS} (?:change|update) (?:the|my|this|that) (?:\w+ )?{thing}{_ENOUGH}")
