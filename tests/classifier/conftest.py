"""The shipped model, loaded once for all tests of the classifier."""

import pytest

from classifier.dataset import MODEL_DIR
from classifier.model import IntentModel


@pytest.fixture(scope="session")
def model() -> IntentModel:
    """The model as it ships."""
    return IntentModel.load(MODEL_DIR)
