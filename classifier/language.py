"""Guesses the language of a message, and admits when it is too short to tell."""

import re

from py3langid.langid import MODEL_FILE, LanguageIdentifier

_LETTER = re.compile(r"[^\W\d_]")
_NOT_PROSE = re.compile(r"https?://\S{1,500}|\S{1,100}@\S{1,100}|\S*\d\S*")
_MIN_LETTERS = 20
_MIN_PROBABILITY = 0.85
_MAX_CHARS = 300
_NEAR = {"pcm": "en", "sco": "en"}
"""Labels of the library that short informal English is mistaken for."""


class LanguageGuard:
    """Names the language of a text by the ISO 639 code; loading takes about 0.6 s of CPU once per process."""

    def __init__(self) -> None:
        """Load the identifier's tables, which hold numbers only."""
        self._identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)

    def language(self, text: str, default: str) -> str:
        """Return the text's language, or the default when the text is short or the guess is weak."""
        prose = _NOT_PROSE.sub(" ", text[:_MAX_CHARS])
        if len(_LETTER.findall(prose)) < _MIN_LETTERS:
            return default
        code, probability = self._identifier.classify(prose)
        return _NEAR.get(code, code) if probability >= _MIN_PROBABILITY else default
