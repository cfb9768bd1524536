"""What people answer when they are asked for a yes."""

import pytest

from classifier.clean import clean
from workflows.confirm import (
    Answer,
    comes_round,
    is_plain_no,
    is_plain_thanks,
    is_retraction,
    last_word,
    read_answer,
    takes_back,
    wants_nothing,
)

CANCEL = (
    "Hi Ada,\n\nI can cancel order D-100001 (Desk Lamp).\n$25.00 would go back to Visa ending 4242."
    "\n\nShall I cancel the order? Please reply yes or no."
)
REFUND = (
    "This is what I can do:\n\n- Refund: $25.00\n- To: Visa ending 4242\n\nShall I make this refund? Please reply yes or no."
)


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "Yes.",
        "YES!!!",
        "yesss",
        "y",
        "yes please",
        "YES. obviously",
        "Yes, please go ahead",
        "go ahead",
        "ok do it",
        "👍",
        "👍🏽",
        "sure thing, thanks",
        "Sure!",
        "yep, that's fine",
        "That’s correct",
        "ok",
        "Okay.",
        "please do",
        "absolutely, thank you so much for your help",
        "Hi there, yes please.",
        "yes yes yes",
        "no problem, go ahead",
        "Yes 🙂",
        "yes please :)",
        "Ｙｅｓ",
        "sorry, yes",
        "ok yes please do that asap",
    ],
)
def test_these_are_a_yes(text: str) -> None:
    assert read_answer(text) is Answer.YES


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "No!",
        "n",
        "nope",
        "no thanks",
        "No, thank you.",
        "wait, no",
        "Wait - no!",
        "stop",
        "please stop",
        "don't",
        "Don’t do it",
        "actually no",
        "no, I want to keep it",
        "Never mind",
        "👎",
        "I changed my mind",
        "please don't refund it",
        "do not cancel the order",
        "yes... actually, no",
        "ok, no thanks",
    ],
)
def test_these_are_a_no(text: str) -> None:
    assert read_answer(text) is Answer.NO


@pytest.mark.parametrize(
    "text",
    [
        "yes, but only the headphones",
        "yes but",
        "Yes if it is free",
        "yes, unless it has shipped",
        "yes when you have checked",
        "yes?",
        "really?",
        "no, go ahead",
        "no yes",
        "yes/no",
        "yes or no",
        "yes нет",
        "yes to the other one",
        "yes, for everything",
        "Yes, after Friday",
        "yes, 20 dollars",
        "maybe",
        "I guess so",
        "not sure",
        "not yes",
        "I never said yes",
        "wait",
        "hold on, yes",
        "please confirm",
        "ok, what happens then?",
        "when will I get it?",
        "No? I thought so. Do the refund",
        "no idea what you mean",
        "No, can you refund the other order instead?",
        "yes and cancel my account",
        "~yes~",
        "y\u0336e\u0336s\u0336",
        "",
        "   ",
        "yes？",
        "don't worry, go ahead",
        "why not",
        "yes please send it to my other card",
    ],
)
def test_these_are_asked_again(text: str) -> None:
    assert read_answer(text) is Answer.UNCLEAR


@pytest.mark.parametrize(
    "text", ["Yes please.\n\nThanks,\nAda Lovelace", "Yes, go ahead.\n\nKind regards,\nAda", "yes\nthanks\nada"]
)
def test_a_yes_above_a_signature_is_a_yes(text: str) -> None:
    assert read_answer(clean(text).text) is Answer.YES


@pytest.mark.parametrize(
    "more",
    [
        *("Actually no, keep the kettle", "But only the blue mug", "no wait", "not yet", "Keep one mug", "But Wait", "If Free"),
        *("only tomorrow", "Nope", "Blue mug", "Scrap it", "Ada\nHold off", "Kind regards\nnot now", "👎", "Ada\n❌"),
    ],
)
@pytest.mark.parametrize("closing", ["Thanks", "cheers,", "Thank you!\n", "---"])
def test_a_yes_with_a_word_below_the_thanks_is_no_yes(closing: str, more: str) -> None:
    assert read_answer(clean(f"Yes please\n\n{closing}\n{more}").text) is not Answer.YES


