"""Words after which a case cannot wait its turn, whatever brought it to people."""

import re

from workflows.words import READ_AT_MOST, plain

_URGENT = re.compile(
    r"\b(?:"
    # An account or a card in a stranger's hands.
    r"hacked|hijacked|phish(?:ed|ing)|fraud(?:ulent(?:ly)?|ster|sters)?|scammed|unauthori[sz]ed|identity theft"
    r"|(?:card|account|password|identity|details) (?:\w+ )?(?:was|were|is|got|has been|have been|been) (?:stolen|compromised)"
    r"|stolen (?:credit |debit )?(?:card|account|details|identity)"
    r"|(?:someone|somebody|a stranger) (?:else )?(?:\w+ )?(?:ordered|bought|used my|uses my|is using my|got into|logged)"
    # Harm to a person.
    r"|injur(?:ed|y|ies)|caught fire|on fire|burn(?:ed|t) (?:my|me|his|her|our)|electric(?:al)? shock|electrocuted|exploded"
    r"|allergic reaction|choked"
    # The law.
    r"|lawyers?|solicitors?|attorneys?|legal (?:action|steps|proceedings)|su(?:e|ing) you|take you to court|small claims"
    r"|police|charge ?backs?|ombudsman|trading standards"
    r")\b"
)


def is_urgent(text: str) -> bool:
    """Whether the text speaks of fraud, of harm to a person, or of the law."""
    return _URGENT.search(plain(text[:READ_AT_MOST])) is not None
