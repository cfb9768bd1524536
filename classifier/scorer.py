"""The linear model itself: n-gram features to class margins, probabilities and the confidence that a label may be used."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.features import Features, Reading
from classifier.ngrams import normalised

SIGNALS = ("log_top", "gap", "top", "second", "rejected", "top_minus_rejected", "known")
"""What the meta-confidence looks at, in the order of its coefficients."""
_LEAST_PROBABILITY = 1e-9


@dataclass(frozen=True)
class Confidence:
    """Two logistic regressions over SIGNALS: is the message in scope at all, and if so, is the best label right?"""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    """Shape (len(SIGNALS), 2)."""
    bias: NDArray[np.float64]
    """Shape (2,)."""

    def of(self, signals: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability of both together for each row of signals, shaped (rows, len(SIGNALS))."""
        answers = 1.0 / (1.0 + np.exp(-(((signals - self.mean) / self.scale) @ self.weights + self.bias)))
        return answers.prod(axis=1)


@dataclass(frozen=True)
class Scores:
    """What the model says about one text."""

    probabilities: NDArray[np.float64]
    """One per label, summing to one."""
    best: int
    """Column of the best label that is not the rejecting one."""
    rejected: bool
    """The rejecting label beats every other."""
    confidence: float
    """How likely the best label is right, 0 to 1."""
    known: float
    """Share of the text's words that training saw, 0 to 1."""


@dataclass(frozen=True)
class Scorer:
    """A trained linear model over any set of labels, one of which rejects."""

    labels: tuple[str, ...]
    rejecting: int
    """Column of the label that means "none of the others"."""
    features: Features
    weights: NDArray[np.float32]
    """Shape (columns, labels)."""
    bias: NDArray[np.float32]
    temperature: float
    confidence: Confidence

    def score(self, passages: Sequence[str]) -> tuple[Scores, tuple[Scores, ...]]:
        """Score a cleaned text, given as the passages that make it up, and then each passage by itself."""
        plain = [normalised(passage).strip() for passage in passages]
        reading = self.features.read(f" {' '.join(plain)} ")
        spans = [(0, reading.length)]
        for passage in plain:
            start = spans[-1][1] - 1 if len(spans) > 1 else 0
            spans.append((start, start + len(passage) + 2))
        scores = self._scores(reading, spans if len(passages) > 1 else spans[:1])
        return scores[0], tuple(scores[1:]) or (scores[0],)

    def _scores(self, reading: Reading, spans: Sequence[tuple[int, int]]) -> list[Scores]:
        rows = [self.features.row(reading, start, end) for start, end in spans]
        margins = np.array([values @ self.weights[columns] + self.bias for columns, values in rows], dtype=np.float64)
        known = np.array([reading.known_share(start, end) for start, end in spans])
        signals = signals_of(margins, known, self.rejecting, self.temperature)
        columns = zip(
            softmax(margins, self.temperature),
            best_labels(margins, self.rejecting),
            margins.argmax(axis=1) == self.rejecting,
            self.confidence.of(signals),
            known,
            strict=True,
        )
        return [Scores(shares, int(best), bool(out), float(sure), float(seen)) for shares, best, out, sure, seen in columns]


def softmax(margins: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Return probabilities for rows of margins divided by the temperature."""
    scaled = margins / temperature
    scaled = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return scaled / scaled.sum(axis=1, keepdims=True)


def best_labels(margins: NDArray[np.float64], rejecting: int) -> NDArray[np.intp]:
    """Return the best column of each row, the rejecting label left out."""
    allowed = margins.copy()
    allowed[:, rejecting] = -np.inf
    return allowed.argmax(axis=1)


def signals_of(
    margins: NDArray[np.float64], known: NDArray[np.float64], rejecting: int, temperature: float
) -> NDArray[np.float64]:
    """Return the rows of SIGNALS for rows of margins."""
    probabilities = softmax(margins, temperature)
    rejected = margins[:, rejecting].copy()
    allowed = margins.copy()
    allowed[:, rejecting] = -np.inf
    ordered = np.sort(allowed, axis=1)
    top, second = ordered[:, -1], ordered[:, -2]
    rows = np.arange(len(margins))
    log_top = np.log(np.maximum(probabilities[rows, allowed.argmax(axis=1)], _LEAST_PROBABILITY))
    return np.column_stack((log_top, top - second, top, second, rejected, top - rejected, known))
