"""The intent model: from a raw message to a prediction that says whether it may be automated."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from classifier.artefact import Metadata, load_artefact
from classifier.clauses import asks, is_conditional, is_statement, names_number, opens_addition, refers_back, split
from classifier.clean import Cleaned, clean
from classifier.intents import Intent
from classifier.language import LanguageGuard
from classifier.prediction import Alternative, Part, Prediction, Reason
from classifier.scorer import Scorer, Scores
from classifier.wishes import Passage, announces_more, stretches, wishes

_ALTERNATIVES = 3
_QUESTIONS = frozenset({Intent.ORDER_STATUS, Intent.REFUND_STATUS})
"""Intents that only ask; "and is it on its way?" may be about anything that was spoken of before."""
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
        at = wishes(told, self.metadata.part_threshold)
        doubted = wishes(told, self.metadata.doubt_threshold)
        doubtful = len({told[place].intent for place in doubted}) > 1 or announces_more(told, self._intent(scores.best))
        if len({told[place].intent for place in at}) > 1:
            return self._several(cleaned.text, scores, passages, told, at)
        return self._classified(cleaned.text, scores, doubtful=doubtful)

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
        means, wants = is_statement(passage), asks(passage)
        return Passage(
            self._intent(scores.best),
            asks=wants,
            names_order=names_number(passage),
            confidence=scores.confidence if means and not scores.rejected else 0.0,
            adds=means and wants and opens_addition(passage),
        )

    def _classified(self, text: str, scores: Scores, *, doubtful: bool) -> Prediction:
        intent = self._intent(self.scorer.rejecting if scores.rejected else scores.best)
        return Prediction(
            intent=intent,
            confidence=scores.confidence,
            reason=self._reason(scores, doubtful=doubtful),
            alternatives=self._alternatives(scores),
            parts=(Part(intent, text),),
            language=self.metadata.language,
            text=text,
        )

    def _several(
        self, text: str, scores: Scores, passages: Sequence[str], told: Sequence[Passage], at: Sequence[int]
    ) -> Prediction:
        """Return the prediction for a message with several wishes."""
        sure = {place for place in at if self._sure(passages[place], told[place])}
        intents = {told[place].intent for place in at}
        doubted = {told[place].intent for place in wishes(told, self.metadata.doubt_threshold)}
        others = [one for place, one in enumerate(told) if is_statement(passages[place]) and one.asks]
        return replace(
            self._classified(text, scores, doubtful=True),
            reason=Reason.SEVERAL_INTENTS,
            parts=tuple(
                Part(
                    intent, "\n".join(passages[place].strip() for place in places), sure=sure.issuperset(set(places) & set(at))
                )
                for intent, places in stretches(told, at)
            ),
            rest_is_clear=doubted == intents and all(one.intent in intents for one in others),
        )

    def _sure(self, passage: str, told: Passage) -> bool:
        clear = told.asks and told.confidence >= self.metadata.threshold and not is_conditional(passage)
        return clear and not (told.intent in _QUESTIONS and refers_back(passage))

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
