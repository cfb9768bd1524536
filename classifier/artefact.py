"""Saves and loads a trained model as plain numbers and JSON; nothing in the files can run code."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.features import Features, Terms
from classifier.scorer import SIGNALS, Confidence, Scorer

FORMAT = 1
_MANIFEST = "model.json"
_VOCABULARY = "vocabulary.json"
_NUMBERS = "numbers.npz"


class ArtefactError(RuntimeError):
    """The model's files are missing, altered or of another format."""


@dataclass(frozen=True)
class Metadata:
    """What a model was trained from and which confidence it asks for."""

    data_digest: str
    """SHA-256 of the training rows."""
    rows: int
    language: str
    """The ISO 639 code of the language that the training text is in."""
    threshold: float
    """The confidence from which a message may be automated."""
    part_threshold: float
    """The confidence from which a passage counts as an intent of its own."""
    doubt_threshold: float
    """The confidence from which a passage with another wish keeps its message from being automated."""


def save_artefact(folder: Path, scorer: Scorer, metadata: Metadata) -> None:
    """Write the model's three files into the folder, the manifest with the others' hashes last."""
    folder.mkdir(parents=True, exist_ok=True)
    terms = {"words": scorer.features.words.grams, "characters": scorer.features.characters.grams}
    vocabulary = json.dumps(terms, ensure_ascii=False, separators=(",", ":"))
    (folder / _VOCABULARY).write_text(vocabulary, encoding="utf-8")
    columns, labels = np.nonzero(scorer.weights)
    np.savez_compressed(
        folder / _NUMBERS,
        word_idf=scorer.features.words.idf,
        char_idf=scorer.features.characters.idf,
        row_lengths=np.count_nonzero(scorer.weights, axis=1).astype(np.uint16),
        labels=labels.astype(np.uint16),
        values=scorer.weights[columns, labels].astype(np.float32),
        bias=scorer.bias,
        signal_mean=scorer.confidence.mean,
        signal_scale=scorer.confidence.scale,
        signal_weights=scorer.confidence.weights,
        signal_bias=scorer.confidence.bias,
    )
    manifest = {
        "format": FORMAT,
        "labels": scorer.labels,
        "rejecting": scorer.rejecting,
        "temperature": scorer.temperature,
        "signals": SIGNALS,
        "metadata": asdict(metadata),
        "sha256": {name: _sha256(folder / name) for name in (_VOCABULARY, _NUMBERS)},
    }
    (folder / _MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def load_artefact(folder: Path) -> tuple[Scorer, Metadata]:
    """Read and check the model's files; raises ArtefactError when they are not exactly what the manifest promises."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        _check(folder, manifest)
        terms = json.loads((folder / _VOCABULARY).read_text(encoding="utf-8"))
        with np.load(folder / _NUMBERS, allow_pickle=False) as numbers:
            return _scorer(manifest, terms, dict(numbers)), Metadata(**manifest["metadata"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtefactError(f"the model in {folder} cannot be read: {type(error).__name__}") from error


def _check(folder: Path, manifest: dict[str, Any]) -> None:
    if manifest["format"] != FORMAT or tuple(manifest["signals"]) != SIGNALS:
        raise ArtefactError(f"the model in {folder} has another format; train it again")
    for name in (_VOCABULARY, _NUMBERS):
        if manifest["sha256"][name] != _sha256(folder / name):
            raise ArtefactError(f"{name} is not the file that the model was saved with")


def _scorer(manifest: dict[str, Any], terms: dict[str, list[str]], numbers: dict[str, NDArray[Any]]) -> Scorer:
    words = _terms(terms["words"], numbers["word_idf"])
    characters = _terms(terms["characters"], numbers["char_idf"])
    labels = tuple(manifest["labels"])
    weights = np.zeros((len(words.idf) + len(characters.idf), len(labels)), dtype=np.float32)
    columns = np.repeat(np.arange(len(weights)), numbers["row_lengths"])
    weights[columns, numbers["labels"]] = numbers["values"]
    return Scorer(
        labels=labels,
        rejecting=int(manifest["rejecting"]),
        features=Features(words, characters),
        weights=weights,
        bias=numbers["bias"],
        temperature=float(manifest["temperature"]),
        confidence=Confidence(
            mean=numbers["signal_mean"],
            scale=numbers["signal_scale"],
            weights=numbers["signal_weights"],
            bias=numbers["signal_bias"],
        ),
    )


def _terms(grams: list[str], idf: NDArray[Any]) -> Terms:
    if len(grams) != len(idf):
        raise ValueError("vocabulary and weights differ in length")
    return Terms(tuple(grams), idf.astype(np.float32))


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
