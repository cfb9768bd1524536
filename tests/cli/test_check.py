"""What `deskrail check` finds, and where it points."""

from pathlib import Path

import pytest
from statemachine import State

from service.check_flows import check_code, check_graph
from service.toml_places import line_of
from tests.cli.conftest import Deskrail
from workflows.conversation import Conversation, Moment
from workflows.machine import StrictMachine
from workflows.outcome import Outcome

WRONG = """\
[prices]
as_of = 2999-01-01

[prices.models."my-model"]
input = 1
output = -2
cache_write = 1
cache_read = 1

[tenants.default]
currency = "USX"
language = "tlh"
order_id_pattern = "[A-Z"
link_hosts = ["https://shop.example.com/"]
own_addresses = ["nobody"]

[tenants.default.budget]
steps = 0

[tenants.acme]
sla = { high = 60, medium = 30, low = 90 }
"""


def test_nothing_is_wrong_with_what_is_shipped(deskrail: Deskrail) -> None:
    shown = deskrail("check")
    assert (shown.exit_code, shown.stdout) == (0, "Nothing is wrong.\n")


def test_each_setting_that_cannot_be_meant_is_named_with_its_line(deskrail: Deskrail, tmp_path: Path) -> None:
    (tmp_path / "deskrail.toml").write_text(WRONG, "utf-8")
    shown = deskrail("check")
    assert shown.exit_code == 1
    found = {line.partition(": ")[0]: line for line in shown.stdout.splitlines()}
    assert set(found) == {f"deskrail.toml:{number}" for number in (2, 6, 11, 12, 13, 14, 15, 18, 21)}
    assert "budget.steps" in found["deskrail.toml:18"]
    assert "sla" in found["deskrail.toml:21"]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("[tenants.default]\nmode = \n", 2, "not TOML"),
        ("[tenants.default]\nmood = 'good'\n", 2, "tenants.default.mood"),
        ("[tenants.default]\n\nmode = 'calm'\n", 3, "'normal', 'workflows_only' or 'read_only'"),
        (
            "[tenants.default.policy.limits.USD]\none_vote_above = 10\ntwo_votes_above = 5\n",
            1,
            "two_votes_above must not be below",
        ),
        ("[tenants.default.policy]\nreturn_days = 'x'\n", 2, "return_days"),
    ],
)
def test_a_file_of_another_shape_is_pointed_into(deskrail: Deskrail, tmp_path: Path, text: str, line: int, said: str) -> None:
    (tmp_path / "deskrail.toml").write_text(text, "utf-8")
    shown = deskrail("check")
    assert shown.exit_code == 1
    assert shown.stdout.startswith(f"deskrail.toml:{line}: ")
    assert said in shown.stdout


def test_a_model_without_a_price_is_found(deskrail: Deskrail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKRAIL_MODEL", "gpt-nine")
    assert "The model 'gpt-nine' has no price" in deskrail("check").stdout


def test_an_environment_that_stops_the_start_is_found(deskrail: Deskrail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKRAIL_MODEL_PROVIDER", "oracle")
    assert deskrail("check").stdout == "environment:1: DESKRAIL_MODEL_PROVIDER must be anthropic or scripted.\n"


def test_a_line_that_only_looks_like_a_setting_misleads_nobody() -> None:
    text = 'a = """\nmode = what?\n"""\n[tenants.default]\nmode = "x"\n'
    assert line_of(text, ("tenants", "default", "mode")) == 5
    assert line_of(text, ("tenants", "default", "mode", "deeper")) == 5
    assert line_of(text, ("nothing",)) == 1


class Sinkhole(StrictMachine):
    """A table with a state that leads to no end, and without the library's own checks."""

    started = State(initial=True)
    lost = State()
    done = State(final=True)

    begin = started.to(done)
    stop = started.to(lost)
    wander = lost.to.itself()
    _check_trap_states = classmethod(lambda cls: None)
    _check_reachable_final_states = classmethod(lambda cls: None)


class Mumbling(Conversation):
    """A flow whose code speaks of an event and a reply that nobody knows."""

    name = "mumbling"
    machine = Sinkhole

    async def work(self, moment: Moment) -> Outcome:
        """Say something unheard of."""
        self._moved(moment, "evaporate")
        return self.ask(moment, "shoe_size", "no_such_reply")


def test_a_flow_that_can_get_stuck_is_found() -> None:
    assert [finding.message for finding in check_graph(Sinkhole)] == [
        "From the state lost of Sinkhole nothing leads to an end.",
    ]


def test_events_and_replies_that_do_not_exist_are_found_where_they_stand() -> None:
    own = [finding for finding in check_code(Mumbling) if finding.file.name == "test_check.py"]
    lines = Path(__file__).read_text("utf-8").splitlines()
    assert {finding.message.split("'")[1] for finding in own} == {"evaporate", "ask_shoe_size", "no_such_reply"}
    assert all("evaporate" in lines[f.line - 1] or "shoe_size" in lines[f.line - 1] for f in own)
