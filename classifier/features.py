"""Counts n-grams and weighs them exactly as scikit-learn's TfidfVectorizer does, with numpy alone.

Importing scikit-learn takes more CPU than a cold start may spend, so training uses the library and serving repeats its
arithmetic; a test holds both to the same numbers.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.ngrams import characters, words

Floats = NDArray[np.float32]
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Terms:
    """One kind of n-gram: its vocabulary and inverse document frequencies."""

    column: dict[str, int]
    """N-gram to its column, from 0."""
    idf: Floats
    """One weight per column."""

    def weigh(self, grams: Iterable[str]) -> tuple[Indices, Floats]:
        """Return the columns of the known n-grams and their sublinear TF-IDF weights, of length one together."""
        counts = Counter(filter(None.__ne__, map(self.column.get, grams)))
        columns = np.fromiter(counts.keys(), dtype=np.intp, count=len(counts))
        frequency = np.fromiter(counts.values(), dtype=np.float32, count=len(counts))
        weights = ((np.log(frequency) + 1.0) * self.idf[columns]).astype(np.float32, copy=False)
        length = np.float32(np.sqrt(np.dot(weights, weights)))
        return columns, weights / length if length else weights


@dataclass(frozen=True)
class Features:
    """Word and character n-grams side by side: the words' columns come first."""

    words: Terms
    characters: Terms

    def row(self, text: str) -> tuple[Indices, Floats]:
        """Return the columns and weights of one normalised text."""
        word_columns, word_weights = self.words.weigh(words(text))
        char_columns, char_weights = self.characters.weigh(characters(text))
        columns = np.concatenate((word_columns, char_columns + len(self.words.idf)))
        return columns, np.concatenate((word_weights, char_weights))

    def known_share(self, text: str) -> float:
        """Return the share of the text's words that training saw, 0 to 1; 0 for a text without words."""
        single = [gram for gram in words(text) if " " not in gram]
        return sum(gram in self.words.column for gram in single) / len(single) if single else 0.0
