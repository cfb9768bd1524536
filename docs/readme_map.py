"""Writes the map of files in README.md from the first sentence of every module: `python docs/readme_map.py`."""

import ast
import re
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("service", "agent", "workflows", "tools", "classifier", "benchmarks")
MARKS = re.compile(r"(<!-- map -->\n).*(<!-- /map -->)", re.DOTALL)


def files() -> list[Path]:
    """Every source file that the map names, migrations of the tables aside."""
    found = [
        path.relative_to(ROOT) for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"), key=_folder_first)
    ]
    return [path for path in found if "versions" not in path.parts]


def _folder_first(path: Path) -> tuple[Path, str]:
    """The files of a folder stay together, before those of the folders in it."""
    return path.parent, path.name


def sentence(path: Path) -> str:
    """What a module says it is, in its first line."""
    said = ast.get_docstring(ast.parse((ROOT / path).read_text("utf-8"))) or ""
    return said.split("\n\n")[0].replace("\n", " ")


def render() -> str:
    """The map as Markdown: one folded table for each folder."""
    parts = []
    for folder, paths in groupby(files(), key=lambda path: path.parent):
        members = list(paths)
        about = next((sentence(path) for path in members if path.name == "__init__.py"), "")
        rows = "\n".join(f"| `{path.name}` | {sentence(path)} |" for path in members if path.name != "__init__.py")
        if rows:
            summary = f"<summary><code>{folder}/</code> {about}</summary>"
            parts.append(f"<details>{summary}\n\n| file | what it is |\n|---|---|\n{rows}\n\n</details>\n")
    return "\n".join(parts)


def written(readme: str) -> str:
    """The README with the map as it should be."""
    return MARKS.sub(lambda match: f"{match[1]}\n{render()}\n{match[2]}", readme)


if __name__ == "__main__":
    page = ROOT / "README.md"
    page.write_text(written(page.read_text("utf-8")), "utf-8")
