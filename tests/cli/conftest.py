"""What the command line's tests share: commands run in this process with an environment of their own, and one played demo."""

import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import structlog
from typer.testing import CliRunner, Result

from service.cli import app

Deskrail = Callable[..., Result]
"""Runs `deskrail` with these words in this process."""

SCRIPT = str(Path(sys.executable).with_name("deskrail"))
"""The command as it is installed."""

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Commands send log lines where they want them; the next test finds everything as it was."""
    loggers = [logging.getLogger(), logging.getLogger("dbos"), logging.getLogger("service")]
    before = [(logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    yield
    for logger, (handlers, level, propagate) in zip(loggers, before, strict=True):
        logger.handlers[:], logger.level, logger.propagate = handlers, level, propagate
    structlog.reset_defaults()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sqlite_url: str) -> Mapping[str, str]:
    """A database at head in a folder of the test's own, and the secrets that a service needs."""
    variables = {
        "DESKRAIL_DATABASE_URL": sqlite_url,
        "DESKRAIL_WEBHOOK_SECRET": SECRET,
        "DESKRAIL_SESSION_SECRET": "a long text that only this test knows",
        "DESKRAIL_MODEL_PROVIDER": "scripted",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DESKRAIL_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    return variables


@pytest.fixture
def deskrail(environment: Mapping[str, str]) -> Deskrail:
    """The command line over the test's own database."""
    runner = CliRunner()

    def run(*words: str, input: str | None = None) -> Result:
        return runner.invoke(app, list(words), input=input, prog_name="deskrail")

    return run


class Played(NamedTuple):
    """A demo that has been played, and the summary that it printed."""

    folder: Path
    summary: dict[str, Any]


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The demo, run once as its own process."""
    folder = tmp_path_factory.mktemp("played") / "demo"
    command = [SCRIPT, "demo", "--exit-when-done", "--json", "--dir", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return Played(folder, json.loads(done.stdout))


@pytest.fixture
def replayed(played: Played, environment: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the played demo, which the environment names; returns its database."""
    folder = tmp_path / "demo"
    shutil.copytree(played.folder, folder)
    monkeypatch.setenv("DESKRAIL_DATABASE_URL", f"sqlite:///{folder / 'deskrail.db'}")
    monkeypatch.setenv("DESKRAIL_CONFIG", str(folder / "deskrail.toml"))
    return folder / "deskrail.db"
