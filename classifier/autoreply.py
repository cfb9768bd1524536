"""Recognises mail that no person wrote: out-of-office replies, bounces and delivery reports."""

import re

# A customer writes about an undelivered order and a returned parcel too, so a bounce must look like one to its last word.
_SUBJECT = re.compile(
    r"automatic reply|auto(matic)?[- ]?(reply|response|replied)|auto ?:|out of (the )?office|ooo\b|"
    r"away from (the|my) (office|desk)|undeliverable( mail)? ?:|undelivered mail returned|"
    r"delivery status notification|mail delivery ((failed|failure)( ?:|$)|(sub)?system)|returned mail ?:|failure notice$|"
    r"read: |read receipt|"
    r"abwesenheitsnotiz|automatische antwort|réponse automatique|respuesta automática",
    re.IGNORECASE,
)
_MACHINE = (
    r"this is an auto(mated|matic|-generated|generated) (e-?mail|message|reply|response|notification)|"
    r"(your|the following) message (could not be|wasn't|was not) delivered|"
    r"this message was created automatically by mail delivery|mail delivery (failed ?:|subsystem)|"
    r"delivery (has failed to these recipients|to the following recipients? failed)|auto-?reply:|automatic reply:"
)
_ABSENT = (
    r"i('m| am) (currently )?(out of (the )?office|away from (the|my) (office|desk|email)|"
    r"on (annual |parental |maternity |sick )?(leave|vacation|holiday))"
    r"[^\n]{0,160}(return|until|back|no access|limited access|respond|reply|urgent)|"
    r"thank you for your (e-?mail|message)[.!,] ?i('m| am) (currently )?(out|away|on)"
)
_OPENING = re.compile(f"{_MACHINE}|{_ABSENT}", re.IGNORECASE)
_ASKS = re.compile(
    r"\?|\b(my (order|parcel|package|refund)|please (change|cancel|send|deliver|refund|hold|ship))\b", re.IGNORECASE
)
_MAX_OPENING_CHARS = 400
_MAX_OPENING_LINES = 4


def is_auto_reply(text: str, subject: str) -> bool:
    """Tell whether a machine answered; a person who asks for something while being away is not a machine."""
    opening = text[:_MAX_OPENING_CHARS]
    if _SUBJECT.match(subject):
        return True
    return any(map(_OPENING.match, opening.split("\n")[:_MAX_OPENING_LINES])) and not _ASKS.search(opening)
