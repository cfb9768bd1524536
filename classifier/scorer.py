"""The linear model itself: n-gram features to class margins, probabilities and the confidence that a label may be used."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.features import Features
from classifier.ngrams import normalised

Margins = NDArray[np.float32]

SIGNALS = ("log_top", "gap", "top", "second", "rejected", "top_minus_rejected", "known", "length")
"""What the meta-confidence looks at, in the order of its coefficients."""
_LEAST_PROBABILITY = 1e-9


@dataclass(frozen=True)
class Confidence:
    """A logistic regression over SIGNALS that says how likely the best label is right."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: float

    def of(self, signals: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a probability for each row of signals, shaped (rows, len(SIGNALS))."""
        return 1.0 / (1.0 + np.exp(-(((signals - self.mean) / self.scale) @ self.weights + self.bias)))


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

    def margins(self, text: str) -> tuple[Margins, float, int]:
        """Return a text's margin per label, the share of known words and the length of the normalised text."""
        plain = normalised(text)
        columns, values = self.features.row(plain)
        return values @ self.weights[columns] + self.bias, self.features.known_share(plain), len(plain)

    def score(self, text: str) -> Scores:
        """Return probabilities, the best label and the confidence for one cleaned text."""
        margins, known, length = self.margins(text)
        rows = margins[np.newaxis, :].astype(np.float64)
        signals = signals_of(rows, np.array([known]), np.array([length]), self.rejecting, self.temperature)
        return Scores(
            probabilities=softmax(rows, self.temperature)[0],
            best=int(best_labels(rows, self.rejecting)[0]),
            rejected=int(margins.argmax()) == self.rejecting,
            confidence=float(self.confidence.of(signals)[0]),
        )


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
    margins: NDArray[np.float64], known: NDArray[np.float64], length: NDArray[np.float64], rejecting: int, temperature: float
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
    return np.column_stack((log_top, top - second, top, second, rejected, top - rejected, known, np.log(length + 1.0)))
