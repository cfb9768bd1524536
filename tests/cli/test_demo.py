"""The demo, played once as its own process, and what the other commands say about what it left behind."""

import asyncio
import json
import signal
import sqlite3
import subprocess
from pathlib import Path

import pytest

from service.bootstrap import build
from service.demo.run import PATIENCE, Patience
from service.serving import address, listen
from service.settings import load
from service.sweeps import Sweeps
from tests.cli.conftest import SCRIPT, Deskrail, Played
from tests.tampering import lift_guards_of_file

pytestmark = pytest.mark.xdist_group("demo")


def test_the_demo_leaves_decisions_waiting_and_comes_to_rest(played: Played) -> None:
    summary = played.summary
    assert summary["settled"]
    assert summary["tickets"] == summary["asked_for"] == 60
    assert sum(summary["by_lane"].values()) == sum(summary["by_status"].values()) == 60
    assert summary["approvals_waiting"] >= 3
    assert summary["escalations_waiting"] >= 3
    assert summary["refunds"]["count"] >= 1
    assert summary["duplicates"] == 1
    assert summary["cost_microusd"] > 0
    assert not {"new", "working"} & set(summary["by_status"])


class HurriedLoop(asyncio.SelectorEventLoop):
    """A loop whose time runs ahead as a test says."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


@pytest.mark.parametrize(("happened", "waited_for"), [((1, 2, 3), True), ((1, 1, 1), False), ((3, 2, 1), False)])
def test_a_demo_of_many_tickets_is_waited_for_as_long_as_something_happens(happened: tuple[int, ...], waited_for: bool) -> None:
    loop = HurriedLoop()

    async def play(patience: Patience) -> None:
        for number in happened:
            patience.saw(number)
            loop.ahead += PATIENCE * 0.6
            await asyncio.sleep(0.001)

    async def watch() -> bool:
        patience = Patience()
        return await patience.lasts(play(patience))

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        assert runner.run(watch()) is waited_for


def test_no_story_of_the_demo_breaks_a_turn(played: Played) -> None:
    with sqlite3.connect(played.folder / "deskrail.db") as db:
        reasons = {reason for (reason,) in db.execute("select distinct reason from escalations")}
    assert reasons
    assert not reasons & {"poison", "tool_failed", "outcome_unknown"}


def test_the_summary_s_figures_are_the_database_s(played: Played) -> None:
    with sqlite3.connect(played.folder / "deskrail.db") as db:
        lanes = dict(db.execute("select lane, count(*) from tickets group by lane"))
        (pending,) = db.execute("select count(*) from approvals where state = 'pending'").fetchone()
        (paid,) = db.execute("select sum(amount_minor) from ledger where account = 'refunds_paid'").fetchone()
        (messages,) = db.execute("select count(*) from messages where author in ('customer', 'third_party')").fetchone()
    summary = played.summary
    assert (lanes, pending, messages) == (summary["by_lane"], summary["approvals_waiting"], summary["messages"])
    assert sum(amount["amount_minor"] for amount in summary["refunds"]["amounts"]) == paid


def test_the_money_is_in_the_shop_s_own_books_once_for_each_action(played: Played) -> None:
    with sqlite3.connect(played.folder / "deskrail.db") as db:
        acted = sorted(db.execute("select key, amount_minor from actions where status = 'succeeded' and effect = 'MONEY'"))
    with sqlite3.connect(played.folder / "deskrail-shop.db") as shop:
        booked = sorted(
            shop.execute("select key, amount_minor from books where kind in ('refund', 'cancel_order', 'return_items')")
        )
    assert acted == booked
    assert acted


def test_a_folder_that_holds_something_is_left_alone(deskrail: Deskrail, played: Played) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in (played.folder / "demo.env", played.folder / "deskrail.toml")}
    shown = deskrail("demo", "--dir", str(played.folder), "--exit-when-done")
    assert shown.exit_code == 1
    assert "is not empty" in shown.stderr
    assert {name: (played.folder / name).stat().st_mtime_ns for name in before} == before


def test_a_port_that_is_taken_leaves_the_folder_good_for_the_next_try(deskrail: Deskrail, tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = address(taken).rpartition(":")[2]
        shown = deskrail("demo", "--port", port, "--dir", str(tmp_path / "mine"), "--exit-when-done")
    assert shown.exit_code == 1
    assert "Choose another port" in shown.stderr
    assert not (tmp_path / "mine").exists()


def test_a_script_that_waits_for_the_summary_hears_that_the_demo_was_stopped(tmp_path: Path) -> None:
    command = [SCRIPT, "demo", "--tickets", "5000", "--exit-when-done", "--json", "--dir", str(tmp_path / "stopped")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as demo:
        assert demo.stderr is not None
        next(line for line in demo.stderr if line.startswith("Console:"))
        demo.send_signal(signal.SIGINT)
        summary, told = demo.communicate(timeout=120)
    assert (demo.returncode, summary) == (1, "")
    assert "deskrail: It was stopped before every ticket had come to rest." in told


def test_the_secrets_of_a_demo_are_for_its_owner_only(played: Played) -> None:
    assert (played.folder / "demo.env").stat().st_mode & 0o077 == 0


def test_a_ticket_s_story_tells_words_decisions_receipts_and_its_end(deskrail: Deskrail, replayed: Path) -> None:
    shown = deskrail("explain", "T-1002")
    assert shown.exit_code == 0
    for told in ("Kettle arrived cracked", "goes to flow", "issue_refund", "receipt R-", "Yes please.", "Resolved."):
        assert told in shown.stdout
    waiting = deskrail("explain", "T-1003").stdout
    assert "approval pending, 1 needed by refund.per_call_cap: no vote yet" in waiting
    assert "Waits for 1 vote by people, as refund.per_call_cap asks." in waiting
    assert "With people" in deskrail("explain", "T-1005").stdout


def test_a_story_as_data_is_the_contract_s_ticket_with_its_journal(deskrail: Deskrail, replayed: Path) -> None:
    told = json.loads(deskrail("explain", "T-1002", "--json").stdout)
    assert (told["external_id"], told["status"], told["lane"]) == ("T-1002", "resolved", "workflow")
    assert [entry["seq"] for entry in told["journal"]] == list(range(1, len(told["journal"]) + 1))
    assert json.loads(deskrail("explain", told["id"], "--json").stdout)["id"] == told["id"]


def test_a_message_cannot_rewrite_the_reader_s_terminal(deskrail: Deskrail, replayed: Path) -> None:
    with sqlite3.connect(replayed) as db:
        db.execute("update messages set text = ? where author = 'customer'", ("\x1b[2Jall is well\x9b1A\u202e",))
    shown = deskrail("explain", "T-1002").stdout
    assert "[2Jall is well" in shown
    assert not {"\x1b", "\x9b", "\u202e"} & set(shown)


def test_a_ticket_that_nobody_knows_has_no_story(deskrail: Deskrail, replayed: Path) -> None:
    shown = deskrail("explain", "T-9999")
    assert (shown.exit_code, shown.stderr) == (1, "deskrail: The tenant 'default' has no ticket 'T-9999'.\n")


def test_the_journal_verifies_as_it_was_left(deskrail: Deskrail, replayed: Path) -> None:
    shown = deskrail("audit", "verify", "--json")
    assert shown.exit_code == 0
    assert json.loads(shown.stdout)["findings"] == []
    assert json.loads(shown.stdout)["chains"] == 61


def test_money_that_is_not_in_the_ledger_is_found_out(deskrail: Deskrail, replayed: Path) -> None:
    with sqlite3.connect(replayed) as db:
        db.execute("update actions set status = 'sent' where status = 'succeeded' and amount_minor > 0")
    shown = deskrail("audit", "verify")
    assert shown.exit_code == 1
    assert "breaks I2.held: Money is held for an action exactly while it is reserved, sent or unknown." in shown.stderr


ALTERED = "update journal_payloads set data = '{\"text\": \"nothing\"}' where seq = 1 and stream like 'tkt_%'"
REMOVED = "delete from journal where seq = 2 and stream like 'tkt_%'"
ORPHANED = "update journal set stream = 'tkt_gone' where stream = (select min(stream) from journal where stream like 'tkt_%')"


def cut_off(db: sqlite3.Connection) -> str:
    """Cut the end off an anchored ticket's chain, head and all, so that it verifies by itself; returns the ticket."""
    lift_guards_of_file(db)
    (stream,) = db.execute("select id from tickets where anchored_seq > 2 limit 1").fetchone()
    (kept,) = db.execute("select hash from journal where stream = ? and seq = 2", (stream,)).fetchone()
    db.execute("delete from journal where stream = ? and seq > 2", (stream,))
    db.execute("update tickets set journal_seq = 2, journal_head = ? where id = ?", (kept, stream))
    return stream


