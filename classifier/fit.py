"""Fits the linear model to texts with any labels; the product's intents and the public benchmarks use the same code."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion
from sklearn.svm import LinearSVC

from classifier.calibrate import HeldOut
from classifier.features import Features, Terms
from classifier.ngrams import characters, normalised, words

SEED = 20_261_120
_MIN_TEXTS = 2
"""An n-gram that only one message holds says more about its writer than about its intent."""
_PRUNED_BELOW = 0.02
_MAX_ITERATIONS = 10_000


@dataclass(frozen=True)
class Linear:
    """N-gram features and one weight vector per label, before anything is calibrated."""

    labels: tuple[str, ...]
    features: Features
    weights: NDArray[np.float32]
    """Shape (columns, labels)."""
    bias: NDArray[np.float32]

    def score(self, texts: Sequence[str], truth: Sequence[str], rejecting: str) -> HeldOut:
        """Return what this model says about cleaned texts that it was not trained on."""
        readings = [self.features.read(normalised(text)) for text in texts]
        rows = [self.features.row(reading, 0, reading.length) for reading in readings]
        margins = [values @ self.weights[columns] + self.bias for columns, values in rows]
        return HeldOut(
            margins=np.array(margins, dtype=np.float64).reshape(len(readings), len(self.labels)),
            known=np.array([reading.known_share(0, reading.length) for reading in readings], dtype=np.float64),
            truth=np.array([self.labels.index(label) for label in truth], dtype=np.intp),
            rejecting=self.labels.index(rejecting),
        )


def vectorizer() -> FeatureUnion:
    """Return the untrained features over normalised text: words and pairs, and character n-grams."""
    return FeatureUnion(
        [
            ("words", _counter(words)),
            ("characters", _counter(characters)),
        ]
    )


def _counter(analyzer: Any) -> TfidfVectorizer:
    return TfidfVectorizer(analyzer=analyzer, sublinear_tf=True, min_df=_MIN_TEXTS)


def fit_linear(texts: Sequence[str], labels: Sequence[str]) -> Linear:
    """Fit on cleaned texts; small weights are set to zero, and the same input always gives the same numbers."""
    features = vectorizer()
    matrix = features.fit_transform([normalised(text) for text in texts])
    machine = LinearSVC(C=1.0, class_weight="balanced", random_state=SEED, max_iter=_MAX_ITERATIONS)
    machine.fit(matrix, list(labels))
    if int(machine.n_iter_) >= _MAX_ITERATIONS:
        raise RuntimeError("the linear model did not converge")
    weights = machine.coef_.T.astype(np.float32)
    weights[np.abs(weights) < _PRUNED_BELOW] = 0.0
    blocks = dict(features.transformer_list)
    return Linear(
        labels=tuple(str(label) for label in machine.classes_),
        features=Features(_terms(blocks["words"]), _terms(blocks["characters"])),
        weights=weights,
        bias=np.asarray(machine.intercept_, dtype=np.float32),
    )


def _terms(block: TfidfVectorizer) -> Terms:
    """Return the vocabulary in column order with its inverse document frequencies."""
    by_column = sorted(block.vocabulary_, key=block.vocabulary_.__getitem__)
    return Terms(tuple(by_column), block.idf_.astype(np.float32))
