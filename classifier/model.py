"""The intent model: from a raw message to a prediction that says whether it may be automated."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from classifier.artefact import Metadata, load_artefact
from classifier.clauses import asks, is_statement, names_number, split
from classifier.clean import Cleaned, clean
from classifier.intents import Intent
from classifier.language import LanguageGuard
from classifier.prediction import Alternative, Part, Prediction, Reason
from classifier.scorer import Scorer, Scores
from classifier.wishes import Passage, wishes

_ALTERNATIVES = 3
_FAMILIAR = 0.85
"""From this share of known words on, a text is taken to be in the model's language."""


@dataclass(frozen=True)
class IntentModel:
    """A loaded model; safe to share between threads, because nothing in it changes."""

    scorer: Scorer
    metadata: Metadata
    guard: LanguageGuard

    @classmethod
    def load(cls, path: Path) -> "IntentModel":
        """Read a model folder; raises ArtefactError when a file is missing, altered or of another format."""
        scorer, metadata = load_artefact(path)
        return cls(scorer, metadata, LanguageGuard())

    def predict(self, text: str, subject: str = "", *, default_language: str = "en") -> Prediction:
        """Classify one message; the default language is assumed for texts too short to tell."""
        cleaned = clean(text, subject)
        if cleaned.is_empty:
            return _unread(Reason.EMPTY, cleaned, default_language)
        if cleaned.is_auto_reply:
            return _unread(Reason.AUTO_REPLY, cleaned, default_language)
        passages = split(cleaned.text)
        scores, passage_scores = self.scorer.score(passages)
        language = self._language(cleaned.text, scores, default_language)
        if language != self.metadata.language:
            return _unread(Reason.LANGUAGE, cleaned, language)
        told = [self._told(text, said) for text, said in zip(passages, passage_scores, strict=True)]
        parts = tuple(Part(told[at].intent, passages[at].strip()) for at in wishes(told, self.metadata.part_threshold))
        doubtful = len({told[at].intent for at in wishes(told, self.metadata.doubt_threshold)}) > 1
        return self._classified(cleaned.text, scores, parts, doubtful=doubtful)

    def predict_many(self, messages: Iterable[tuple[str, str]], *, default_language: str = "en") -> list[Prediction]:
        """Classify pairs of text and subject, in order."""
        return [self.predict(text, subject, default_language=default_language) for text, subject in messages]

    def _language(self, text: str, scores: Scores, default: str) -> str:
        """Return the text's language; the guard is asked only when the model does not know most of the words."""
        if scores.known >= _FAMILIAR and default == self.metadata.language:
            return default
        return self.guard.language(text, default)

    def _told(self, passage: str, scores: Scores) -> Passage:
        """Return what one passage says by itself."""
        counts = not scores.rejected and is_statement(passage)
        return Passage(self._intent(scores.best), asks(passage), names_number(passage), scores.confidence if counts else 0.0)

    def _classified(self, text: str, scores: Scores, parts: tuple[Part, ...], *, doubtful: bool) -> Prediction:
        intent = self._intent(self.scorer.rejecting if scores.rejected else scores.best)
        several = len({part.intent for part in parts}) > 1
        return Prediction(
            intent=intent,
            confidence=scores.confidence,
            reason=Reason.SEVERAL_INTENTS if several else self._reason(scores, doubtful=doubtful),
            alternatives=self._alternatives(scores),
            parts=parts if several else (Part(intent, text),),
            language=self.metadata.language,
            text=text,
        )

    def _reason(self, scores: Scores, *, doubtful: bool) -> Reason:
        if scores.rejected:
            return Reason.OUT_OF_SCOPE
        sure = scores.confidence >= self.metadata.threshold and not doubtful
        return Reason.CONFIDENT if sure else Reason.LOW_CONFIDENCE

    def _alternatives(self, scores: Scores) -> tuple[Alternative, ...]:
        order = scores.probabilities.argsort()[::-1][:_ALTERNATIVES]
        return tuple(Alternative(self._intent(at), float(scores.probabilities[at])) for at in order)

    def _intent(self, column: int) -> Intent:
        return Intent(self.scorer.labels[column])


def _unread(reason: Reason, cleaned: Cleaned, language: str) -> Prediction:
    """Return the prediction for a message that nothing may be concluded from."""
    return Prediction(Intent.OUT_OF_SCOPE, 0.0, reason, (), (), language, cleaned.text)
