"""Reads the patches, and puts them into a copy of the tree; the tree itself is never touched."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
TREE = HERE.parent.parent
COPIED = ("agent", "classifier", "service", "tests", "tools", "workflows", "alembic.ini", "pyproject.toml")
"""What the tests need of the tree."""

_BREAKS = re.compile(r"^Breaks: (\S.*\S)$", re.MULTILINE)
_BUG = re.compile(r"^Bug: (\S.*\S)$", re.MULTILINE)


class StalePatch(Exception):
    """A patch does not fit the tree any more, so it proves nothing; the message says which and why."""


@dataclass(frozen=True)
class Bug:
    """One patch: what it breaks in words, and the ids of the tests that must fail with it."""

    path: Path
    about: str
    breaks: tuple[str, ...]

    @property
    def name(self) -> str:
        """The patch's name in words."""
        return self.path.stem.replace("_", " ")


def all_bugs() -> list[Bug]:
    """Every patch, by name. Raises `StalePatch` for one whose header does not say what it breaks."""
    return [_read(path) for path in sorted((HERE / "patches").glob("*.patch"))]


def copy_tree(to: Path) -> Path:
    """A copy of what the tests need, without what they wrote."""
    for name in COPIED:
        source = TREE / name
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        elif source.exists():
            shutil.copy(source, to / name)
    return to


def check(bug: Bug, tree: Path) -> None:
    """Raises `StalePatch` when the patch does not apply there."""
    _git(bug, tree, "--check")


@contextmanager
def planted(bug: Bug, tree: Path) -> Iterator[None]:
    """The copy with the bug in it, and well again afterwards."""
    _git(bug, tree)
    try:
        yield
    finally:
        _git(bug, tree, "--reverse")


def _read(path: Path) -> Bug:
    header = path.read_text(encoding="utf-8").partition("\ndiff --git ")[0]
    about, breaks = _BUG.search(header), _BREAKS.findall(header)
    if about is None or not breaks:
        raise StalePatch(f"{path.name} does not say what it breaks.")
    return Bug(path, about[1], tuple(breaks))


def _git(bug: Bug, tree: Path, *options: str) -> None:
    # Inside a repository, git would look for the files from its root and skip what is not there.
    alone = os.environ | {"GIT_CEILING_DIRECTORIES": str(tree.parent)}
    done = subprocess.run(["git", "apply", *options, str(bug.path)], cwd=tree, env=alone, capture_output=True, text=True)
    if done.returncode:
        raise StalePatch(f"{bug.path.name} does not apply any more; write it anew for the code of now.\n{done.stderr.strip()}")
