"""Loads the intent model for commands, with clear words when its files are not as they were saved."""

from pathlib import Path

from classifier.artefact import ArtefactError
from classifier.model import IntentModel
from service.errors import Fatal


def loaded(folder: Path) -> IntentModel:
    """The model in a folder. Raises `Fatal` when it cannot be read."""
    try:
        return IntentModel.load(folder)
    except ArtefactError as error:
        raise Fatal(f"{error}; `deskrail train` makes a new one.") from None
