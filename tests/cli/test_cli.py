"""The command line itself: every command is there, and what goes wrong is one clear line."""

import json
import re
from importlib import import_module
from importlib.metadata import version

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from service.cli import COMMANDS, app, sentence
from tests.cli.conftest import Deskrail

runner = CliRunner()


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_that_help_lists_can_be_loaded_and_explains_itself(name: str) -> None:
    command = get_command(import_module(f"service.commands.{name}").app)
    assert command.get_short_help_str(500)
    shown = runner.invoke(app, [name, "--help"])
    assert shown.exit_code == 0
    assert "Usage: root" in shown.output


def test_every_command_that_ends_takes_json() -> None:
    lacking = set()
    for name in COMMANDS:
        found = get_command(import_module(f"service.commands.{name}").app)
        each = getattr(found, "commands", {name: found})
        lacking |= {name for one in each.values() if not any("--json" in param.opts for param in one.params)}
    assert lacking == {"mcp", "serve", "worker"}


def test_help_lists_every_command_of_the_contract() -> None:
    shown = runner.invoke(app, ["--help"])
    contract = "demo serve worker migrate check doctor train evaluate classify trigger explain tenant user key shop tool audit"
    later = "action erase mcp policy switch"
    assert {*contract.split(), *later.split()} == set(COMMANDS)
    assert all(re.search(rf"^│ {name} ", shown.output, re.MULTILINE) for name in COMMANDS)


def test_the_version_is_the_installed_one() -> None:
    assert runner.invoke(app, ["--version"]).output.strip() == version("deskrail")


def test_a_slip_in_a_command_s_name_is_a_usage_error_with_a_hint() -> None:
    shown = runner.invoke(app, ["explian", "T-1"])
    assert shown.exit_code == 2
    assert "explain" in shown.output


def test_a_missing_database_is_one_line_and_no_traceback(deskrail: Deskrail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKRAIL_DATABASE_URL", "sqlite:///nowhere/at/all.db")
    shown = deskrail("explain", "T-1")
    assert shown.exit_code == 1
    assert shown.stdout == ""
    assert shown.stderr == "deskrail: There is no database at nowhere/at/all.db yet; `deskrail migrate` makes one.\n"


def test_a_database_that_does_not_answer_is_one_line(deskrail: Deskrail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKRAIL_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    shown = deskrail("audit", "verify")
    assert shown.exit_code == 1
    assert shown.stderr.startswith("deskrail: The database cannot be reached")
    assert shown.stderr.count("\n") == 1


def test_what_nobody_foresaw_is_named_by_its_kind_and_never_by_its_text() -> None:
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads("{'card': '4111 1111 1111 1111'}")
    said = sentence(caught.value)
    assert "JSONDecodeError" in said
    assert "4111" not in said


def test_a_file_that_is_not_there_is_named(deskrail: Deskrail) -> None:
    shown = deskrail("shop", "load", "missing.json")
    assert shown.exit_code == 1
    assert shown.stderr == "deskrail: missing.json: No such file or directory.\n"
