"""Training: the same text gives the same model, and serving repeats the library's arithmetic."""

from pathlib import Path

import numpy as np
import pytest

from classifier.artefact import load_artefact
from classifier.calibrate import HeldOut, Limits, choose_threshold
from classifier.clauses import split
from classifier.dataset import TEST_FILE, DataError, Row, read_rows, training_files
from classifier.evaluate import evaluate, evaluate_cross_validated
from classifier.fit import fit_linear, vectorizer
from classifier.intents import Intent
from classifier.model import IntentModel
from classifier.ngrams import normalised
from classifier.train import TrainedModel, save, train

FEW = 30
"""Rows per intent that are enough to train something in a second."""


@pytest.fixture(scope="session")
def few_rows() -> list[Row]:
    """The first rows of each intent."""
    rows = read_rows(training_files())
    return [row for intent in Intent for row in [row for row in rows if row.intent == intent][:FEW]]


@pytest.fixture(scope="session")
def trained(few_rows: list[Row]) -> TrainedModel:
    """A small model."""
    return train(few_rows)


def test_training_twice_gives_the_same_files(trained: TrainedModel, few_rows: list[Row], tmp_path: Path) -> None:
    save(trained, tmp_path / "first")
    save(train(few_rows), tmp_path / "second")
    for name in ("vocabulary.json", "model.json"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_a_saved_model_says_what_the_trained_one_says(trained: TrainedModel, tmp_path: Path) -> None:
    save(trained, tmp_path)
    scorer, metadata = load_artefact(tmp_path)
    passages = split("where is my order? I want to cancel it")
    assert metadata == trained.metadata
    assert scorer.score(passages)[0].confidence == trained.scorer.score(passages)[0].confidence


def test_serving_counts_and_weighs_as_the_library_does(few_rows: list[Row]) -> None:
    texts = [row.text for row in few_rows]
    features = vectorizer()
    features.fit([normalised(text) for text in texts])
    linear = fit_linear(texts, [row.intent for row in few_rows])
    for text in (*texts[::20], "naïve café ☕ größe 12,50 €", "zzz qqq", ""):
        expected = features.transform([normalised(text)]).toarray()[0]
        reading = linear.features.read(normalised(text))
        columns, values = linear.features.row(reading, 0, reading.length)
        found = np.zeros(len(expected))
        found[columns] = values
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_passage_scores_the_same_alone_and_within_its_message(model: IntentModel) -> None:
    passages = split("Hello there. Where is my order D-100001? And please send me an invoice, thanks!")
    assert len(passages) > 2
    _, within = model.scorer.score(passages)
    for passage, said in zip(passages, within, strict=True):
        alone, _ = model.scorer.score((passage,))
        np.testing.assert_allclose(alone.probabilities, said.probabilities, atol=1e-6)
        assert alone.confidence == pytest.approx(said.confidence)


def test_the_threshold_lets_no_more_harm_through_than_allowed() -> None:
    margins = np.zeros((100, 3))
    margins[:, 0] = 1.0
    truth = np.zeros(100, dtype=np.intp)
    truth[[40, 60]] = 1
    truth[80:] = 2
    held_out = HeldOut(margins, np.ones(100), truth, rejecting=2)
    confidence = np.linspace(1.0, 0.01, 100)
    assert choose_threshold(confidence, held_out, Limits(0.01, 0.0)) == pytest.approx(confidence[59])
    assert choose_threshold(confidence, held_out, Limits(0.05, 0.0)) == pytest.approx(confidence[79])
    assert choose_threshold(confidence, held_out, Limits(0.5, 0.1)) == pytest.approx(confidence[81])


def test_a_threshold_that_cannot_be_kept_automates_nothing() -> None:
    held_out = HeldOut(np.array([[1.0, 0.0, 0.0]]), np.ones(1), np.array([1]), rejecting=2)
    assert choose_threshold(np.array([1.0]), held_out, Limits(0.0, 0.0)) > 1.0


def test_no_test_message_was_trained_on() -> None:
    trained_on = {normalised(row.text).strip(" .!?") for row in read_rows(training_files())} - {""}
    assert not [row.text for row in read_rows([TEST_FILE]) if normalised(row.text).strip(" .!?") in trained_on]


def test_every_intent_has_enough_text() -> None:
    rows = read_rows(training_files())
    counts = {intent: sum(row.intent == intent for row in rows) for intent in Intent}
    assert counts.pop(Intent.OUT_OF_SCOPE) >= 300
    assert min(counts.values()) >= 60


def test_the_shipped_model_does_little_harm_on_messages_it_never_saw(model: IntentModel) -> None:
    figures = evaluate(model, read_rows([TEST_FILE]))
    assert figures.wrong_and_automated <= 0.01
    assert figures.out_of_scope_accepted <= 0.02
    assert figures.coverage >= 0.4
    assert figures.accuracy >= 0.85
    assert figures.auroc >= 0.95


def test_cross_validated_figures_cover_every_training_message(trained: TrainedModel, few_rows: list[Row]) -> None:
    figures = evaluate_cross_validated(trained)
    assert figures.messages == len(few_rows)
    assert figures.wrong_and_automated <= Limits().wrong_share
    assert {figure.intent for figure in figures.per_intent} == set(Intent)


@pytest.mark.parametrize(
    "line", ["{", '{"intent": "invoice"}', '{"text": 3, "intent": "invoice"}', '{"text": "a", "intent": "nonsense"}', "[]"]
)
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"text": "bill please", "intent": "invoice"}\n' + line + "\n")
    with pytest.raises(DataError, match=r"rows\.jsonl:2"):
        read_rows([file])
