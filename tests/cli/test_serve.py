"""A served shop: stories are triggered on it over HTTP, and it stops when it is told to."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from service.serving import address, listen
from tests.cli.conftest import SCRIPT, Deskrail
from tools.backends.shop import demo_data

pytestmark = pytest.mark.xdist_group("serve")


@pytest.fixture
def served(environment: Mapping[str, str], deskrail: Deskrail, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running `deskrail serve` over the demo shop, and its address."""
    (tmp_path / "shop.json").write_text(json.dumps(demo_data(datetime.now(UTC))), "utf-8")
    assert deskrail("shop", "load", "shop.json").exit_code == 0
    process = subprocess.Popen([SCRIPT, "serve", "--port", "0"], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    listens = next(found for line in process.stderr if (found := re.search(r"listens on (http://\S+)", line)))
    yield process, listens[1]
    process.kill()
    process.communicate()


def test_stories_end_as_they_should_and_the_service_stops_when_told(
    served: tuple[subprocess.Popen[str], str], deskrail: Deskrail
) -> None:
    process, url = served
    assert httpx.get(f"{url}/readyz").json()["workers"] == 1

    twice = json.loads(deskrail("trigger", "duplicate.webhook", "--url", url, "--json").stdout)
    assert [(told["duplicates"], told["status"]) for told in twice] == [(1, "resolved")]
    (over,) = json.loads(deskrail("trigger", "refund.over_limit", "--url", url, "--json").stdout)
    assert (over["status"], over["messages"]) == ("waiting_approval", 2)
    (injected,) = json.loads(deskrail("trigger", "prompt.injection", "--url", url, "--json").stdout)
    assert injected["status"] == "escalated"
    assert json.loads(deskrail("explain", injected["external_id"], "--json").stdout)["actions"] == []

    # One worker has this SQLite database, so a second one says so and leaves.
    second = deskrail("worker")
    assert (second.exit_code, second.stderr.count("\n")) == (1, 1)
    assert "more than one needs PostgreSQL" in second.stderr

    health = {one["what"]: one["health"] for one in json.loads(deskrail("doctor", "--json").stdout)}
    assert health["engine"] == "ok"

    process.send_signal(signal.SIGTERM)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == 0
    assert rest.endswith("Finishing what runs.\n")
    assert "Traceback" not in rest


def test_nothing_is_served_without_a_session_secret(deskrail: Deskrail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DESKRAIL_SESSION_SECRET")
    shown = deskrail("serve")
    assert shown.exit_code == 1
    assert shown.stderr.startswith("deskrail: Set DESKRAIL_SESSION_SECRET")


def test_a_port_that_is_taken_is_one_clear_line(deskrail: Deskrail) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = address(taken).rpartition(":")[2]
        shown = deskrail("serve", "--port", port)
    assert shown.exit_code == 1
    assert (
        shown.stderr
        == f"deskrail: Cannot listen on 127.0.0.1 port {port}: Address already in use. Choose another port with --port.\n"
    )


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1"])
def test_a_host_that_is_not_this_machine_is_what_has_to_be_changed(deskrail: Deskrail, host: str) -> None:
    shown = deskrail("serve", "--host", host)
    assert shown.exit_code == 1
    assert shown.stderr.startswith(f"deskrail: Cannot listen on {host}: ")
    assert shown.stderr.endswith("Choose another with --host.\n")


def test_a_story_for_nobody_s_ears_says_so(deskrail: Deskrail, tmp_path: Path) -> None:
    (tmp_path / "shop.json").write_text(json.dumps(demo_data(datetime.now(UTC))), "utf-8")
    deskrail("shop", "load", "shop.json")
    shown = deskrail("trigger", "order.status", "--url", "http://127.0.0.1:1")
    assert shown.exit_code == 1
    assert "Nothing answers at http://127.0.0.1:1" in shown.stderr


def test_without_a_secret_or_a_shop_no_story_is_told(deskrail: Deskrail, monkeypatch: pytest.MonkeyPatch) -> None:
    deskrail("migrate")
    assert "has no shop data" in deskrail("trigger", "cancel").stderr
    monkeypatch.delenv("DESKRAIL_WEBHOOK_SECRET")
    assert "has no webhook secret here" in deskrail("trigger", "cancel").stderr
    assert "There is no tenant 'nope'" in deskrail("trigger", "cancel", "--tenant", "nope").stderr


def test_an_unknown_scenario_is_answered_with_those_there_are(deskrail: Deskrail) -> None:
    shown = deskrail("trigger", "refund.huge")
    assert shown.exit_code == 2
    assert "refund.small" in shown.stderr
    assert "refund.small" in deskrail("trigger", "--list").stdout
