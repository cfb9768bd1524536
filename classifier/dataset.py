"""Reads the labelled messages that training and evaluation use."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from classifier.intents import Intent

DATA_DIR = Path(__file__).parent / "data"
TRAIN_DIR = DATA_DIR / "train"
TEST_FILE = DATA_DIR / "test.jsonl"
MODEL_DIR = DATA_DIR / "model"


class DataError(ValueError):
    """A line of a data file is not a labelled message."""


@dataclass(frozen=True)
class Row:
    """One labelled message."""

    text: str
    intent: str
    """An Intent's value in the project's own data; benchmarks bring their own labels."""
    subject: str = ""


def training_files(folder: Path = TRAIN_DIR) -> tuple[Path, ...]:
    """Return the files of the training text in a fixed order."""
    return tuple(sorted(folder.glob("*.jsonl")))


def read_rows(files: Iterable[Path]) -> tuple[Row, ...]:
    """Read JSON lines of {"text", "intent", "subject"}; without "intent" the file's name is the intent.

    Raises DataError with file:line for a line of another shape or an unknown intent, and for a file that is not UTF-8.
    """
    return tuple(row for file in files for row in _rows_of(file))


def _rows_of(file: Path) -> list[Row]:
    rows: list[Row] = []
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: not UTF-8 text") from error
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            rows.append(_row(line, file.stem, f"{file}:{number}"))
    return rows


def _row(line: str, default_intent: str, where: str) -> Row:
    try:
        item = json.loads(line)
        row = Row(text=item["text"], intent=Intent(item.get("intent", default_intent)), subject=item.get("subject", ""))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{where}: not a labelled message ({type(error).__name__})") from error
    if not isinstance(row.text, str) or not isinstance(row.subject, str):
        raise DataError(f"{where}: text and subject must be strings")
    return row


def digest(rows: Sequence[Row]) -> str:
    """Return the SHA-256 of the rows, by which a model names the data that it was trained from."""
    canonical = json.dumps([[row.text, row.intent, row.subject] for row in rows], ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
