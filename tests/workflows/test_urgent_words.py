"""Which words move a case to the front of the queue, and which only sound like it."""

import pytest

from workflows.urgent_words import is_urgent


@pytest.mark.parametrize(
    "text",
    [
        "My account was hacked and somebody ordered stuff with my card!!",
        "There is an unauthorised payment on my statement",
        "My card has been stolen, please stop the order",
        "The battery caught fire on my desk",
        "I got an electric shock from the kettle",
        "You will hear from my lawyer.",
        "I’ll file a chargeback with my bank",
    ],
)
def test_fraud_harm_and_the_law_cannot_wait(text: str) -> None:
    assert is_urgent(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "This is RIDICULOUS!!! My backpack fell apart. I WANT MY MONEY BACK NOW",
        "Please charge the card that I used for my last order",
        "My friend recommended you, where is my order?",
        "Somebody from your team helped me, thank you",
        "The colour is fire red and I hoped for orange",
    ],
)
def test_anger_and_everyday_words_wait_their_turn(text: str) -> None:
    assert not is_urgent(text)
