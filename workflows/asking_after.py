"""How customers come back to what a ticket was about: they ask how it stands, or name another order and nothing else."""

import re

from workflows.answer_words import PARTS, Part
from workflows.slots.orders import ORDER_LIKE, names_other
from workflows.words import READ_AT_MOST, clauses, phrases, plain, says, tokens

_ABOUT = (
    "(?: (?:on|about|with|for|from|regarding|to|of|my|the|this|that|your|it|me|us|all|refund|money|return|request|cancellation"
    "|case|ticket|issue|approval|decision|team|colleague|side|end|you|here|yet|now))*"
)
_NEWS = "(?:news|updates?|progress|word|luck|decision|answer|reply|response|feedback|info|developments?)"
_IT = "(?:it|this|that|things|my (?:refund|money|return|request|case|ticket)|the (?:refund|money|return|request|case))"
_STANDS = tuple(
    re.compile(rf"(?:{pattern}){_ABOUT}")
    for pattern in (
        rf"(?:is there |have you (?:got )?|do you have |got |is |there )?(?:any|some|no|an) (?:new )?{_NEWS}(?: yet)?",
        rf"(?:status |an? )?{_NEWS}",
        "(?:the |whats the |what is the |hows the )?(?:current )?status",
        rf"(?:i am |im |am |we are |were )?(?:still )?waiting(?: (?:for|on) (?:an? |any |the )?{_NEWS})?",
        rf"still (?:nothing|no {_NEWS}|no (?:refund|money))",
        "(?:whats|what is|what has|whats been) (?:happening|going on|up|taking so long|the (?:hold ?up|delay|matter))"
        f"(?: with {_IT})?",
        f"(?:hows|how is|how are|how does|where does|where do|where is|wheres) {_IT}"
        "(?: (?:going|coming|coming along|looking|stand|at))?",
        "how (?:much )?long(?:er)?(?: .{0,60})?|when",
        rf"when (?:will|do|does|is|should|can) (?:i|we|you|they|{_IT}|somebody|someone|(?:your|the|a) colleague)"
        " (?:finally )?(?:hear|know|get|have|see|receive|be|come|arrive|decide|answer|reply|look)\\b.{0,40}",
        rf"(?:is|has|was|did) (?:{_IT}|anyone|anybody|somebody|someone|(?:your|the|a) colleague|they)\b.{{0,30}}"
        "\\b(?:yet|done|approved?|decided?|through|sorted|ready|finished|processed|accepted|paid|refunded|looked?|answer(?:ed)?)",
        "(?:is )?(?:anyone|anybody|somebody|someone) (?:there|here|home|listening|reading this)",
        "are you (?:there|still there)|you there|hello+|hey+|hi+|well|so|and|huh|seriously|come on|wtf|omg|ffs",
    )
)


def asks_after(text: str) -> bool:
    """Whether the text does nothing but ask how things stand, impatient noises included: "any news?", "hello??"."""
    if ORDER_LIKE.search(text):
        return False
    said = [_bare(clause) for clause in clauses(text[:READ_AT_MOST])]
    said = [clause for clause in said if clause]
    if not said:
        return "?" in text
    return all(any(pattern.fullmatch(clause) for pattern in _STANDS) for clause in said)


_COURTESY = {Part.FILLER, Part.THANKS, Part.PRAISE, Part.SOFT_YES}
_REFERRING = frozenset(
    word
    for (word,) in phrases(
        "order, orders, number, no, nr, num, id, is, it, its, was, the, my, this, that, these, those, one, ones, sorry, i, im",
        "ive, mean, meant, meaning, other, different, another, and, also, what, whats, about, how, for, of, to, with, not",
        "instead, rather, wrong, oops, second, first, third, last, latest, newest, older, newer, please, pls, ok, so, then",
        "try, check, look, at, up, can, could, you, u, show, me, tell, now, here, again, too, as, well, same, would, like",
        "want, know, on, parcel, package",
    )
)


def only_refers(text: str) -> bool:
    """Whether the text names an order, or "the other one", and says nothing else: "no, I meant D-100002"."""
    said = plain(text[:READ_AT_MOST])
    if not ORDER_LIKE.search(said) and not names_other(said):
        return False
    rest = tokens(ORDER_LIKE.sub(" ", said))
    return all(word in _REFERRING or not word.isalnum() or PARTS.get((word,)) in _COURTESY for word in rest)


def _bare(clause: tuple[str, ...]) -> str:
    """The clause in plain words without the courtesy around it."""
    words = [word for word in clause if word.isalnum() or word == "-"]
    while words and words[0] not in _KEPT and PARTS.get((words[0],)) in (Part.FILLER, Part.SOFT_YES, Part.NO, Part.WAIT):
        words.pop(0)
    while words and words[-1] not in _KEPT and PARTS.get((words[-1],)) in (Part.FILLER, Part.THANKS):
        words.pop()
    return " ".join(words)


_KEPT = frozenset({"no", "there"})


_ON = re.compile(
    r"\b(?:i(?:d| would)? still (?:want|need|would like|like)|(?:im|i am) still (?:here|interested)"
    r"|still (?:want|need|interested)"
    r"|(?:lets|please|can we|could we|i want to|id like to) (?:go on|continue|carry on|start again|try again|proceed)"
    r"|^(?:go on|continue|carry on|start again|try again))\b"
)


def wants_on(text: str) -> bool:
    """Whether the customer wants to go on with what was given up: "I still want it", "let's go on"."""
    return _ON.search(plain(text[:READ_AT_MOST])) is not None


_GREETINGS = phrases(
    "hi, hello, hey, hiya, hallo, good morning, good afternoon, good evening, good day, greetings, hi there, hello there",
    "hey there, hi team, hello team, dear team, hi all, hello everyone",
)


def only_greets(text: str) -> bool:
    """Whether the text is a greeting and nothing else."""
    said = clauses(text)
    return bool(said) and all(clause in _GREETINGS for clause in said)


_WHERE = frozenset(
    word
    for (word,) in phrases(
        "where, wheres, is, are, my, the, order, orders, parcel, package, number, no, nr, it, now, status, of, on, for, track",
        "tracking, when, will, come, arrive, be, here, please, pls, plz, hi, hello, hey, and, has, been, shipped, sent, yet",
        "get, there, still, delivery, update, whats, what, about, i, u, you, tell, me, can, could, was, were, did, delivered",
        "arrived, ok, okay, thanks, thank, also, then, so, that, this, one",
    )
)
_PLACE = phrases("where, wheres, status, track, tracking, when, has, shipped, was, were, did, delivered, arrived")


def asks_where(text: str) -> bool:
    """Whether the text asks where a numbered order is and no more: "where is D-100001", "ok, and was D-100001 delivered?"."""
    said = plain(text[:READ_AT_MOST])
    words = [word for word in tokens(ORDER_LIKE.sub(" ", said)) if word.isalnum()]
    return ORDER_LIKE.search(said) is not None and says(words, _PLACE) and _WHERE.issuperset(words)
