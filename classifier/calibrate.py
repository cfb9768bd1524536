"""Fits on held-out margins what the margins themselves cannot say: temperature, confidence and the threshold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from classifier.scorer import Confidence, best_labels, signals_of, softmax

_MAX_ITERATIONS = 5_000
_FOREIGN_IN_TRAFFIC = 0.25
"""Every fourth message of a shop's inbox is taken to be out of scope."""
_NOTHING = 1.01
"""A threshold that no confidence reaches."""


@dataclass(frozen=True)
class HeldOut:
    """Margins of texts that the model which produced them was not trained on."""

    margins: NDArray[np.float64]
    """Shape (rows, labels)."""
    known: NDArray[np.float64]
    truth: NDArray[np.intp]
    """The right column of each row."""
    rejecting: int

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether each row's best label is the true one; never for a row that belongs to the rejecting label."""
        return (best_labels(self.margins, self.rejecting) == self.truth) & ~self.foreign

    @property
    def foreign(self) -> NDArray[np.bool_]:
        """Whether each row belongs to the rejecting label."""
        return self.truth == self.rejecting

    @property
    def rejected(self) -> NDArray[np.bool_]:
        """Whether the rejecting label beats every other."""
        return self.margins.argmax(axis=1) == self.rejecting

    def taken(self, rows: NDArray[np.intp]) -> "HeldOut":
        """Return these rows in this order."""
        return HeldOut(self.margins[rows], self.known[rows], self.truth[rows], self.rejecting)

    @classmethod
    def concatenated(cls, parts: Sequence["HeldOut"]) -> "HeldOut":
        """Return the rows of all parts, one after the other."""
        return cls(
            margins=np.concatenate([part.margins for part in parts]),
            known=np.concatenate([part.known for part in parts]),
            truth=np.concatenate([part.truth for part in parts]),
            rejecting=parts[0].rejecting,
        )

    def signals(self, temperature: float) -> NDArray[np.float64]:
        """Return the rows that the confidence is computed from."""
        return signals_of(self.margins, self.known, self.rejecting, temperature)


@dataclass(frozen=True)
class Limits:
    """The most harm that automation may do on held-out text, which is stranger than an ordinary day's mail."""

    wrong_share: float = 0.0075
    """Messages that are automated wrongly, out of all messages."""
    foreign_share: float = 0.015
    """Out-of-scope messages that are automated, out of all out-of-scope messages."""


def fit_temperature(held_out: HeldOut) -> float:
    """Return the temperature with the least negative log-likelihood."""
    rows = np.arange(len(held_out.truth))

    def loss(log_temperature: float) -> float:
        chosen = softmax(held_out.margins, float(np.exp(log_temperature)))[rows, held_out.truth]
        return -float(np.log(np.maximum(chosen, 1e-12)).mean())

    least: Any = minimize_scalar(loss, bounds=(-4.0, 2.0), method="bounded")
    return float(np.exp(least.x))


def fit_confidence(held_out: HeldOut, temperature: float) -> Confidence:
    """Return the regressions that say whether a message is in scope, and whether its best label is then right."""
    scaler = StandardScaler()
    signals = scaler.fit_transform(held_out.signals(temperature))
    belongs = ~held_out.foreign
    in_scope = _fit(signals, belongs, _as_in_traffic(held_out))
    right = _fit(signals[belongs], held_out.right[belongs], None)
    return Confidence(
        mean=np.asarray(scaler.mean_),
        scale=np.asarray(scaler.scale_),
        weights=np.column_stack((in_scope.coef_[0], right.coef_[0])),
        bias=np.concatenate((in_scope.intercept_, right.intercept_)),
    )


def _fit(signals: NDArray[np.float64], answer: NDArray[np.bool_], weights: NDArray[np.float64] | None) -> Any:
    regression = LogisticRegression(C=1.0, tol=1e-6, max_iter=_MAX_ITERATIONS)
    regression.fit(signals, answer, sample_weight=weights)
    if int(np.max(np.asarray(regression.n_iter_))) >= _MAX_ITERATIONS:
        raise RuntimeError("the confidence did not converge")
    return regression


def _as_in_traffic(held_out: HeldOut) -> NDArray[np.float64]:
    """Return a weight per row, so that messages of the rejecting label are as common as in an inbox."""
    share = held_out.foreign.mean()
    if share in (0.0, 1.0):
        return np.ones(len(held_out.truth))
    return np.where(held_out.foreign, _FOREIGN_IN_TRAFFIC / share, (1.0 - _FOREIGN_IN_TRAFFIC) / (1.0 - share))


def choose_threshold(confidence: NDArray[np.float64], held_out: HeldOut, limits: Limits) -> float:
    """Return the lowest confidence at which both limits hold, above 1 (automate nothing) when none does."""
    order = np.argsort(-confidence, kind="stable")
    order = order[~held_out.rejected[order]]
    wrong = np.cumsum(~held_out.right[order]) / len(held_out.truth)
    foreign = np.cumsum(held_out.foreign[order]) / max(int(held_out.foreign.sum()), 1)
    broken = np.flatnonzero((wrong > limits.wrong_share) | (foreign > limits.foreign_share))
    kept = order[: broken[0]] if len(broken) else order
    return float(confidence[kept[-1]]) if len(kept) else _NOTHING
