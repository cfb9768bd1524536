"""Trains the intent model; whatever it promises is fitted on messages that the fold's model had not seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from classifier.artefact import Metadata, save_artefact
from classifier.calibrate import HeldOut, Limits, choose_threshold, fit_confidence, fit_temperature
from classifier.clauses import is_wish, split
from classifier.clean import clean
from classifier.dataset import Row, digest
from classifier.fit import SEED, Linear, fit_linear
from classifier.intents import Intent
from classifier.scorer import Confidence, Scorer, best_labels

FOLDS = 5
LANGUAGE = "en"
"""The training text's language."""
_SPLIT_FALSE_ALARMS = 0.01
"""Share of one-intent messages that may be taken for several."""


@dataclass(frozen=True)
class TrainedModel:
    """A fitted model with the held-out margins that its promises rest on."""

    scorer: Scorer
    metadata: Metadata
    held_out: HeldOut
    """One row per training message, in the order of the training rows."""


@dataclass(frozen=True)
class CrossValidation:
    """Margins of every message and of its passages, each from a model that never saw the message."""

    messages: HeldOut
    passages: HeldOut
    owners: NDArray[np.intp]
    """For each passage, the row of its message."""


def train(rows: Sequence[Row], limits: Limits | None = None) -> TrainedModel:
    """Fit a model on labelled messages; the same rows always give the same model."""
    texts = [clean(row.text, row.subject).text for row in rows]
    labels = [row.intent for row in rows]
    checked = cross_validate(texts, labels)
    temperature = fit_temperature(checked.messages)
    confidence = fit_confidence(checked.messages, temperature)
    reached = confidence.of(checked.messages.signals(temperature))
    metadata = Metadata(
        data_digest=digest(rows),
        rows=len(rows),
        language=LANGUAGE,
        threshold=choose_threshold(reached, checked.messages, limits or Limits()),
        part_threshold=_part_threshold(checked, confidence, temperature),
    )
    scorer = calibrated(fit_linear(texts, labels), Intent.OUT_OF_SCOPE, temperature, confidence)
    return TrainedModel(scorer, metadata, checked.messages)


def save(model: TrainedModel, folder: Path) -> None:
    """Write the model's files into a folder."""
    save_artefact(folder, model.scorer, model.metadata)


def calibrated(linear: Linear, rejecting: str, temperature: float, confidence: Confidence) -> Scorer:
    """Put a linear model and what was fitted on held-out text together."""
    return Scorer(
        labels=linear.labels,
        rejecting=linear.labels.index(rejecting),
        features=linear.features,
        weights=linear.weights,
        bias=linear.bias,
        temperature=temperature,
        confidence=confidence,
    )


def cross_validate(texts: Sequence[str], labels: Sequence[str]) -> CrossValidation:
    """Score each cleaned text, and its passages, with a model fitted on the other folds."""
    messages: list[HeldOut] = []
    passages: list[HeldOut] = []
    rows: list[int] = []
    owners: list[int] = []
    for fitted_on, held in _folds(labels):
        linear = fit_linear([texts[row] for row in fitted_on], [labels[row] for row in fitted_on])
        owned = [(row, passage) for row in held for passage in split(texts[row]) if is_wish(passage)]
        messages.append(_scored(linear, [(row, texts[row]) for row in held], labels))
        passages.append(_scored(linear, owned, labels))
        rows.extend(held)
        owners.extend(row for row, _ in owned)
    in_order = HeldOut.concatenated(messages).taken(np.argsort(rows))
    return CrossValidation(in_order, HeldOut.concatenated(passages), np.array(owners, dtype=np.intp))


def _scored(linear: Linear, texts: Sequence[tuple[int, str]], labels: Sequence[str]) -> HeldOut:
    return linear.score([text for _, text in texts], [labels[row] for row, _ in texts], Intent.OUT_OF_SCOPE)


def _folds(labels: Sequence[str]) -> list[tuple[list[int], list[int]]]:
    """Return for each fold the rows to fit on and the rows to score, every intent in every fold."""
    splitter = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    folds: Any = splitter.split(np.zeros(len(labels)), list(labels))
    return [(fitted_on.tolist(), held.tolist()) for fitted_on, held in folds]


def _part_threshold(checked: CrossValidation, confidence: Confidence, temperature: float) -> float:
    """Return the lowest confidence of passages at which few one-intent messages look like several."""
    reached = np.where(checked.passages.rejected, 0.0, confidence.of(checked.passages.signals(temperature)))
    best = best_labels(checked.passages.margins, checked.passages.rejecting)
    allowed = _SPLIT_FALSE_ALARMS * len(checked.messages.truth)
    for threshold in np.arange(0.3, 1.0, 0.01):
        sure = reached >= threshold
        pairs = np.unique(np.column_stack((checked.owners[sure], best[sure])), axis=0)
        intents_per_message = np.unique(pairs[:, 0], return_counts=True)[1]
        if (intents_per_message > 1).sum() <= allowed:
            return float(threshold)
    return 1.0
