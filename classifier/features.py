"""Finds a text's known n-grams and weighs them exactly as scikit-learn's TfidfVectorizer does, with numpy alone.

Importing scikit-learn takes more CPU than a cold start may spend, so training uses the library and serving repeats its
arithmetic; a test holds both to the same numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from classifier.hashing import Lookup
from classifier.ngrams import CHAR_SIZES, negated, word_spans

Floats = NDArray[np.float32]
Indices = NDArray[np.intp]

_UNKNOWN = -1


@dataclass(frozen=True)
class Terms:
    """One kind of n-gram: its vocabulary in column order and its inverse document frequencies."""

    grams: tuple[str, ...]
    idf: Floats

    def weigh(self, found: Indices) -> tuple[Indices, Floats]:
        """Return the distinct known columns and their sublinear TF-IDF weights, of length one together."""
        columns, counts = np.unique(found[found != _UNKNOWN], return_counts=True)
        weights = ((np.log(counts) + 1.0) * self.idf[columns]).astype(np.float32)
        length = np.float32(np.sqrt(np.dot(weights, weights)))
        return columns, weights / length if length else weights


@dataclass(frozen=True)
class Reading:
    """The columns of a normalised text's n-grams, by where they stand; -1 marks one that training did not see."""

    length: int
    characters: tuple[Indices, ...]
    """For each size in CHAR_SIZES, the column of the n-gram that starts at each position."""
    starts: Indices
    """Where each word starts."""
    ends: Indices
    """Where each word ends."""
    words: Indices
    pairs: Indices
    """The column of each word together with the next; one shorter than words."""
    negations: Indices
    """For each negated word, the place of its negation among the words."""
    negated_at: Indices
    """For each negated word, its own place among the words."""
    negated: Indices
    """The column of each negated word."""

    def known_share(self, start: int, end: int) -> float:
        """Return the share of the words between two positions that training saw; 0 without words."""
        first, last = self._words_between(start, end)
        return float((self.words[first:last] != _UNKNOWN).mean()) if last > first else 0.0

    def words_between(self, start: int, end: int) -> Indices:
        """Return the columns of the words, word pairs and negated words that lie between two positions."""
        first, last = self._words_between(start, end)
        inside = (self.negations >= first) & (self.negated_at < last)
        return np.concatenate((self.words[first:last], self.pairs[first : max(last - 1, first)], self.negated[inside]))

    def characters_between(self, start: int, end: int) -> Indices:
        """Return the columns of the character n-grams that lie between two positions."""
        sizes = zip(CHAR_SIZES, self.characters, strict=True)
        return np.concatenate([columns[start : max(end - size + 1, start)] for size, columns in sizes])

    def _words_between(self, start: int, end: int) -> tuple[int, int]:
        return int(np.searchsorted(self.starts, start)), int(np.searchsorted(self.ends, end, side="right"))


@dataclass(frozen=True)
class Features:
    """Word and character n-grams side by side: the words' columns come first."""

    words: Terms
    characters: Terms
    _word_columns: dict[str, int] = field(init=False, repr=False, compare=False)
    _character_columns: Lookup = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Build the look-up tables from the vocabularies."""
        object.__setattr__(self, "_word_columns", {gram: column for column, gram in enumerate(self.words.grams)})
        object.__setattr__(self, "_character_columns", Lookup.of(self.characters.grams))

    def read(self, text: str) -> Reading:
        """Look every n-gram of a normalised text up once; any passage of it can then be weighed cheaply."""
        spans = word_spans(text)
        words = [word for word, _, _ in spans]
        pairs = [f"{first} {second}" for first, second in pairwise(words)]
        denials = negated(words)
        return Reading(
            length=len(text),
            characters=self._character_columns.find(text, CHAR_SIZES),
            starts=np.array([start for _, start, _ in spans], dtype=np.intp),
            ends=np.array([end for _, _, end in spans], dtype=np.intp),
            words=self._columns_of(words),
            pairs=self._columns_of(pairs),
            negations=np.array([at for at, _, _ in denials], dtype=np.intp),
            negated_at=np.array([at for _, at, _ in denials], dtype=np.intp),
            negated=self._columns_of([gram for _, _, gram in denials]),
        )

    def row(self, reading: Reading, start: int, end: int) -> tuple[Indices, Floats]:
        """Return the columns and weights of the passage between two positions of a text."""
        word_columns, word_weights = self.words.weigh(reading.words_between(start, end))
        char_columns, char_weights = self.characters.weigh(reading.characters_between(start, end))
        columns = np.concatenate((word_columns, char_columns + len(self.words.grams)))
        return columns, np.concatenate((word_weights, char_weights))

    def _columns_of(self, grams: Sequence[str]) -> Indices:
        get = self._word_columns.get
        return np.array([get(gram, _UNKNOWN) for gram in grams], dtype=np.intp)
