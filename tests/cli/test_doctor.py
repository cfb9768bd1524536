"""What the doctor sees."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.cli.conftest import SECRET, Deskrail


def health(output: str) -> dict[str, str]:
    """How each thing is, by its name."""
    return {one["what"]: one["health"] for one in json.loads(output)}


def test_a_service_that_nobody_has_started_lacks_a_worker_and_nothing_else(deskrail: Deskrail) -> None:
    shown = deskrail("doctor", "--json")
    assert shown.exit_code == 1
    seen = health(shown.stdout)
    assert {what for what, how in seen.items() if how == "broken"} == {"engine"}
    assert seen["database"] == seen["migrations"] == seen["clock"] == seen["intent model"] == "ok"
    assert seen["backend of default"] == seen["model"] == "warning"


def test_every_broken_thing_says_what_to_do(deskrail: Deskrail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DESKRAIL_SESSION_SECRET")
    monkeypatch.delenv("DESKRAIL_WEBHOOK_SECRET")
    monkeypatch.setenv("DESKRAIL_TENANT_GHOST_WEBHOOK_SECRETS", SECRET)
    found = json.loads(deskrail("doctor", "--json").stdout)
    broken = {one["what"]: one for one in found if one["health"] == "broken"}
    assert set(broken) == {"session secret", "webhooks of default", "webhooks of ghost", "engine"}
    assert all(one["advice"] for one in broken.values())
    assert SECRET not in json.dumps(found)


@pytest.mark.parametrize("url", ["help.example.com/hooks", "https://", "ftp://help.example.com", "http://[::1"])
def test_replies_that_can_go_nowhere_are_not_said_to_go_out(
    deskrail: Deskrail, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("DESKRAIL_OUTBOUND_URL", url)
    assert health(deskrail("doctor", "--json").stdout) == {"settings": "broken"}
    monkeypatch.setenv("DESKRAIL_OUTBOUND_URL", "https://help.example.com/hooks")
    assert health(deskrail("doctor", "--json").stdout)["replies"] == "ok"


def test_a_long_path_is_read_in_whole_on_a_narrow_terminal(
    deskrail: Deskrail, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = tmp_path / ("a" * 90) / "desk.db"
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("DESKRAIL_DATABASE_URL", f"sqlite:///{place}")
    assert str(place) in "".join(deskrail("doctor").stdout.split())


def test_a_database_that_was_never_made_is_broken_and_is_not_made_by_looking(
    deskrail: Deskrail, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DESKRAIL_DATABASE_URL", f"sqlite:///{tmp_path / 'new.db'}")
    found = json.loads(deskrail("doctor", "--json").stdout)
    assert next(one for one in found if one["what"] == "database")["advice"] == "deskrail migrate"
    assert not (tmp_path / "new.db").exists()
    assert not (tmp_path / "new-shop.db").exists()


def test_a_file_that_is_no_database_is_named_and_left_as_it_is(
    deskrail: Deskrail, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "notes.db").write_text("Call the bank on Monday. " * 50, "utf-8")
    monkeypatch.setenv("DESKRAIL_DATABASE_URL", f"sqlite:///{tmp_path / 'notes.db'}")
    monkeypatch.setenv("DESKRAIL_SHOP_URL", f"sqlite:///{tmp_path / 'notes.db'}")
    found = {one["what"]: one for one in json.loads(deskrail("doctor", "--json").stdout)}
    for what, variable in (("database", "DESKRAIL_DATABASE_URL"), ("backend of default", "DESKRAIL_SHOP_URL")):
        assert found[what]["health"] == "broken"
        assert "is no SQLite database" in found[what]["found"]
        assert variable in found[what]["advice"]
    for words in (("migrate",), ("switch", "list"), ("shop", "dump")):
        shown = deskrail(*words)
        assert (shown.exit_code, shown.stderr.count("\n")) == (1, 1)
        assert "is damaged, or is none of SQLite's; `deskrail doctor`" in shown.stderr
    assert (tmp_path / "notes.db").read_text("utf-8").startswith("Call the bank")


def test_a_database_whose_pages_were_overwritten_is_called_damaged(deskrail: Deskrail, tmp_path: Path) -> None:
    (file,) = (path for path in tmp_path.rglob("deskrail.db"))
    with file.open("r+b") as damaged:
        damaged.seek(100)  # Behind the header, which still says that this is a database.
        damaged.write(b"\xff" * (file.stat().st_size - 100))
    found = {one["what"]: one for one in json.loads(deskrail("doctor", "--json").stdout)}
    assert "is damaged" in found["database"]["found"]
    assert "is damaged" in deskrail("migrate").stderr


def test_a_shop_that_does_not_answer_is_looked_for_where_it_was_configured(
    deskrail: Deskrail, monkeypatch: pytest.MonkeyPatch
) -> None:
    def advice() -> str:
        found = json.loads(deskrail("doctor", "--json").stdout)
        return next(one["advice"] for one in found if one["what"] == "backend of default")

    monkeypatch.setenv("DESKRAIL_DATABASE_URL", "postgresql://127.0.0.1:1/nobody")
    assert "DESKRAIL_DATABASE_URL" in advice()
    monkeypatch.setenv("DESKRAIL_SHOP_URL", "postgresql://127.0.0.1:1/nobody")
    assert advice() == "Check DESKRAIL_SHOP_URL."


def test_a_folder_in_place_of_the_database_is_called_one(
    deskrail: Deskrail, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DESKRAIL_DATABASE_URL", f"sqlite:///{tmp_path}")
    found = {one["what"]: one for one in json.loads(deskrail("doctor", "--json").stdout)}
    assert found["database"]["found"] == f"{tmp_path} is a folder."


def test_looking_at_a_shop_without_tables_makes_none(deskrail: Deskrail, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "deskrail-shop.db")) as shop:
        shop.execute("create table somebody_elses (id)")
        assert health(deskrail("doctor", "--json").stdout)["backend of default"] == "warning"
        tables = {name for (name,) in shop.execute("select name from sqlite_master where type = 'table'")}
    assert tables == {"somebody_elses"}


@pytest.mark.postgres
def test_looking_at_a_shop_on_postgresql_makes_no_schema(
    deskrail: Deskrail, monkeypatch: pytest.MonkeyPatch, postgres_url: str
) -> None:
    monkeypatch.setenv("DESKRAIL_SHOP_URL", postgres_url)
    with psycopg.connect(postgres_url, autocommit=True) as shop:
        shop.execute("drop schema if exists shop cascade")
        assert health(deskrail("doctor", "--json").stdout)["backend of default"] == "warning"
        found = shop.execute("select 1 from pg_namespace where nspname = 'shop'").fetchall()
    assert found == []


def test_a_backend_whose_events_cannot_be_heard_is_named(
    deskrail: Deskrail, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def events() -> dict[str, str]:
        found = json.loads(deskrail("doctor", "--json").stdout)
        return next(one for one in found if one["what"] == "backend events of default")

    silent = events()
    assert (silent["health"], silent["advice"]) == ("warning", "Set DESKRAIL_BACKEND_SECRET.")
    (tmp_path / "deskrail.toml").write_text('[tenants.default.shop]\nslow = ["refund"]\n', "utf-8")
    monkeypatch.setenv("DESKRAIL_CONFIG", str(tmp_path / "deskrail.toml"))
    assert "effects like refund are accepted as jobs" in events()["found"]
    monkeypatch.setenv("DESKRAIL_BACKEND_SECRET", SECRET)
    monkeypatch.setenv("DESKRAIL_TENANT_GHOST_BACKEND_SECRETS", SECRET)
    assert events()["health"] == "ok"
    assert health(deskrail("doctor", "--json").stdout)["backend events of ghost"] == "broken"


def test_a_model_is_asked_only_when_that_is_wanted(deskrail: Deskrail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKRAIL_MODEL_PROVIDER", "anthropic")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-test")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:1")
    assert health(deskrail("doctor", "--json").stdout)["model"] == "ok"


def test_a_fallback_model_without_a_price_is_named(deskrail: Deskrail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKRAIL_MODEL_PROVIDER", "anthropic")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a-key")
    monkeypatch.setenv("DESKRAIL_FALLBACK_MODEL", "dear-model")
    (model,) = (one for one in json.loads(deskrail("doctor", "--json").stdout) if one["what"] == "model")
    assert (model["health"], model["found"]) == ("broken", "dear-model has no price.")


def test_people_read_it_as_a_list(deskrail: Deskrail) -> None:
    shown = deskrail("doctor")
    assert "broken  engine" in shown.stdout
    assert "→ deskrail serve, or deskrail worker" in shown.stdout
