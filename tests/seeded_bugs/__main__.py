"""Plants each bug in a copy of the tree and shows that the suite catches it: `python -m tests.seeded_bugs [WORD…]`."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from tests.seeded_bugs.bugs import Bug, StalePatch, all_bugs, copy_tree, planted

RIGHT_REASON = re.compile(r"^(?:AssertionError|assert |Failed: DID NOT RAISE)")
"""How a test says that the behaviour is wrong; an import that fails or a fixture that breaks shows nothing."""

Outcome = tuple[str, str]
"""How a case ended (`passed`, `failure`, `error`, `skipped`), and what it said."""

Outcomes = Sequence[tuple[ElementTree.Element, Outcome]]


def main(words: list[str]) -> int:
    """Run all bugs, or those whose names hold one of the words; 1 when one was not caught, or none is called so."""
    bugs = [bug for bug in all_bugs() if not words or any(word in bug.path.stem for word in words)]
    if not bugs:
        print("No bug is called so.")
        return 1
    return 0 if caught(bugs) == len(bugs) else 1


def caught(bugs: Sequence[Bug]) -> int:
    """How many of these bugs are caught by every test that they name; says so bug by bug."""
    with tempfile.TemporaryDirectory(prefix="deskrail-bugs-") as folder:
        tree = copy_tree(Path(folder) / "tree")
        healthy = _outcomes([name for bug in bugs for name in bug.breaks], tree)
        count = sum(_told(bug, _problems(bug, tree, healthy)) for bug in bugs)
    print(f"{count} of {len(bugs)} caught")
    return count


def _told(bug: Bug, problems: list[str]) -> bool:
    print(f"{'missed' if problems else 'caught'}  {bug.name}: {bug.about}", flush=True)
    for problem in problems:
        print(f"        {problem}", flush=True)
    return not problems


def _problems(bug: Bug, tree: Path, healthy: Outcomes) -> list[str]:
    """Why the bug is not caught by every test that it names; empty when it is."""
    try:
        with planted(bug, tree):
            ill = _outcomes(bug.breaks, tree)
    except StalePatch as stale:
        return [str(stale)]
    return [problem for name in bug.breaks if (problem := problem_of(name, _of(name, healthy), _of(name, ill)))]


def problem_of(name: str, healthy: list[Outcome], ill: list[Outcome]) -> str | None:
    """A test that catches a bug passes without it, and with it every case fails by its own assertion."""
    if wrong := [said for kind, said in healthy if kind not in ("passed", "skipped")]:
        return f"{name} does not pass without the bug: {wrong[0]}"
    if all(kind == "skipped" for kind, _ in healthy):
        return f"{name} was not run without the bug: {healthy[0][1] if healthy else 'there is no such test'}"
    run = [(kind, said) for kind, said in ill if kind != "skipped"]
    if not run:
        return f"{name} was not run: {ill[0][1] if ill else 'there is no such test'}"
    for kind, said in run:
        if kind != "failure":
            return f"{name} {'passed' if kind == 'passed' else f'could not be run: {said}'}"
        if not RIGHT_REASON.search(said):
            return f"{name} failed for another reason: {said}"
    return None


def _outcomes(names: Sequence[str], tree: Path) -> Outcomes:
    """How each case of these tests ends in this tree. Raises `RuntimeError` when there is no report."""
    report = tree.parent / "report.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", f"--junitxml={report}", *names]
    # Nothing of the tree itself may be imported, and a skip is told here and not turned into a failure.
    alone = os.environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1", "DESKRAIL_TEST_NO_SKIPS": ""}
    done = subprocess.run(command, cwd=tree, env=alone, capture_output=True, text=True)
    if not report.exists():
        raise RuntimeError(f"pytest could not run.\n{done.stdout[-2_000:]}{done.stderr[-2_000:]}")
    return [(case, _outcome(case)) for case in ElementTree.parse(report).iter("testcase")]


def _outcome(case: ElementTree.Element) -> Outcome:
    for child in case:
        if child.tag in ("failure", "error", "skipped"):
            return child.tag, child.get("message", "")[:300]
    return "passed", ""


def _of(name: str, outcomes: Outcomes) -> list[Outcome]:
    return [outcome for case, outcome in outcomes if _is(name, case)]


def _is(name: str, case: ElementTree.Element) -> bool:
    module, _, test = name.partition("::")
    found = case.get("name", "")
    same = found == test or found.partition("[")[0] == test
    return same and case.get("classname", "") == module.removesuffix(".py").replace("/", ".")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
