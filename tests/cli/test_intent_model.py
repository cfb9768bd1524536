"""Training, measuring and using the intent model from the command line."""

import json
from pathlib import Path

import pytest

from classifier.dataset import TEST_FILE, training_files
from tests.cli.conftest import Deskrail


def test_a_message_is_one_line_with_its_intent_and_its_route(deskrail: Deskrail) -> None:
    line = json.loads(deskrail("classify", "Where is my order D-100001?").stdout)
    assert {"text", "intent", "confidence", "route", "reason", "alternatives"} <= set(line)
    assert (line["intent"], line["route"], line["flow"], line["reason"]) == (
        "order_status",
        "workflow",
        "order_status",
        "confident",
    )
    assert line["alternatives"][0]["intent"] == "order_status"


def test_a_file_holds_strings_or_objects_and_gives_a_line_for_each(deskrail: Deskrail, tmp_path: Path) -> None:
    said = [
        '"please cancel order D-100003"',
        '{"text": "I want to speak to a real person"}',
        "",
        '"\\ud83d\\ude00 line\\u2028break"',
    ]
    (tmp_path / "said.jsonl").write_text("\n".join(said), "utf-8")
    lines = [json.loads(line) for line in deskrail("classify", "--file", "said.jsonl").stdout.splitlines()]
    assert [line["route"] for line in lines[:2]] == ["workflow", "human"]
    assert [line["text"] for line in lines][2] == "\U0001f600 line\u2028break"


def test_the_input_can_be_piped(deskrail: Deskrail) -> None:
    shown = deskrail("classify", "--file", "-", input='{"text": "where is my order?"}\n')
    assert json.loads(shown.stdout)["intent"] == "order_status"


def test_a_line_that_is_neither_is_named_by_its_number(deskrail: Deskrail, tmp_path: Path) -> None:
    (tmp_path / "said.jsonl").write_text('"fine"\n{"message": "not fine"}\n', "utf-8")
    shown = deskrail("classify", "--file", "said.jsonl")
    assert shown.exit_code == 1
    assert shown.stderr == "deskrail: said.jsonl:2: neither a string nor an object with a text.\n"


def test_the_tenant_s_mode_changes_the_route(deskrail: Deskrail, tmp_path: Path) -> None:
    (tmp_path / "deskrail.toml").write_text('[tenants.default]\nmode = "read_only"\n', "utf-8")
    line = json.loads(deskrail("classify", "please cancel order D-100003").stdout)
    assert (line["route"], line["reason"]) == ("human", "read_only")


def test_a_model_trained_on_some_text_can_be_measured_and_used(deskrail: Deskrail, tmp_path: Path) -> None:
    words: list[str] = []
    for file in training_files():
        part = tmp_path / file.name
        part.write_text("\n".join(file.read_text("utf-8").splitlines()[:12]), "utf-8")
        words += ["--data", str(part)]
    trained = deskrail("train", *words, "--out", "model", "--json")
    assert json.loads(trained.stdout)["cross_validated"]["messages"] == 12 * len(training_files())

    (tmp_path / "test.jsonl").write_text("\n".join(TEST_FILE.read_text("utf-8").splitlines()[:40]), "utf-8")
    figures = json.loads(deskrail("evaluate", "--model", "model", "--data", "test.jsonl", "--json").stdout)
    assert figures["messages"] == 40
    assert 0 <= figures["wrong_and_automated"] <= 1
    assert json.loads(deskrail("classify", "--model", "model", "where is my order?").stdout)["intent"]


def test_text_without_labels_trains_nothing(deskrail: Deskrail, tmp_path: Path) -> None:
    (tmp_path / "text.jsonl").write_text('{"text": "where is it"}\n', "utf-8")
    shown = deskrail("train", "--data", "text.jsonl", "--out", "model")
    assert shown.exit_code == 1
    assert "text.jsonl:1: not a labelled message" in shown.stderr
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("command", [("train", "--out", "model"), ("evaluate",)])
@pytest.mark.parametrize("content", [b'{"text": "where is it", "intent": "weather"}\n', b"\xff\xfe"])
def test_of_two_files_with_one_name_the_wrong_one_is_named(
    deskrail: Deskrail, tmp_path: Path, command: tuple[str, ...], content: bytes
) -> None:
    (tmp_path / "may").mkdir()
    (tmp_path / "may" / "text.jsonl").write_bytes(content)
    shown = deskrail(*command, "--data", "may/text.jsonl")
    assert shown.exit_code == 1
    assert shown.stderr.startswith("deskrail: may/text.jsonl:")


def test_a_misspelt_tenant_s_mode_is_not_guessed(deskrail: Deskrail, tmp_path: Path) -> None:
    (tmp_path / "deskrail.toml").write_text('[tenants.acme]\nmode = "read_only"\n', "utf-8")
    assert json.loads(deskrail("classify", "cancel order D-100003", "--tenant", "acme").stdout)["reason"] == "read_only"
    misspelt = deskrail("classify", "cancel order D-100003", "--tenant", "amce")
    assert (misspelt.exit_code, misspelt.stdout) == (1, "")
    assert "There is no tenant 'amce'" in misspelt.stderr


@pytest.mark.parametrize("command", [("evaluate",), ("classify", "hello")])
def test_a_model_that_is_not_there_says_how_to_get_one(deskrail: Deskrail, command: tuple[str, ...]) -> None:
    shown = deskrail(*command, "--model", "no-such-model")
    assert shown.exit_code == 1
    assert "deskrail train" in shown.stderr
