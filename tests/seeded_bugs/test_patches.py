"""The seeded bugs still fit the code; `make test-long` shows that each of them is caught."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.seeded_bugs.bugs import TREE, Bug, StalePatch, all_bugs, check, copy_tree

BUGS = all_bugs()


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree."""
    return copy_tree(tmp_path_factory.mktemp("bugs") / "tree")


def test_there_are_twelve() -> None:
    assert len(BUGS) == 12


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.path.stem)
def test_a_bug_still_fits(bug: Bug, tree: Path) -> None:
    check(bug, tree)


def test_the_bugs_name_tests_that_exist() -> None:
    names = sorted({name for bug in BUGS for name in bug.breaks})
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *names],
        cwd=TREE,
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout + found.stderr


def test_a_patch_that_no_longer_fits_says_so(tree: Path, tmp_path: Path) -> None:
    patch = tmp_path / "stale.patch"
    patch.write_text(
        "Bug: b\nBreaks: t\n\ndiff --git a/tools/money.py b/tools/money.py\n--- a/tools/money.py\n"
        "+++ b/tools/money.py\n@@ -1,1 +1,1 @@\n-No such line.\n+Another.\n",
        encoding="utf-8",
    )
    with pytest.raises(StalePatch, match=r"stale\.patch does not apply any more"):
        check(Bug(patch, "b", ("t",)), tree)
