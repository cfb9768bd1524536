"""Looks all character n-grams of a text up at once, by 64-bit hashes instead of one string and one dictionary look-up each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Indices = NDArray[np.intp]

_UNKNOWN = -1
_MAX_SIZE = 8
_SEED = 7_919
# One odd multiplier per position makes equal hashes of different n-grams as unlikely as 64 bits allow.
_MULTIPLIERS = np.random.default_rng(_SEED).integers(1, 2**63, size=_MAX_SIZE + 1, dtype=np.uint64) * np.uint64(2) + np.uint64(
    1
)


@dataclass(frozen=True)
class Lookup:
    """A vocabulary sorted by hash."""

    hashes: Hashes
    columns: Indices

    @classmethod
    def of(cls, grams: Sequence[str]) -> "Lookup":
        """Build the table; raises ValueError in the unlikely case that two n-grams share a hash."""
        hashes = np.zeros(len(grams), dtype=np.uint64)
        sizes = np.array([len(gram) for gram in grams], dtype=np.intp)
        for size in np.unique(sizes).tolist():
            alike = [gram for gram in grams if len(gram) == size]
            hashes[sizes == size] = _hashes("".join(alike), size)[::size]
        order = np.argsort(hashes)
        if len(np.unique(hashes)) != len(hashes):
            raise ValueError("two n-grams of the vocabulary share a hash")
        return cls(hashes[order], order)

    def find(self, text: str, sizes: Sequence[int]) -> tuple[Indices, ...]:
        """Return for each size the column of the n-gram at each position of the text, -1 for an unknown one."""
        return tuple(self._columns_of(_hashes(text, size)) for size in sizes)

    def _columns_of(self, hashes: Hashes) -> Indices:
        if not len(self.hashes):
            return np.full(len(hashes), _UNKNOWN, dtype=np.intp)
        at = np.minimum(np.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
        return np.where(self.hashes[at] == hashes, self.columns[at], _UNKNOWN)


def _hashes(text: str, size: int) -> Hashes:
    """Return the hash of the n-gram at each position where one of this size fits."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    fitting = len(points) - size + 1
    if fitting <= 0:
        return np.zeros(0, dtype=np.uint64)
    total = np.full(fitting, _MULTIPLIERS[size], dtype=np.uint64)
    for offset in range(size):
        total += points[offset : offset + fitting] * _MULTIPLIERS[offset]
    # The high bits of the sum are the well-mixed ones; folding them down spreads close code points.
    return total ^ (total >> np.uint64(29))