@pytest.mark.parametrize(
    ("change", "finding"),
    [(ALTERED, "was changed"), (REMOVED, "entry 2 is missing"), (ORPHANED, "no ticket that they belong to")],
)
def test_whoever_changes_the_journal_is_found_out(deskrail: Deskrail, replayed: Path, change: str, finding: str) -> None:
    with sqlite3.connect(replayed) as db:
        lift_guards_of_file(db)
        db.execute(change)
    shown = deskrail("audit", "verify")
    assert shown.exit_code == 1
    assert finding in shown.stderr


async def anchor() -> None:
    """Sweep once, so that the tenant's chain holds the heads of all tickets."""
    services = build(load())
    await Sweeps(services.db, services.engine, services.wakeups, services.clock, nothing, nothing).anchor()
    await services.close()


async def nothing() -> int:
    """Stands for the sweeps that are not wanted here."""
    return 0


def test_a_chain_that_was_cut_off_whole_is_found_by_its_anchor(deskrail: Deskrail, replayed: Path) -> None:
    asyncio.run(anchor())
    with sqlite3.connect(replayed) as db:
        stream = cut_off(db)
    shown = deskrail("audit", "verify")
    assert shown.exit_code == 1
    assert f"{stream}: entry" in shown.stderr
    assert "anchored" in shown.stderr


