"""Messages that want more than one thing, written for testing only."""

import json

import pytest

from classifier.dataset import DATA_DIR, read_rows
from classifier.intents import Intent
from classifier.model import IntentModel
from classifier.prediction import Reason

ITEMS = [json.loads(line) for line in (DATA_DIR / "test_several.jsonl").read_text(encoding="utf-8").splitlines()]


def test_most_double_wishes_are_seen_and_few_are_taken_for_one(model: IntentModel) -> None:
    said = [model.predict(item["text"]) for item in ITEMS]
    seen = sum(prediction.reason is Reason.SEVERAL_INTENTS for prediction in said)
    taken_for_one = sum(prediction.automatic for prediction in said)
    assert seen >= len(ITEMS) / 2
    assert taken_for_one <= 4


def test_the_intents_that_are_seen_are_the_ones_that_are_there(model: IntentModel) -> None:
    said = [(model.predict(item["text"]), item["intents"]) for item in ITEMS]
    seen = [(prediction.intents, wanted) for prediction, wanted in said if prediction.reason is Reason.SEVERAL_INTENTS]
    assert sum(set(found) <= set(wanted) for found, wanted in seen) >= 0.8 * len(seen)


def test_wishes_that_are_told_apart_for_flows_are_the_ones_that_are_there(model: IntentModel) -> None:
    apart = [(prediction.intents, item["intents"]) for item in ITEMS if (prediction := model.predict(item["text"])).separable]
    assert len(apart) >= 6
    assert [pair for pair in apart if list(pair[0]) != pair[1]] == []


def test_hardly_any_message_with_one_wish_is_told_apart(model: IntentModel) -> None:
    rows = read_rows([DATA_DIR / "test.jsonl"])
    apart = [row.text for row in rows if model.predict(row.text, row.subject).separable]
    assert len(apart) <= len(rows) / 200


def test_each_wish_keeps_what_is_told_around_it(model: IntentModel) -> None:
    text = "Hi! Please cancel order D-100003. I ordered it by mistake. Also, where is my order D-100001?"
    prediction = model.predict(text)
    assert prediction.separable
    assert [(part.intent, part.text) for part in prediction.parts] == [
        (Intent.CANCEL_ORDER, "Hi!\nPlease cancel order D-100003.\nI ordered it by mistake."),
        (Intent.ORDER_STATUS, "Also, where is my order D-100001?"),
    ]


def test_terse_messages_are_clear_enough(model: IntentModel) -> None:
    said = {
        "where is D-204411": Intent.ORDER_STATUS,
        "don't like the scarf, D-204419, returning": Intent.RETURN_REFUND,
        "did the money for D-204428 go out": Intent.REFUND_STATUS,
    }
    heard = {text: model.predict(text) for text in said}
    assert {text: one.intent for text, one in heard.items() if one.automatic} == said


@pytest.mark.parametrize(
    "text",
    [
        "Where is order D-100001? If it is not sent yet, cancel order D-100001.",
        "Please cancel order D-100003. Also, could you do the thing with the other thing?",
        "When will I get the refund for D-100003? And is it already on its way?",
        "Where is my order D-100001? And please cancel order D-100003. Also, can you recommend a good dentist?",
    ],
)
def test_a_condition_or_something_unclear_keeps_a_message_together(model: IntentModel, text: str) -> None:
    prediction = model.predict(text)
    assert not prediction.separable
    assert not prediction.automatic


def test_a_further_wish_that_is_announced_makes_a_clear_one_doubtful(model: IntentModel) -> None:
    assert model.predict("Please cancel order D-100003.").automatic
    assert not model.predict("Please cancel order D-100003. Also, does the hoodie come in any other cut?").automatic
