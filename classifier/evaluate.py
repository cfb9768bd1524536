"""Measures a model on labelled messages: accuracy, calibration, and above all what it would automate wrongly."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from classifier.dataset import Row
from classifier.intents import Intent
from classifier.model import IntentModel
from classifier.prediction import Prediction
from classifier.train import TrainedModel

_CALIBRATION_BINS = 10


@dataclass(frozen=True)
class IntentFigures:
    """How one intent fares; every share is 0 to 1, and 0 where there is nothing to divide by."""

    intent: Intent
    messages: int
    precision: float
    """Of the messages labelled so by the model, how many are right."""
    recall: float
    """Of the messages of this intent, how many are labelled so."""
    coverage: float
    """Of the messages of this intent, how many are automated."""


@dataclass(frozen=True)
class Evaluation:
    """Shares are 0 to 1 over all messages unless the name says otherwise."""

    messages: int
    accuracy: float
    """Right labels before any abstention, the out-of-scope label included."""
    wrong_and_automated: float
    out_of_scope_accepted: float
    """Of the out-of-scope messages, how many are automated."""
    coverage: float
    """Of the in-scope messages, how many are automated."""
    auroc: float
    """In scope against out of scope by confidence; 0.5 is chance, nan when one side is missing."""
    calibration_error: float
    """Expected gap between confidence and being right, ten bins of equal width."""
    per_intent: tuple[IntentFigures, ...]


@dataclass(frozen=True)
class _Verdicts:
    """What a model said about messages whose truth is known, one entry per message."""

    truth: NDArray[np.str_]
    said: NDArray[np.str_]
    confidence: NDArray[np.float64]
    best_right: NDArray[np.bool_]
    automated: NDArray[np.bool_]


def evaluate(model: IntentModel, rows: Sequence[Row]) -> Evaluation:
    """Measure the whole pipeline on messages that the model was not trained on."""
    predictions = model.predict_many((row.text, row.subject) for row in rows)
    truth = np.array([row.intent for row in rows])
    said = np.array([prediction.intent.value for prediction in predictions])
    return _figures(
        _Verdicts(
            truth=truth,
            said=said,
            confidence=np.array([prediction.confidence for prediction in predictions]),
            best_right=np.array([_best_in_scope(prediction) for prediction in predictions]) == truth,
            automated=np.array([prediction.automatic for prediction in predictions]),
        )
    )


def evaluate_cross_validated(model: TrainedModel) -> Evaluation:
    """Measure a freshly trained model on its own text, each message judged by a fold that had not seen it.

    Temperature, confidence and threshold were fitted on the same held-out margins, so these figures flatter slightly.
    """
    held_out, scorer = model.held_out, model.scorer
    labels = np.array(scorer.labels)
    confidence = scorer.confidence.of(held_out.signals(scorer.temperature))
    said = labels[held_out.margins.argmax(axis=1)]
    automated = (confidence >= model.metadata.threshold) & ~held_out.rejected
    return _figures(_Verdicts(labels[held_out.truth], said, confidence, held_out.right, automated))


def _best_in_scope(prediction: Prediction) -> str:
    """Return the likeliest intent other than out of scope; out of scope where nothing was classified."""
    in_scope = [choice.intent for choice in prediction.alternatives if choice.intent is not Intent.OUT_OF_SCOPE]
    return in_scope[0].value if in_scope else Intent.OUT_OF_SCOPE.value


def _figures(verdicts: _Verdicts) -> Evaluation:
    foreign = verdicts.truth == Intent.OUT_OF_SCOPE.value
    wrong = verdicts.automated & (verdicts.said != verdicts.truth)
    one_sided = foreign.all() or not foreign.any()
    return Evaluation(
        messages=len(verdicts.truth),
        accuracy=_share(verdicts.said == verdicts.truth),
        wrong_and_automated=_share(wrong),
        out_of_scope_accepted=_share(verdicts.automated[foreign]),
        coverage=_share(verdicts.automated[~foreign]),
        auroc=float("nan") if one_sided else float(roc_auc_score(~foreign, verdicts.confidence)),
        calibration_error=_calibration_error(verdicts.confidence, verdicts.best_right & ~foreign),
        per_intent=tuple(_intent_figures(intent, verdicts) for intent in Intent),
    )


def _intent_figures(intent: Intent, verdicts: _Verdicts) -> IntentFigures:
    true, said = verdicts.truth == intent.value, verdicts.said == intent.value
    return IntentFigures(
        intent=intent,
        messages=int(true.sum()),
        precision=_share(true[said]),
        recall=_share(said[true]),
        coverage=_share(verdicts.automated[true]),
    )


def _calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    bins = np.minimum((confidence * _CALIBRATION_BINS).astype(int), _CALIBRATION_BINS - 1)
    gaps = [abs(confidence[bins == at].mean() - right[bins == at].mean()) * (bins == at).mean() for at in np.unique(bins)]
    return float(sum(gaps))


def _share(flags: NDArray[np.bool_]) -> float:
    return float(flags.mean()) if len(flags) else 0.0