@pytest.mark.parametrize(
    "text",
    ["thanks", "Thank you so much!", "cheers", "🙏", "great, thanks", "ok thanks", "Perfect!", "thank you for your help"],
)
def test_a_thank_you_decides_nothing(text: str) -> None:
    assert read_answer(text) is Answer.THANKS


def test_a_yes_may_repeat_what_was_asked_and_nothing_else() -> None:
    assert read_answer("Yes, cancel it", CANCEL) is Answer.YES
    assert read_answer("yes please cancel order D-100001", CANCEL) is Answer.YES
    assert read_answer("yes, cancel order D-100002", CANCEL) is Answer.UNCLEAR
    assert read_answer("yes, cancel it", REFUND) is not Answer.YES
    assert read_answer("yes cancel the refund", CANCEL) is Answer.UNCLEAR
    assert read_answer("yes, refund me", REFUND) is Answer.YES
    assert read_answer("yes, refund me", CANCEL) is Answer.UNCLEAR
    assert read_answer("yes, 1111", REFUND) is Answer.UNCLEAR


def test_cancel_that_stops_a_refund_and_is_asked_again_about_a_cancelling() -> None:
    assert read_answer("cancel that", REFUND) is Answer.NO
    assert read_answer("cancel that", CANCEL) is Answer.UNCLEAR


@pytest.mark.parametrize(
    ("texts", "answer"),
    [
        (["yes", "wait, no"], Answer.NO),
        (["no", "actually yes, go ahead"], Answer.YES),
        (["yes", "thanks"], Answer.YES),
        (["no", "ok thanks"], Answer.NO),
        (["yes", "when will it arrive?"], Answer.UNCLEAR),
        (["when will it arrive?", "yes"], Answer.YES),
        (["no", "ok"], Answer.UNCLEAR),
        (["thanks", "thank you"], Answer.THANKS),
        (["yes", "great"], Answer.YES),
        ([], Answer.UNCLEAR),
    ],
)
def test_messages_are_read_together_and_the_last_word_wins(texts: list[str], answer: Answer) -> None:
    assert last_word(texts) is answer


@pytest.mark.parametrize(
    "text",
    [
        "wait, no",
        "please don't refund",
        "Please do not refund me, I found it",
        "cancel that, I changed my mind",
        "Stop the refund please",
        "I no longer want the refund",
        "Thanks but please don't refund me",
        "I'd rather keep the order",
        "no",
        "never mind",
        "Can you please stop the refund?",
        "please don't cancel my order",
        "Don't cancel order D-100003",
        "please do not refund the coffee grinder, I found it",
        "don't refund me because it came after all",
        "don't do it",
        "do not proceed",
        "Please don't go ahead with the return",
        "I don't want you to refund me",
    ],
)
def test_these_take_a_request_back(text: str) -> None:
    assert is_retraction(text)


@pytest.mark.parametrize(
    "text",
    [
        "where is my refund",
        "why don't you refund me?",
        "if you don't refund me I will sue",
        "please don't cancel my refund",
        "Please don't send me a voucher, I want the money on my card",
        "Please don't send me any more emails",
        "don't change my address",
        "don't refund it to my old card",
        "don't refund me in store credit",
        "do not return the money to PayPal",
        "No, I still have not received it",
        "thanks",
        "yes",
        "no?",
        "cancel that order",
        "",
    ],
)
def test_these_take_nothing_back(text: str) -> None:
    assert not is_retraction(text)


def test_an_address_that_is_to_stay_takes_back_only_its_own_change() -> None:
    for text in ("don't change my address", "Please don't change my delivery address, I am staying"):
        assert is_retraction(text, "change_address")
        assert takes_back(text, "change_address")
        assert not is_retraction(text, "return_refund")
    assert is_plain_no("don't change my address", "change_address")
    assert read_answer("don't change my address", "Shall I change the address?") is Answer.NO
    assert read_answer("don't change my address", REFUND) is Answer.UNCLEAR


