"""The script that plants bugs says of each whether it was caught, and takes nothing for a catch that is none."""

from difflib import unified_diff
from pathlib import Path

import pytest

from tests.seeded_bugs.__main__ import Outcome, caught, main, problem_of
from tests.seeded_bugs.bugs import TREE, Bug

CATCHES = "tests/workflows/test_confirm.py::test_these_are_asked_again[yes, but only the headphones]"
PASSES_BY = "tests/workflows/test_confirm.py::test_these_are_a_yes[yes]"
FILE = "workflows/confirm.py"

PASSED, SKIPPED = ("passed", ""), ("skipped", "no server")
FAILED, STUMBLED = ("failure", "AssertionError: assert 1 == 2"), ("failure", "ImportError: no module")


def bug(path: Path, was: str, becomes: str, *breaks: str) -> Bug:
    """A bug in the reading of answers; the patch is for a file that says `was`."""
    text = (TREE / FILE).read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True), text.replace(was, becomes).splitlines(keepends=True)
    path.write_text("".join(unified_diff(*lines, f"a/{FILE}", f"b/{FILE}")), encoding="utf-8")
    return Bug(path, "Words beside a yes are overheard.", breaks)


def test_of_three_bugs_the_one_that_its_tests_notice_is_caught(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    overheard = "{Part.OTHER, Part.WAIT} & set(parts)", "False"
    noticed = bug(tmp_path / "noticed.patch", *overheard, CATCHES)
    unnoticed = bug(tmp_path / "unnoticed.patch", *overheard, CATCHES, PASSES_BY)
    stale = bug(tmp_path / "stale.patch", *overheard, CATCHES)
    stale.path.write_text(stale.path.read_text(encoding="utf-8").replace("    if asks", "    if asked"), encoding="utf-8")
    assert caught([noticed, unnoticed, stale]) == 1
    told = capsys.readouterr().out
    assert "caught  noticed" in told
    assert f"missed  unnoticed: Words beside a yes are overheard.\n        {PASSES_BY} passed\n" in told
    assert "missed  stale" in told
    assert "does not apply any more" in told
    assert "1 of 3 caught" in told


@pytest.mark.parametrize(
    ("healthy", "ill", "said"),
    [
        ([PASSED], [FAILED], None),
        ([PASSED, SKIPPED], [FAILED, SKIPPED], None),
        ([FAILED], [FAILED], "t does not pass without the bug: AssertionError"),
        ([("error", "no fixture")], [FAILED], "t does not pass without the bug: no fixture"),
        ([SKIPPED], [FAILED], "t was not run without the bug: no server"),
        ([], [], "t was not run without the bug: there is no such test"),
        ([PASSED], [SKIPPED], "t was not run: no server"),
        ([PASSED], [], "t was not run: there is no such test"),
        ([PASSED], [PASSED], "t passed"),
        ([PASSED, PASSED], [FAILED, PASSED], "t passed"),
        ([PASSED], [STUMBLED], "t failed for another reason: ImportError"),
        ([PASSED], [("error", "SyntaxError")], "t could not be run: SyntaxError"),
    ],
)
def test_only_a_test_that_passes_without_a_bug_and_fails_by_its_assertion_catches_it(
    healthy: list[Outcome], ill: list[Outcome], said: str | None
) -> None:
    problem = problem_of("t", healthy, ill)
    assert (problem is None) if said is None else (problem or "").startswith(said)


def test_a_name_that_no_bug_has_is_no_success() -> None:
    assert main(["no_such_bug"]) == 1
