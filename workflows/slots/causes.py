"""Why the customer wants an order undone, read from their words."""

import re
from enum import StrEnum

from workflows.words import plain


class Cause(StrEnum):
    """A reason that a tool knows; the values are the contract's."""

    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    NOT_AS_DESCRIBED = "not_as_described"
    LOST = "lost"
    LATE = "late"
    ORDERED_BY_MISTAKE = "ordered_by_mistake"
    NO_LONGER_NEEDED = "no_longer_needed"

    @property
    def faulty(self) -> bool:
        """Whether the fault lies with the merchant or the carrier."""
        return self not in (Cause.ORDERED_BY_MISTAKE, Cause.NO_LONGER_NEEDED)


def _any(*patterns: str) -> re.Pattern[str]:
    """A pattern that matches any of these between word boundaries."""
    return re.compile("|".join(rf"\b(?:{pattern})\b" for pattern in patterns))


_FAULT = (
    "broken?|broke|damaged?|cracked|shattered|smashed|torn|ripped|scratched|dented|defective|defect|faulty|leak(?:s|ed|ing)?"
    "|crushed|bent|chipped|snapped|stained|mouldy|moldy|(?:fell|fall(?:s|en|ing)?|came|come|coming) apart|burst|frayed"
)
_NOT_A_FAULT = _any(
    r"(?:not|isnt|wasnt|arent|werent|no|never|nothing|without|neither|nor)\s+(?:(?:is|was|at all|really|any)\s+)*"
    rf"(?:{_FAULT}|wrong)"
)
_ARTICLE = "(?:item|product|size|colou?r|one|thing|order|article|model|version|parcel|package)s?"
_DOES_NOT = "(?:does|do|did)(?:nt| not)"

# The first that matches wins: what the customer did wrong, then faults, then delivery, then a change of mind.
_CAUSES: tuple[tuple[Cause, re.Pattern[str]], ...] = (
    (
        Cause.ORDERED_BY_MISTAKE,
        _any(
            "by (?:mistake|accident)|accidental(?:ly)?|my (?:mistake|fault)|misclick(?:ed)?",
            r"(?:ordered|bought|picked|chose|clicked|selected) (?:\w+ )?(?:the )?wrong",
            "(?:ordered|bought) (?:it |this |them )?twice",
        ),
    ),
    (
        Cause.DAMAGED,
        _any(
            _FAULT,
            f"{_DOES_NOT} (?:even )?(?:work|turn on|switch on|start|charge)",
            "not working|stopped working|in (?:pieces|bits)|dead on arrival",
            "w(?:ont|ill not) (?:turn on|switch on|start|charge|work)",
        ),
    ),
    (
        Cause.WRONG_ITEM,
        _any(
            f"wrong {_ARTICLE}|different {_ARTICLE}|not what i (?:have )?ordered|someone elses",
            "(?:got|received|sent) .{1,40} instead",
        ),
    ),
    (
        Cause.NOT_AS_DESCRIBED,
        _any(
            "not as (?:described|advertised|pictured|shown)|nothing like|poor quality|cheaply made|misleading",
            f"{_DOES_NOT} (?:match|look like)|not like (?:the|in the) (?:picture|photo)s?",
        ),
    ),
    (
        Cause.LOST,
        _any(
            "never (?:arrived|came|got here|received|showed up|turned up|reached)|lost in|(?:got|been|was|is) lost|missing",
            "(?:hasnt|has not|havent|have not|didnt|did not|not) (?:yet )?(?:arrived?|come|received?|shown up|turned up)",
        ),
    ),
    (
        Cause.LATE,
        _any(
            "(?:too|so|very|really|arrived|came|was|days?|weeks?|months?|delivered) late|late delivery|delayed",
            "took (?:too|so|forever|ages)",
        ),
    ),
    (
        Cause.NO_LONGER_NEEDED,
        _any(
            "changed? (?:my|our) minds?|no longer (?:need|want|require)|not needed|not for me|unwanted|regret",
            f"{_DOES_NOT} (?:really )?(?:need|want|like|love|fit|suit)(?: (?:it|them|this|these))?",
            "too (?:big|small|large|tight|loose|long|short|wide|heavy)|not my (?:style|taste|colou?r|size|thing)",
            "found (?:it |one )?(?:cheaper|a better|better|elsewhere)",
        ),
    ),
)


def read_cause(text: str) -> Cause | None:
    """The reason that the text gives, None when it gives none."""
    said = _NOT_A_FAULT.sub(" ", plain(text))
    return next((cause for cause, pattern in _CAUSES if pattern.search(said)), None)