def test_cancel_it_is_no_retraction_of_a_cancelling() -> None:
    assert is_retraction("cancel it", "return_refund")
    assert not is_retraction("cancel it", "cancel_order")
    assert not is_retraction("yes, cancel it")


@pytest.mark.parametrize(
    "text",
    [
        "Yes please cancel it, I changed my mind",
        "Please cancel it, I changed my mind",
        "Yes, I've changed my mind",
        "I would like to cancel the order. I changed my mind",
    ],
)
def test_a_change_of_mind_about_the_goods_is_not_taken_for_a_no(text: str) -> None:
    assert read_answer(text, CANCEL) is Answer.UNCLEAR
    assert not is_retraction(text, "cancel_order")


def test_a_change_of_mind_alone_is_a_no() -> None:
    assert read_answer("no, don't cancel it, I changed my mind", CANCEL) is Answer.NO
    assert is_retraction("I changed my mind, don't cancel it", "cancel_order")
    assert is_retraction("I changed my mind", "return_refund")
    assert last_word(["yes", "wait, I changed my mind"], CANCEL) is Answer.NO


def test_goods_that_are_not_needed_anymore_refuse_nothing() -> None:
    for text in ("Yes, I don't need it anymore.", "Yes please. No longer needed", "I no longer need it, go ahead"):
        assert read_answer(text, CANCEL) is Answer.YES
    assert read_answer("I don't need it anymore", CANCEL) is Answer.UNCLEAR
    assert read_answer("No, I don't need it anymore", CANCEL) is Answer.NO


def test_praise_and_acknowledgement_are_not_plain_thanks() -> None:
    assert is_plain_thanks("Thank you!")
    assert not is_plain_thanks("ok, thanks")
    assert not is_plain_thanks("great")


@pytest.mark.parametrize("text", ["ok", "👍", "no, that's all, thanks", "never mind", "great, thank you!", "okk"])
def test_an_answered_customer_may_want_nothing_more(text: str) -> None:
    assert wants_nothing(text)


@pytest.mark.parametrize(
    "text", ["actually yes please", "on second thought, yes, cancel it", "yes", "I changed my mind, cancel it"]
)
def test_a_no_may_be_followed_by_a_wish_for_it_after_all(text: str) -> None:
    assert comes_round(text, "cancel_order")


@pytest.mark.parametrize("text", ["no", "ok", "wait", "yes?", "yes, keep it", "yes, but the other one", "don't cancel it", ""])
def test_what_comes_after_a_no_is_mostly_no_wish_for_it(text: str) -> None:
    assert not comes_round(text, "cancel_order")


@pytest.mark.parametrize("text", ["ok?", "yes", "no, the other one", "it is not there", "ok but when", ""])
def test_anything_else_is_more_than_nothing(text: str) -> None:
    assert not wants_nothing(text)


@pytest.mark.parametrize(
    "text", ["no wait, don't cancel it!", "stop!", "I changed my mind", "undo that", "please dont refund me"]
)
def test_what_is_done_may_be_wanted_undone(text: str) -> None:
    assert takes_back(text)


@pytest.mark.parametrize("text", ["no", "never mind", "thanks", "no thanks", "ok", "where is my refund"])
def test_a_no_to_something_more_undoes_nothing(text: str) -> None:
    assert not takes_back(text)


@pytest.mark.parametrize("text", ["wait", "Wait! Stop", "hold on", "wait no", "stop, I still need it"])
def test_a_stop_after_the_deed_takes_it_back(text: str) -> None:
    assert takes_back(text, "return_refund")


@pytest.mark.parametrize("text", ["wait, I also want to return the kettle", "Hold on, when do I get the label?"])
def test_a_pause_in_front_of_another_wish_takes_nothing_back(text: str) -> None:
    assert not takes_back(text, "return_refund")
