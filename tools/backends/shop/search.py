"""Ranks help articles for a query by their words (BM25, the title counting three times)."""

import math
import re
from collections import Counter
from collections.abc import Sequence

from tools.commerce import Article

_SATURATION, _LENGTH_WEIGHT = 1.2, 0.75  # The usual constants of BM25.
_TITLE_WEIGHT = 3
_STEM = 6  # "refunded", "refunds" and "refund" meet in their first letters, in most European languages.
_EMPTY_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        a an and are as at be been but by can could did do does for from had has have how i if in is it its just may
        me my no not of on or our please so that the their them there they this to was we what when where which who
        why will with would you your
        """,
    )
)


def best_articles(docs: Sequence[str], query: str, limit: int) -> tuple[Article, ...]:
    """Up to `limit` of the articles (given as JSON), best first; an article without any word of the query is left out."""
    articles = [Article.model_validate_json(doc) for doc in docs]
    words = [Counter(_terms(article.title) * _TITLE_WEIGHT + _terms(article.text)) for article in articles]
    if not words:
        return ()
    average = max(1.0, sum(map(Counter.total, words)) / len(words))
    weights = {term: _weight(term, words) for term in set(_terms(query))}
    scored = [(_score(counts, weights, average), article) for counts, article in zip(words, articles, strict=True)]
    found = [(score, article) for score, article in scored if score > 0]
    found.sort(key=lambda pair: (-pair[0], pair[1].id))
    return tuple(article for _, article in found[: max(limit, 0)])


def _terms(text: str) -> list[str]:
    return [word[:_STEM] for word in re.findall(r"\w+", text.casefold()) if word not in _EMPTY_WORDS]


def _weight(term: str, words: Sequence[Counter[str]]) -> float:
    """Rare words weigh more; the weight is above zero even for a word that stands everywhere."""
    holders = sum(term in counts for counts in words)
    return math.log(1 + (len(words) - holders + 0.5) / (holders + 0.5))


def _score(counts: Counter[str], weights: dict[str, float], average: float) -> float:
    length = 1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * counts.total() / average
    return sum(
        weight * counts[term] * (_SATURATION + 1) / (counts[term] + _SATURATION * length)
        for term, weight in weights.items()
        if term in counts
    )
