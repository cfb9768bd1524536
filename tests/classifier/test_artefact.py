"""The shipped model's files: current, unaltered, and unable to run code."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from classifier.artefact import ArtefactError, load_artefact
from classifier.clean import clean
from classifier.dataset import MODEL_DIR, digest, read_rows, training_files
from classifier.fit import vectorizer
from classifier.model import IntentModel
from classifier.ngrams import normalised

MAX_BYTES = 3_000_000


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the model that may be spoilt."""
    return Path(shutil.copytree(MODEL_DIR, tmp_path / "model"))


def test_the_shipped_model_was_trained_from_the_shipped_text(model: IntentModel) -> None:
    rows = read_rows(training_files())
    assert model.metadata.data_digest == digest(rows), "run `deskrail train`: the training text has changed"
    assert model.metadata.rows == len(rows)


def test_the_shipped_model_was_trained_by_the_shipped_code(model: IntentModel) -> None:
    features = vectorizer()
    features.fit([normalised(clean(row.text, row.subject).text) for row in read_rows(training_files())])
    expected = dict(features.transformer_list)
    said = model.scorer.features
    for name, terms in (("words", said.words), ("characters", said.characters)):
        assert set(terms.grams) == set(expected[name].vocabulary_), "run `deskrail train`: cleaning or n-grams have changed"


def test_the_model_stays_small() -> None:
    assert sum(file.stat().st_size for file in MODEL_DIR.iterdir()) <= MAX_BYTES


@pytest.mark.parametrize("name", ["numbers.npz", "vocabulary.json"])
def test_an_altered_file_is_refused(copied: Path, name: str) -> None:
    file = copied / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))
    with pytest.raises(ArtefactError):
        load_artefact(copied)


def test_a_missing_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError):
        load_artefact(tmp_path)


def test_another_format_is_refused(copied: Path) -> None:
    manifest = json.loads((copied / "model.json").read_text())
    (copied / "model.json").write_text(json.dumps(manifest | {"format": 999}))
    with pytest.raises(ArtefactError):
        load_artefact(copied)


def test_no_array_of_the_model_holds_an_object() -> None:
    with np.load(MODEL_DIR / "numbers.npz", allow_pickle=False) as numbers:
        assert all(numbers[name].dtype.kind in "fu" for name in numbers.files)
