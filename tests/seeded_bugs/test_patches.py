"""The seeded bugs still fit the code; `make test-long` shows that each of them is caught."""

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
def test_a_bug_still_fits_and_names_tests_that_exist(bug: Bug, tree: Path) -> None:
    check(bug, tree)
    for name in bug.breaks:
        path, _, test = name.partition("::")
        assert f"def {test.partition('[')[0]}(" in (TREE / path).read_text(encoding="utf-8"), name


def test_a_patch_that_no_longer_fits_says_so(tree: Path, tmp_path: Path) -> None:
    patch = tmp_path / "stale.patch"
    patch.write_text(
        "Bug: b\nBreaks: t\n\ndiff --git a/tools/money.py b/tools/money.py\n--- a/tools/money.py\n"
        "+++ b/tools/money.py\n@@ -1,1 +1,1 @@\n-No such line.\n+Another.\n",
        encoding="utf-8",
    )
    with pytest.raises(StalePatch, match=r"stale\.patch does not apply any more"):
        check(Bug(patch, "b", ("t",)), tree)
