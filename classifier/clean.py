"""Reduces a message to what the customer says in it."""

import re
from dataclasses import dataclass

from classifier.autoreply import is_auto_reply
from classifier.characters import MAX_CHARS, plain
from classifier.markup import as_text
from classifier.quotes import own_words
from classifier.signatures import without_signature

_PREFIX = re.compile(r"(\[[^\]]{1,40}\]|(re|fw|fwd|aw|wg|tr|rv|sv|antw|res)(\[\d{1,3}\])? ?:|external:) ?", re.IGNORECASE)
_REPLY_PREFIX = re.compile(r"(re|fw|fwd|aw|wg|tr|rv|sv|antw|res)(\[\d{1,3}\])? ?:", re.IGNORECASE)
_SUBJECT_LINE = re.compile(
    r"(?:subject ?: ?(?=\S)|(?=(?:re|fw|fwd) ?:))([^\n]{1,300})(?:\n+(?!(?:from|to|sent|date|cc) ?:)|$)", re.IGNORECASE
)
_WORD = re.compile(r"[^\W\d_]{2}")
_MAX_SUBJECT_CHARS = 300
_MAX_PREFIXES = 8
_SHORT_BODY_CHARS = 12


@dataclass(frozen=True)
class Cleaned:
    """What is left of a message after cleaning."""

    text: str
    """The customer's own words, the subject first where the subject is theirs; numbers are kept."""
    is_auto_reply: bool
    """A machine wrote it: out of office, bounce, delivery report."""
    is_empty: bool
    """Nothing readable is left."""


def clean(text: str, subject: str = "") -> Cleaned:
    """Cut quotes, forwards, signatures, markup and subject prefixes; time is linear and at most MAX_CHARS are read."""
    body = plain(as_text(text[:MAX_CHARS]))
    subject_line = _SUBJECT_LINE.match(body)
    if subject_line:
        body = body[subject_line.end() :]
        subject = subject or subject_line.group(1)
    own_subject, is_reply = _without_prefixes(subject)
    automatic = is_auto_reply(body, "" if is_reply else own_subject)
    body = without_signature(own_words(body))
    said = _joined(own_subject, body, is_reply)
    return Cleaned(text=said, is_auto_reply=automatic, is_empty=not _WORD.search(said))


def _without_prefixes(subject: str) -> tuple[str, bool]:
    """Return the subject without "Re:", "Fwd:", "[External]" and the like, and whether it answers or forwards a mail."""
    rest = " ".join(plain(subject[:_MAX_SUBJECT_CHARS]).split())
    is_reply = False
    for _ in range(_MAX_PREFIXES):
        prefix = _PREFIX.match(rest)
        if prefix is None:
            break
        is_reply = is_reply or _REPLY_PREFIX.match(rest) is not None
        rest = rest[prefix.end() :]
    return rest, is_reply


def _joined(subject: str, body: str, is_reply: bool) -> str:
    """Put the subject before the body unless it is an older mail's and the body speaks for itself."""
    if not subject or (is_reply and len(body) > _SHORT_BODY_CHARS) or body.lower().startswith(subject.lower()):
        return body
    return f"{subject}\n{body}".strip()
