"""A secret that can be guessed opens nothing: no command works with it, and none repeats it."""

import base64

import pytest

from service.errors import Fatal
from service.settings import load
from tests.cli.conftest import SECRET, Deskrail

SHORT = base64.b64encode(b"s" * 23).decode()
"""What looks like a secret and has a byte too few."""

LONG = f"whsec_{base64.b64encode(b'l' * 32).decode()}"
"""A secret that ends in padding."""


@pytest.mark.parametrize(
    "variable",
    [
        "DESKRAIL_WEBHOOK_SECRET",
        "DESKRAIL_TENANT_DEFAULT_WEBHOOK_SECRETS",
        "DESKRAIL_TENANT_ACME_WEBHOOK_SECRETS",
        "DESKRAIL_BACKEND_SECRET",
        "DESKRAIL_TENANT_ACME_BACKEND_SECRETS",
    ],
)
@pytest.mark.parametrize(
    "secret",
    [
        "changeme",
        "abc",
        "whsec_",
        "whsec_not-base64é",
        SHORT,
        f"whsec_{SHORT}",
        f"{SECRET[:-4]} {SECRET[-4:]}",
    ],
)
def test_a_guessable_word_is_no_key_that_vouches_for_customers(variable: str, secret: str) -> None:
    with pytest.raises(Fatal, match=f"{variable}: 1 of 2 secrets") as refused:
        load({variable: f"{SECRET}, {secret}"})
    assert secret not in str(refused.value).replace("whsec_; ", "")


@pytest.mark.parametrize("secret", [LONG, LONG.removeprefix("whsec_"), f" {LONG} ,", LONG.rstrip("=")])
def test_a_secret_works_with_and_without_its_prefix_and_padding(secret: str) -> None:
    assert load({"DESKRAIL_WEBHOOK_SECRET": secret}).webhook_keys["default"] == (b"l" * 32,)


@pytest.mark.parametrize("words", [("check",), ("doctor",), ("serve",), ("worker",), ("trigger", "order.status")])
@pytest.mark.parametrize(
    ("variable", "guessable"), [("DESKRAIL_WEBHOOK_SECRET", "changeme"), ("DESKRAIL_SESSION_SECRET", "the desk's session")]
)
def test_no_command_works_with_a_secret_that_can_be_guessed(
    deskrail: Deskrail, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], variable: str, guessable: str
) -> None:
    monkeypatch.setenv("DESKRAIL_DATABASE_URL", "mysql://")  # What takes the secret would run, and never come back here.
    monkeypatch.setenv(variable, guessable)
    shown = deskrail(*words)
    assert shown.exit_code == 1
    assert variable in shown.output
    assert guessable not in shown.output