REFUND = '{"order_id": "%s", "amount_minor": 100, "currency": "USD", "reason": "goodwill"}'


def order_of(replayed: Path, ticket: str) -> str:
    """The order that the ticket's action was about."""
    with sqlite3.connect(replayed) as db:
        query = (
            "select order_id from actions join tickets on tickets.id = ticket_id where external_id = ? and order_id is not null"
        )
        (order,) = db.execute(query, (ticket,)).fetchone()
    return order


def test_a_person_s_call_meets_the_same_rules_as_everybody_s(deskrail: Deskrail, replayed: Path) -> None:
    deskrail("user", "add", "amy@example.com", "--role", "agent")
    words = ("tool", "call", "issue_refund", "--ticket", "T-1003", "--user", "amy@example.com", "--json", "--args")
    own, strange = (REFUND % order_of(replayed, ticket) for ticket in ("T-1003", "T-1002"))

    unconfirmed = deskrail(*words, own)
    assert unconfirmed.exit_code == 1
    assert json.loads(unconfirmed.stdout)["rule"] == "money.confirmation"
    assert "Refused with confirmation_required" in unconfirmed.stderr

    # A refund of the same order waits for votes, so this one does too.
    confirmed = deskrail(*words, own, "--customer-confirmed")
    assert confirmed.exit_code == 0
    assert json.loads(confirmed.stdout)["decision"] == "needs_approval"
    assert json.loads(confirmed.stdout)["rule"] == "refund.possible_duplicate"

    elsewhere = deskrail(*words, strange, "--customer-confirmed")
    assert elsewhere.exit_code == 1
    assert json.loads(elsewhere.stdout)["code"] == "not_found"


def test_only_people_who_work_tickets_call_tools(deskrail: Deskrail, replayed: Path) -> None:
    deskrail("user", "add", "vic@example.com", "--role", "viewer")
    for email, said in (("vic@example.com", "does not work tickets"), ("nobody@example.com", "Nobody with this e-mail")):
        shown = deskrail("tool", "call", "find_orders", "--ticket", "T-1002", "--user", email)
        assert shown.exit_code == 1
        assert said in shown.stderr


@pytest.mark.parametrize("args", ["{", "[]", '{"a": 1, "a": 2}'])
def test_arguments_that_are_no_json_object_call_nothing(deskrail: Deskrail, args: str) -> None:
    shown = deskrail("tool", "call", "find_orders", "--ticket", "T-1", "--user", "amy@example.com", "--args", args)
    assert shown.exit_code == 1
    assert "--args" in shown.stderr
