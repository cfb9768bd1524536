"""Why the customer wants an order undone, read from their words."""

import re
from enum import StrEnum

from workflows.words import plain


class Cause(StrEnum):
    """A reason that a tool knows, by the contract's word for it, or `OWN_DAMAGE`, which only people decide on."""

    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    NOT_AS_DESCRIBED = "not_as_described"
    LOST = "lost"
    LATE = "late"
    ORDERED_BY_MISTAKE = "ordered_by_mistake"
    NO_LONGER_NEEDED = "no_longer_needed"
    OWN_DAMAGE = "own_damage"

    @property
    def faulty(self) -> bool:
        """Whether the fault lies with the merchant or the carrier."""
        return self not in (Cause.ORDERED_BY_MISTAKE, Cause.NO_LONGER_NEEDED, Cause.OWN_DAMAGE)


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
_MERCHANT = "(?:you|youve|they|theyve|somebody|someone|warehouse|shop|store|team|staff|colleagues?)"
_HOUSEHOLD = (
    "(?:i|ive|we|weve|my (?:\\w+ )?(?:dog|cat|puppy|kitten|pet|kids?|son|daughter|child|children|toddler|baby|husband|wife"
    "|partner|boyfriend|girlfriend|friend|brother|sister|mum|mom|mother|dad|father|roommate|flatmate|cleaner))"
)
_HARMED = (
    "(?:dropped|broke|broken|damaged|cracked|smashed|shattered|scratched|dented|ripped|tore|torn|bent|snapped|stained|chipped"
    "|chewed|burned|burnt|ruined|destroyed|crushed|knocked)"
)
_OTHER_THING = (
    r"(?!(?:me|us|it|them|this|that|these|those|only|just|one|nothing|no|my|an? e?-?mail|an? confirmation|on|in|from)\b)"
)
_BUT = r"(?:[,;.]? (?:but|and|though|whereas|while) |[,;.] ?)"
_CAME = rf"(?:{_MERCHANT} (?:have )?(?:sent|shipped|delivered|gave)(?: (?:me|us))?|i(?:ve)? (?:got|received))"
_ORDERED = "(?:i|we)(?:ve| had| have| actually| clearly)* (?:ordered|asked for|paid for|bought|wanted)"
_UNLIKE_ORDERED = (
    rf"{_CAME} {_OTHER_THING}[^,;.!?\n]{{2,50}}{_BUT}{_ORDERED} {_OTHER_THING}\w+"
    rf"|{_ORDERED} {_OTHER_THING}[^,;.!?\n]{{2,50}}{_BUT}(?:{_CAME}|got|received) {_OTHER_THING}\w+"
)
"""What came and what was ordered, side by side: "you sent me a red mug, I ordered blue"."""
_WISH = _any(
    "(?:need|needed|prefer|preferred|want|wanted|(?:would|id|wed)(?: really| much)? (?:like|love|rather have))"
    " (?:it in )?(?:an? )?(?:different|another|bigger|smaller|larger)"
    f" (?:(?P<trait>size|colou?r|model|version|style)s?|{_ARTICLE})"
)

# The first that matches wins: what the merchant is said to have done wrong, what the customer did, then faults, then delivery,
# then a change of mind.
_CAUSES: tuple[tuple[Cause, re.Pattern[str]], ...] = (
    (
        Cause.WRONG_ITEM,
        _any(
            rf"{_MERCHANT} (?:\w+ ){{0,3}}(?:picked|chose|selected|packed|sent|shipped|delivered|gave) (?:me |us )?"
            r"(?:\w+ ){0,2}wrong"
        ),
    ),
    (
        Cause.OWN_DAMAGE,
        _any(
            rf"{_HOUSEHOLD} (?:(?:have|has|had|accidentally|just|then|must have|somehow|stupidly|by accident) )*(?:{_HARMED}"
            r" (?:it|them|this|that|these|the|one|my|mine)\b(?! (?:\w+ )?off\b)|(?:spilled|spilt|stepped on|sat on))",
            "(?:fell|slipped) (?:out of|from|off) (?:my|our|the) (?:hands?|desk|table|shelf|counter|lap|pocket|bag)",
        ),
    ),
    (
        Cause.ORDERED_BY_MISTAKE,
        _any(
            "by (?:mistake|accident)|accidental(?:ly)?|my (?:mistake|fault)|misclick(?:ed)?",
            r"(?:ordered|bought|picked|chose|clicked|selected) (?:\w+ )?(?:the )?wrong",
            "(?:ordered|bought) (?:it |this |them )?twice",
            "should(?: have|ve) (?:ordered|bought|picked|chosen|taken|gone for)",
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
            _UNLIKE_ORDERED,
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
            "(?:too|so|very|really|arrived|came|was|were|is|its|are|running|days?|weeks?|months?|delivered) late",
            "late delivery|delayed",
            "took (?:too|so|forever|ages)",
        ),
    ),
    (
        Cause.NO_LONGER_NEEDED,
        _any(
            "changed? (?:my|our) minds?|no longer (?:need|want|require)(?:ed)?|not needed|not for me|unwanted|regret",
            f"{_DOES_NOT} (?:really )?(?:need|want|like|love|fit|suit)(?: (?:it|them|this|these))?",
            "too (?:big|small|large|tight|loose|long|short|wide|heavy)|not my (?:style|taste|colou?r|size|thing)",
            "found (?:it |one )?(?:cheaper|a better|better|elsewhere)",
        ),
    ),
)


def read_cause(text: str) -> Cause | None:
    """The reason that the text gives, None when it gives none."""
    said = _NOT_A_FAULT.sub(" ", plain(text))
    # A wish for another size is no fault of the merchant, and takes nothing from a fault that is told beside it. A wish for
    # "a different one" may be a correction and gives no reason.
    told = _WISH.sub(" ", said)
    cause = next((cause for cause, pattern in _CAUSES if pattern.search(told)), None)
    wishes = any(wish["trait"] for wish in _WISH.finditer(said))
    return cause or (Cause.NO_LONGER_NEEDED if wishes else None)
