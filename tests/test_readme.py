"""README stays true: its map is the one that the modules give, and the commands and settings it names exist."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def readme_map() -> ModuleType:
    spec = importlib.util.spec_from_file_location("readme_map", ROOT / "docs" / "readme_map.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_map_names_every_file_with_its_own_sentence() -> None:
    module = readme_map()
    assert module.written(README) == README, "Run `python docs/readme_map.py`."
    assert all(f"`{path.name}`" in README for path in module.files() if path.name != "__init__.py")


def test_a_reader_finds_each_folder_once() -> None:
    folders = re.findall(r"<summary><code>(\S+)</code>", README)
    assert len(folders) > 15
    assert sorted(folders) == sorted(set(folders))


def test_every_module_says_in_a_sentence_what_it_is() -> None:
    module = readme_map()
    silent = [str(path) for path in module.files() if not module.sentence(path).endswith((".", "?"))]
    assert silent == []


def test_every_linked_file_is_there() -> None:
    linked = re.findall(r"\]\((?!https?:|#)([^)]+)\)", README)
    assert linked
    assert [target for target in linked if not (ROOT / target).exists()] == []


def test_every_make_target_that_readme_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)`", README)) <= targets
