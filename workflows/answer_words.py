"""The words that an answer to a yes/no question may be made of, each with the part it plays."""

from enum import StrEnum

from workflows.words import phrases


class Part(StrEnum):
    """What a phrase does in an answer."""

    YES = "yes"
    SOFT_YES = "soft_yes"
    """Agrees when it stands alone, and only acknowledges beside a thank-you."""
    NO = "no"
    WAIT = "wait"
    """Holds the answer back without deciding it."""
    THANKS = "thanks"
    PRAISE = "praise"
    FILLER = "filler"
    ECHO = "echo"
    """Repeats the deed that the question is about ("cancel it"); it adds nothing to a yes."""
    OTHER = "other"
    """Anything that is not in these lists; one such word and the answer is no yes."""


# A phrase belongs here only if no mix of it with the other lists can mean something else than it says here.
_WORDS = {
    Part.YES: phrases(
        "yes, yeah, yep, yup, yea, yah, aye, affirmative, sure, sure thing, absolutely, definitely, certainly, of course",
        "obviously",
        "correct, thats correct, that is correct, thats right, that is right, confirmed, i confirm, i can confirm",
        "agreed, i agree, approved, i approve, go ahead, go for it, go on then, proceed",
        "do it, do that, please do, please do it, please do that",
        "by all means, sounds good, sounds great, sounds perfect, looks good, works for me, that works, fine by me",
        "fine with me, ok with me, thats fine, that is fine, thats ok, thats okay, that is ok, that is okay, im sure",
        "i am sure, id like that, i would like that, that would be great, that would be lovely, that would be perfect",
        "that would be good, that would be fine, yes do, yes i do, yes i would, yes i am, yes it is, yes that is",
        "yes you can, yes you may, yes i want that, 👍, 👌, ✅, ✔, ☑, 🆗",
    ),
    Part.SOFT_YES: phrases("ok, okay, okey, fine, alright, all right, very well"),
    Part.NO: phrases(
        "no, nope, nah, no thanks, no thank you, no way, negative, not now, absolutely not, definitely not",
        "obviously not",
        "certainly not, of course not, dont, do not, please dont, dont do it, do not do it, dont do that, do not do that",
        "stop, stop it, stop that, never mind, nevermind, forget it, forget that, forget about it, leave it",
        "leave it as it is, rather not",
        "id rather not, i would rather not, dont bother, dont worry about it, i dont want that, i do not want that",
        "i dont want it, i do not want it, i dont want to, i do not want to, not anymore, no need, not needed",
        "thats wrong, that is wrong, thats not right, that is not right, incorrect, 👎, ❌, 🚫, ⛔, ✖",
    ),
    Part.WAIT: phrases(
        "wait, wait a minute, wait a second, hold on, hang on, hold off, hmm, on second thought, on second thoughts"
    ),
    Part.THANKS: phrases(
        "thanks, thank you, thankyou, thx, ty, tysm, cheers, many thanks, thanks a lot, thanks so much, thanks again",
        "thank you so much, thank you very much, thank you again, thanks very much, much appreciated, appreciated",
        "appreciate it, i appreciate it, i really appreciate it, i appreciate that, 🙏, have a nice day, have a great day",
        "have a good day, have a lovely day, you too, thats all, that is all, thats it, nothing else, no more questions",
    ),
    Part.PRAISE: phrases(
        "great, perfect, excellent, awesome, wonderful, brilliant, lovely, cool, super, amazing, fantastic, nice, good",
        "got it, understood, noted, youre the best, you are the best, that was quick, 🎉, ❤, 😊, 🙂, 😀, 😃, 😄, 😁, ☺",
    ),
    Part.FILLER: phrases(
        "please, pls, plz, and, so, then, now, oh, ah, actually, sorry, hi, hello, hey, there, team, dear, everyone, folks",
        "sir, madam, good morning, good afternoon, good evening, right away, straight away, immediately, asap",
        "as soon as possible, as soon as you can, no problem, no worries, no rush, no hurry",
        "regards, kind regards, best regards, best wishes",
    ),
}
# Only behind a thank-you: "yes, for everything" would widen the question.
_THANKED_FOR = phrases(
    "for your help, for the help, for helping, for everything, for the quick reply, for your quick reply, for your reply",
    "for the reply, for the info, for the information, for the update, for letting me know, for that, for checking",
)
MIND = phrases("changed my mind, i changed my mind, ive changed my mind, i have changed my mind")
"""A no, but beside the deed itself the reason for it: "yes, cancel it, I changed my mind"."""
_WORDS[Part.NO] |= MIND
_WORDS[Part.THANKS] |= {
    (*thanks, *what)
    for thanks in phrases(
        "thanks, thank you, many thanks, thanks so much, thank you so much, thank you very much, thanks a lot"
    )
    for what in _THANKED_FOR
}

PARTS: dict[tuple[str, ...], Part] = {phrase: part for part, group in _WORDS.items() for phrase in group}
"""Every known phrase and its part."""

VERBS = frozenset({"cancel", "refund", "return", "change", "update", "exchange", "send"})
_NOUNS = {"cancel": "cancellation", "refund": "refund", "return": "return", "change": "change", "exchange": "exchange"}
_OBJECTS = phrases(
    "it, that, this, them, the order, my order, this order, that order, order, the item, the items, my item, my items"
)
_UNNEEDED = phrases(
    "i dont need it anymore, i dont need it any more, i do not need it anymore, i do not need it any more",
    "i no longer need it, no longer needed, its no longer needed, not needed anymore, not needed any more",
)
"""Why the goods are to go; said of the goods, so that it neither refuses nor grants the deed."""
_OWN_OBJECTS = {
    "cancel": phrases("the whole order, the entire order, the whole thing, the full order"),
    "refund": phrases("me, the money, my money"),
}
_ADDRESSED = {"change", "update"}
_ADDRESS = phrases("the address, my address, address")
_FORBIDDING = phrases("dont, do not, stop, please dont, please do not")


def echoes(question_words: frozenset[str]) -> dict[tuple[str, ...], Part]:
    """Phrases that only repeat what the question asks ("cancel the order"), so that they add nothing to a yes."""
    found: dict[tuple[str, ...], Part] = {}
    for verb in VERBS & question_words:
        for thing in _OBJECTS | _OWN_OBJECTS.get(verb, frozenset()):
            found[(verb, *thing)] = Part.ECHO
        if verb in _ADDRESSED:
            found |= {(verb, *thing): Part.ECHO for thing in _ADDRESS}
            found |= {(*lead, verb, *thing): Part.NO for lead in _FORBIDDING for thing in _ADDRESS}
        if verb in _NOUNS:
            noun = _NOUNS[verb]
            for lead in ("with the", "with my", "process the", "make the"):
                found[(*lead.split(), noun)] = Part.ECHO
    if found:
        found |= dict.fromkeys(phrases("with it, with that, with this, process it"), Part.ECHO)
    if question_words & {"cancel", "return"}:
        found |= dict.fromkeys(_UNNEEDED, Part.FILLER)
    return found


def refusals() -> dict[tuple[str, ...], Part]:
    """Phrases that forbid an act by name ("do not refund me"); they refuse whatever was asked, but for an address."""
    return {
        (*lead, verb, *thing): Part.NO
        for lead in _FORBIDDING
        for verb in VERBS
        for thing in (*_OBJECTS, *_OWN_OBJECTS.get(verb, frozenset()), ())
    }
