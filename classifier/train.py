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
from classifier.clauses import asks, is_statement, names_number, split
from classifier.clean import clean
from classifier.dataset import Row, digest
from classifier.fit import SEED, Linear, fit_linear
from classifier.intents import Intent
from classifier.scorer import Confidence, Scorer, best_labels
from classifier.wishes import Passage, wishes

FOLDS = 5
LANGUAGE = "en"
"""The training text's language."""
_SPLIT_FALSE_ALARMS = 0.01
"""Share of one-intent messages that may be taken for several."""
_DOUBT_FALSE_ALARMS = 0.03
"""Share of one-intent messages that may be held back because a passage seems to want something else."""


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
    texts: tuple[str, ...]
    """The passages themselves."""


def train(rows: Sequence[Row], limits: Limits | None = None) -> TrainedModel:
    """Fit a model on labelled messages; the same rows always give the same model."""
    texts = [clean(row.text, row.subject).text for row in rows]
    labels = [row.intent for row in rows]
    linear = fit_linear(texts, labels)
    checked = cross_validate(texts, labels)
    temperature = fit_temperature(checked.messages)
    confidence = fit_confidence(checked.messages, temperature)
    reached = confidence.of(checked.messages.signals(temperature))
    told = _told(checked, confidence.of(checked.passages.signals(temperature)), linear.labels)
    metadata = Metadata(
        data_digest=digest(rows),
        rows=len(rows),
        language=LANGUAGE,
        threshold=choose_threshold(reached, checked.messages, limits or Limits()),
        part_threshold=_lowest_quiet(told, _SPLIT_FALSE_ALARMS),
        doubt_threshold=_lowest_quiet(told, _DOUBT_FALSE_ALARMS),
    )
    scorer = calibrated(linear, Intent.OUT_OF_SCOPE, temperature, confidence)
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
    owned: list[tuple[int, str]] = []
    for fitted_on, held in _folds(labels):
        linear = fit_linear([texts[row] for row in fitted_on], [labels[row] for row in fitted_on])
        own = [(row, passage) for row in held for passage in split(texts[row]) if is_statement(passage)]
        messages.append(_scored(linear, [(row, texts[row]) for row in held], labels))
        passages.append(_scored(linear, own, labels))
        rows.extend(held)
        owned.extend(own)
    in_order = HeldOut.concatenated(messages).taken(np.argsort(rows))
    return CrossValidation(
        messages=in_order,
        passages=HeldOut.concatenated(passages),
        owners=np.array([row for row, _ in owned], dtype=np.intp),
        texts=tuple(passage for _, passage in owned),
    )


def _scored(linear: Linear, texts: Sequence[tuple[int, str]], labels: Sequence[str]) -> HeldOut:
    return linear.score([text for _, text in texts], [labels[row] for row, _ in texts], Intent.OUT_OF_SCOPE)


def _folds(labels: Sequence[str]) -> list[tuple[list[int], list[int]]]:
    """Return for each fold the rows to fit on and the rows to score, every intent in every fold."""
    splitter = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    folds: Any = splitter.split(np.zeros(len(labels)), list(labels))
    return [(fitted_on.tolist(), held.tolist()) for fitted_on, held in folds]


def _told(checked: CrossValidation, confidence: NDArray[np.float64], labels: Sequence[str]) -> list[list[Passage]]:
    """Return for each message what its passages say, by a model that never saw them."""
    best = best_labels(checked.passages.margins, checked.passages.rejecting)
    reached = np.where(checked.passages.rejected, 0.0, confidence)
    told: list[list[Passage]] = [[] for _ in checked.messages.truth]
    for at, owner in enumerate(checked.owners):
        text = checked.texts[at]
        told[owner].append(Passage(Intent(labels[best[at]]), asks(text), names_number(text), float(reached[at])))
    return told


def _lowest_quiet(told: Sequence[Sequence[Passage]], false_alarms: float) -> float:
    """Return the lowest confidence of passages at which few of these one-intent messages look like several."""
    for threshold in np.arange(0.3, 1.0, 0.01):
        alarms = sum(len({passages[at].intent for at in wishes(passages, threshold)}) > 1 for passages in told)
        if alarms <= false_alarms * len(told):
            return float(threshold)
    return 1.0
