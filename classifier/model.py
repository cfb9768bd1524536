"""The intent model: from a raw message to a prediction that says whether it may be automated."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from classifier.artefact import Metadata, load_artefact
from classifier.clauses import split
from classifier.clean import Cleaned, clean
from classifier.intents import Intent
from classifier.language import LanguageGuard
from classifier.prediction import Alternative, Part, Prediction, Reason
from classifier.scorer import Scorer, Scores

_ALTERNATIVES = 3


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
        language = self.guard.language(cleaned.text, default_language)
        if language != self.metadata.language:
            return _unread(Reason.LANGUAGE, cleaned, language)
        return self._classified(cleaned.text, language)

    def predict_many(self, messages: Iterable[tuple[str, str]], *, default_language: str = "en") -> list[Prediction]:
        """Classify pairs of text and subject, in order."""
        return [self.predict(text, subject, default_language=default_language) for text, subject in messages]

    def _classified(self, text: str, language: str) -> Prediction:
        scores = self.scorer.score(text)
        parts = self._parts(text)
        intent = self._intent(self.scorer.rejecting if scores.rejected else scores.best)
        reason = self._reason(scores, parts)
        return Prediction(
            intent=intent,
            confidence=scores.confidence,
            reason=reason,
            alternatives=self._alternatives(scores),
            parts=parts if reason is Reason.SEVERAL_INTENTS else (Part(intent, text),),
            language=language,
            text=text,
        )

    def _reason(self, scores: Scores, parts: tuple[Part, ...]) -> Reason:
        if len({part.intent for part in parts}) > 1:
            return Reason.SEVERAL_INTENTS
        if scores.rejected:
            return Reason.OUT_OF_SCOPE
        return Reason.CONFIDENT if scores.confidence >= self.metadata.threshold else Reason.LOW_CONFIDENCE

    def _parts(self, text: str) -> tuple[Part, ...]:
        """Return the passages whose own intent is clear; a message of one passage has none to tell apart."""
        passages = split(text)
        if len(passages) < 2:
            return ()
        scored = [(passage, self.scorer.score(passage)) for passage in passages]
        return tuple(
            Part(self._intent(scores.best), passage)
            for passage, scores in scored
            if not scores.rejected and scores.confidence >= self.metadata.part_threshold
        )

    def _alternatives(self, scores: Scores) -> tuple[Alternative, ...]:
        order = scores.probabilities.argsort()[::-1][:_ALTERNATIVES]
        return tuple(Alternative(self._intent(at), float(scores.probabilities[at])) for at in order)

    def _intent(self, column: int) -> Intent:
        return Intent(self.scorer.labels[column])


def _unread(reason: Reason, cleaned: Cleaned, language: str) -> Prediction:
    """Return the prediction for a message that nothing may be concluded from."""
    return Prediction(Intent.OUT_OF_SCOPE, 0.0, reason, (), (), language, cleaned.text)
