"""Messages that want more than one thing, written for testing only."""

import json

from classifier.dataset import DATA_DIR
from classifier.model import IntentModel
from classifier.prediction import Reason

ITEMS = [json.loads(line) for line in (DATA_DIR / "test_several.jsonl").read_text(encoding="utf-8").splitlines()]


def test_most_double_wishes_are_seen_and_few_are_taken_for_one(model: IntentModel) -> None:
    said = [model.predict(item["text"]) for item in ITEMS]
    seen = sum(prediction.reason is Reason.SEVERAL_INTENTS for prediction in said)
    taken_for_one = sum(prediction.automatic for prediction in said)
    assert seen >= len(ITEMS) / 2
    assert taken_for_one <= len(ITEMS) / 4


def test_the_intents_that_are_seen_are_the_ones_that_are_there(model: IntentModel) -> None:
    said = [(model.predict(item["text"]), item["intents"]) for item in ITEMS]
    seen = [(prediction.intents, wanted) for prediction, wanted in said if prediction.reason is Reason.SEVERAL_INTENTS]
    assert sum(set(found) <= set(wanted) for found, wanted in seen) >= 0.8 * len(seen)
