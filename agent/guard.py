"""Reads a draft before a customer does: claims need receipts, and nothing of others, no foreign link and no secret goes out."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

from agent.claims import Claim, claims_in
from agent.data import dumps
from agent.english import reads_english
from agent.evidence import Fact, Kind, facts_of
from agent.links import addresses_in, hosts_in, images_in
from agent.observed import Proof
from classifier.characters import plain
from tools.confidential import SECRET
from tools.ports import Json

MAX_CHARS = 8_000
_CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
_SPACES = re.compile(r"\s+")
_WORD = re.compile(r"\S+")
_PIECE_CHARS = 50


class Rule(StrEnum):
    """Why a draft is held back."""

    TOO_LONG = "too_long"
    LANGUAGE = "language"
    SECRET = "secret"  # noqa: S105 (a rule's name)
    INSTRUCTIONS = "instructions"
    IMAGE = "image"
    LINK = "link"
    ADDRESS = "address"
    ORDER = "order"
    CARD = "card"
    CLAIM = "claim"


@dataclass(frozen=True, slots=True)
class GuardFinding:
    """The rule that a draft breaks, and what its writer is told; never the secret itself."""

    rule: Rule
    sentence: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class GuardCase:
    """What a draft is held against.

    `seen` is the data of this run's tool results, `said` what the customer wrote. `secrets` may not appear at all, and
    no long piece of `page`, the instructions.
    """

    proofs: Sequence[Proof] = ()
    seen: Sequence[Json] = ()
    said: Sequence[str] = ()
    addresses: frozenset[str] = frozenset()
    allowed_hosts: frozenset[str] = frozenset()
    order_pattern: str = r"(?!)"
    secrets: tuple[str, ...] = field(default=(), repr=False)
    page: str = field(default="", repr=False)


def check_draft(text: str, case: GuardCase) -> GuardFinding | None:
    """The first rule that the draft breaks, None when it may go out.

    The draft must already be `plain`: what is checked has to be what is sent.
    """
    if len(text) > MAX_CHARS:
        return GuardFinding(Rule.TOO_LONG, f"It is longer than {MAX_CHARS} characters.")
    for check in (_secret, _image, _link, _address, _card, _order, _claim, _language):
        if (finding := check(text, case)) is not None:
            return finding
    return None


def _secret(text: str, case: GuardCase) -> GuardFinding | None:
    folded = _folded(text)
    if any(secret.lower() in folded for secret in case.secrets if secret) or SECRET.search(text):
        return GuardFinding(Rule.SECRET, "It repeats something internal.")
    if any(piece in folded for piece in _pieces(case.page)):
        return GuardFinding(Rule.INSTRUCTIONS, "It repeats your instructions.")
    return None


@cache
def _pieces(page: str) -> frozenset[str]:
    """Every piece of a line that begins with a word and is long enough to be no accident."""
    lines = [_folded(line) for line in page.splitlines()]
    starts = ((line, word.start()) for line in lines for word in _WORD.finditer(line))
    return frozenset(line[at : at + _PIECE_CHARS] for line, at in starts if at + _PIECE_CHARS <= len(line))


def _image(text: str, case: GuardCase) -> GuardFinding | None:
    return GuardFinding(Rule.IMAGE, "It holds an image or HTML; write plain text.") if images_in(text) else None


def _link(text: str, case: GuardCase) -> GuardFinding | None:
    if all(host in case.allowed_hosts for host in hosts_in(text)):
        return None
    return GuardFinding(Rule.LINK, "It links to a place that is not the shop's.")


def _address(text: str, case: GuardCase) -> GuardFinding | None:
    known = {address.lower() for address in case.addresses}
    if all(address in known for address in addresses_in(text)):
        return None
    return GuardFinding(Rule.ADDRESS, "It names an e-mail address that is not this customer's.")


def _card(text: str, case: GuardCase) -> GuardFinding | None:
    known = re.sub(r"[ -]", "", dumps(list(case.seen)))
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        if _luhn(digits) and digits not in known:
            return GuardFinding(Rule.CARD, "It holds what looks like a card number.")
    return None


def _order(text: str, case: GuardCase) -> GuardFinding | None:
    known = _ids(" ".join([dumps(list(case.seen)), *map(plain, case.said)]), case)
    if _ids(text, case) <= known:
        return None
    return GuardFinding(Rule.ORDER, "It names an order that neither the customer nor a tool has named.")


def _language(text: str, case: GuardCase) -> GuardFinding | None:
    return None if reads_english(text) else GuardFinding(Rule.LANGUAGE, "It is not in English.")


def _claim(text: str, case: GuardCase) -> GuardFinding | None:
    facts = facts_of(case.proofs, case.seen)
    for claim in claims_in(text):
        if not _proven(claim, facts, _ids(claim.sentence, case)):
            told = _UNPROVEN[claim.kind]
            return GuardFinding(Rule.CLAIM, f"{told} Say only what has a receipt, and promise nothing.", claim.kind)
    return None


_UNPROVEN: dict[Kind, str] = {
    Kind.REFUND: "It says or promises that money goes back, or another amount than did, and there is no receipt for that.",
    Kind.CANCEL: "It says or promises that an order is cancelled, and there is no receipt for that.",
    Kind.RETURN: "It says or promises that a return is arranged, and there is no receipt for that.",
    Kind.EXCHANGE: "It says or promises that something is exchanged, and there is no receipt for that.",
    Kind.CHANGE: "It says or promises that something is changed, and there is no receipt for that.",
    Kind.REPLACEMENT: "It says or promises that a replacement is sent, and there is no receipt for that.",
    Kind.GIFT: "It gives away something that no tool can give.",
    Kind.HAND_OVER: "It says or promises that a colleague is told. To bring one in, call `escalate`.",
}


def _proven(claim: Claim, facts: Iterable[Fact], orders: frozenset[str]) -> bool:
    about = {None, *orders} if orders else None
    fitting = [fact for fact in facts if fact.kind is claim.kind and (about is None or _order_of(fact) in about)]
    if not fitting:
        return False
    if claim.kind is not Kind.REFUND or not claim.amounts:
        return True
    known = {fact.amount for fact in fitting if fact.amount is not None}
    return claim.amounts <= known | {sum(known)}


def _order_of(fact: Fact) -> str | None:
    return fact.order_id.upper() if fact.order_id else None


def _ids(text: str, case: GuardCase) -> frozenset[str]:
    return frozenset(match.group().upper() for match in re.finditer(case.order_pattern, text, re.IGNORECASE))


def _folded(text: str) -> str:
    return _SPACES.sub(" ", plain(text)).strip().lower()


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
