"""Whatever people write, a yes is never read out of what is none."""

from hypothesis import given
from hypothesis import strategies as st

from workflows.answer_words import PARTS, Part
from workflows.confirm import Answer, is_retraction, last_word, read_answer
from workflows.words import tokens

KNOWN_WORDS = {word for phrase in PARTS for word in phrase} | {"y"}

yeses = st.sampled_from(
    ["yes", "yes please", "go ahead", "ok do it", "👍", "sure thing, thanks", "Yes, please.", "please do", "ok"]
)
noes = st.sampled_from(["no", "wait, no", "stop", "don't", "actually no", "no thanks", "please don't", "never mind", "👎"])
thanks = st.sampled_from(["thanks", "Thank you!", "cheers", "many thanks", "great, thanks", "ok thanks", "🙏"])
hedges = st.sampled_from(
    [
        *("but", "if", "unless", "except", "only", "however", "when", "after", "before", "until", "as long as", "provided"),
        *("instead", "without", "not", "never", "wait", "hold on", "maybe", "first", "although", "assuming", "half", "other"),
    ]
)
joints = st.sampled_from([" ", ", ", ". ", "\n", " - ", "... ", "; "])
anything = st.text(max_size=60)
strange_words = st.text(st.characters(categories=["Ll", "Lo", "Nd"]), min_size=1, max_size=12).filter(
    lambda word: any(token not in KNOWN_WORDS for token in tokens(word))
)


@given(yeses, joints, hedges, joints, anything)
def test_a_condition_behind_a_yes_is_no_yes(yes: str, joint: str, hedge: str, second: str, rest: str) -> None:
    assert read_answer(f"{yes}{joint}{hedge}{second}{rest}") is not Answer.YES


@given(hedges, joints, yeses)
def test_a_condition_before_a_yes_is_no_yes(hedge: str, joint: str, yes: str) -> None:
    assert read_answer(f"{hedge}{joint}{yes}") is not Answer.YES


@given(anything, yeses, joints, strange_words, anything)
def test_a_word_that_the_rules_do_not_know_makes_it_no_yes(start: str, yes: str, joint: str, word: str, end: str) -> None:
    assert read_answer(f"{start} {yes}{joint}{word} {end}") is not Answer.YES


@given(anything, yeses, anything)
def test_a_question_is_no_yes(start: str, yes: str, end: str) -> None:
    assert read_answer(f"{start} {yes} ?{end}") is not Answer.YES


@given(st.permutations(["yes", "no"]), joints, yeses, noes)
def test_a_text_with_both_a_yes_and_a_no_is_no_yes(order: list[str], joint: str, yes: str, no: str) -> None:
    said = {"yes": yes, "no": no}
    assert read_answer(joint.join(said[part] for part in order)) is not Answer.YES


@given(anything)
def test_a_yes_holds_nothing_but_known_words_and_one_that_agrees(text: str) -> None:
    if read_answer(text) is Answer.YES:
        words = tokens(text)
        assert set(words) <= KNOWN_WORDS
        agreeing = {word for phrase, part in PARTS.items() if part in (Part.YES, Part.SOFT_YES) for word in phrase} | {"y"}
        assert agreeing & set(words)


@given(yeses, st.lists(thanks, max_size=3))
def test_thanks_behind_a_yes_change_nothing(yes: str, more: list[str]) -> None:
    assert last_word([yes, *more]) is Answer.YES


@given(noes, st.lists(thanks, max_size=3))
def test_thanks_behind_a_no_change_nothing(no: str, more: list[str]) -> None:
    assert last_word([no, *more]) is Answer.NO


@given(st.lists(st.one_of(yeses, noes, thanks, anything), max_size=5), noes)
def test_a_no_at_the_end_is_never_outvoted(before: list[str], no: str) -> None:
    assert last_word([*before, no]) is Answer.NO


@given(st.lists(yeses, max_size=3), strange_words)
def test_an_unclear_message_behind_a_yes_makes_it_unclear(before: list[str], word: str) -> None:
    assert last_word([*before, f"yes {word}"]) is Answer.UNCLEAR


@given(st.lists(st.one_of(yeses, noes, thanks, anything), max_size=5))
def test_the_last_word_is_a_yes_only_if_the_last_deciding_message_is_one(texts: list[str]) -> None:
    if last_word(texts) is Answer.YES:
        deciding = [read_answer(text) for text in texts if read_answer(text) is not Answer.THANKS]
        assert deciding[-1] is Answer.YES


@given(yeses)
def test_a_yes_is_no_retraction(yes: str) -> None:
    assert not is_retraction(yes)


@given(noes)
def test_a_no_takes_a_request_back(no: str) -> None:
    assert is_retraction(no)


@given(st.text(max_size=400))
def test_no_text_breaks_the_reading(text: str) -> None:
    assert read_answer(text, text) in Answer
    assert is_retraction(text) in (True, False)
