"""The embedded shop's data, in and out."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.conftest import SECRET, Deskrail
from tools.backends.shop import demo_data


@pytest.fixture
def shop_file(tmp_path: Path) -> Path:
    """The demo shop's data in a file."""
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(demo_data(datetime(2026, 11, 20, 12, 0, tzinfo=UTC))), "utf-8")
    return file


def test_what_was_loaded_is_dumped_and_two_dumps_are_equal(deskrail: Deskrail, shop_file: Path, tmp_path: Path) -> None:
    assert deskrail("shop", "load", str(shop_file)).stdout.startswith("Loaded 40 customers")
    first = deskrail("shop", "dump").stdout
    again = tmp_path / "again.json"
    again.write_text(first, "utf-8")
    assert deskrail("shop", "load", str(again)).exit_code == 0
    assert deskrail("shop", "dump").stdout == first
    assert len(json.loads(first)["orders"]) == 120


def test_data_that_does_not_hang_together_is_not_loaded(deskrail: Deskrail, shop_file: Path) -> None:
    data = json.loads(shop_file.read_text("utf-8"))
    data["orders"][0]["customer_id"] = "cus_nobody"
    shop_file.write_text(json.dumps(data), "utf-8")
    shown = deskrail("shop", "load", str(shop_file))
    assert shown.exit_code == 1
    assert "orders.0.customer_id: no such customer" in shown.stderr
    assert shown.stderr.count("\n") == 1
    assert deskrail("shop", "dump").exit_code == 1


def test_a_file_that_is_no_json_is_not_loaded(deskrail: Deskrail, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{", "utf-8")
    assert deskrail("shop", "load", "bad.json").stderr == "deskrail: bad.json is not JSON.\n"


def test_tenants_have_shops_of_their_own(deskrail: Deskrail, shop_file: Path) -> None:
    deskrail("tenant", "add", "acme")
    deskrail("shop", "load", str(shop_file), "--tenant", "acme")
    assert deskrail("shop", "dump", "--tenant", "acme").exit_code == 0
    assert "has no shop data yet" in deskrail("shop", "dump").stderr


@pytest.mark.parametrize("words", [("shop", "dump"), ("trigger", "cancel")])
def test_asking_for_a_shop_that_was_never_loaded_makes_none(
    deskrail: Deskrail, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...]
) -> None:
    deskrail("tenant", "add", "acme")
    monkeypatch.setenv("DESKRAIL_TENANT_ACME_WEBHOOK_SECRETS", SECRET)
    monkeypatch.setenv("DESKRAIL_SHOP_URL", f"sqlite:///{tmp_path / 'never.db'}")
    shown = deskrail(*words, "--tenant", "acme")
    assert (shown.exit_code, "has no shop data" in shown.stderr) == (1, True)
    assert not (tmp_path / "never.db").exists()
