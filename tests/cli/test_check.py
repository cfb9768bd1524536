"""What `deskrail check` finds, and where it points."""

from pathlib import Path

import pytest
from statemachine import State

from service.check_flows import check_code, check_graph
from service.settings import load
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


def test_an_operator_who_names_another_file_hears_about_that_one(deskrail: Deskrail, tmp_path: Path) -> None:
    (tmp_path / "deskrail.toml").write_text('[tenants.default]\nlanguage = "tlh"\n', "utf-8")
    (tmp_path / "next.toml").write_text('[tenants.default]\ncurrency = "USX"\n', "utf-8")
    shown = deskrail("check", "--config", "next.toml")
    assert (shown.exit_code, shown.stdout) == (1, "next.toml:2: currency: not an ISO 4217 code.\n")


def test_a_misspelt_name_of_the_settings_file_is_not_called_fine(deskrail: Deskrail, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = "nxt.toml:1: It cannot be read: No such file or directory.\n"
    assert deskrail("check", "--config", "nxt.toml").stdout == missing
    monkeypatch.setenv("DESKRAIL_CONFIG", "nxt.toml")
    assert deskrail("check").stdout == missing


def test_variables_that_a_deployment_leaves_empty_have_their_defaults(
    deskrail: Deskrail, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("MODEL_PROVIDER", "MODEL", "FALLBACK_MODEL", "SMALL_MODEL", "BACKEND", "LOG_FORMAT", "OUTBOUND_URL", "SHOP_URL")
    for name in names:
        monkeypatch.setenv(f"DESKRAIL_{name}", "")
    assert deskrail("check").stdout == "Nothing is wrong.\n"
    assert load().backend == "shop"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DESKRAIL_BACKEND", "shopp"),
        ("DESKRAIL_OUTBOUND_URL", "help.example.com/token"),
        ("DESKRAIL_OUTBOUND_URL", "http://[::1"),
    ],
)
def test_a_variable_that_stops_the_start_is_found_before_it(
    deskrail: Deskrail, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    checked = deskrail("check")
    assert checked.exit_code == 1
    assert checked.stdout.startswith(f"environment:1: {variable} ")
    assert value not in checked.output
    monkeypatch.setenv("DESKRAIL_DATABASE_URL", "mysql://")  # What takes the value would serve, and never come back here.
    assert deskrail("serve").stderr.startswith(f"deskrail: {variable} ")


@pytest.mark.parametrize("variable", ["DESKRAIL_DATABASE_URL", "DESKRAIL_SHOP_URL"])
@pytest.mark.parametrize("url", ["desk.db", "postgresql://desk:secret@db:543Z/desk", "mysql://desk:secret@db/desk"])
def test_whoever_mistypes_a_database_s_url_reads_which_one_and_never_its_password(
    deskrail: Deskrail, monkeypatch: pytest.MonkeyPatch, variable: str, url: str
) -> None:
    monkeypatch.setenv(variable, url)
    checked, looked = deskrail("check"), deskrail("doctor")
    assert (checked.exit_code, looked.exit_code) == (1, 1)
    assert checked.stdout.startswith(f"environment:1: {variable} ")
    assert looked.stderr.startswith(f"deskrail: {variable} ")
    assert "secret" not in checked.output + looked.output


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
        ("[tenants.default.policy]\nwindow_days = 30\nrefund_cap = 5\n", 3, "policy.refund_cap: Extra inputs"),
        ("[tenants.default.policy]\nreturn_days = 9_999_999\n", 2, "less than or equal to 36500"),
        ("[tenants.default.policy]\napproval_hours = 99_999_999\n", 2, "less than or equal to 876000"),
        ("[tenants.default.policy.limits.USD]\nwindow_cap = -1\n", 2, "greater than or equal to 0"),
        ("[tenants.default.policy.limits.JPY]\nwindow_cap = 500.00\n", 2, "valid integer"),
        ("[tenants.default.policy.limits.USD]\none_vote_above = '500'\n", 2, "valid integer"),
        ("[tenants.default.policy]\n[tenants.default.policy.limits.EURO]\n", 2, "no currency called EURO"),
        ("[tenants.default.policy]\nreturn_days = 9\nlimits = { USD = { cap = 1 } }\n", 3, "limits.USD.cap: Extra"),
        ("[tenants.default.policy.verification]\nget_order = 'code'\nrefund = 'code'\n", 3, "no tool called refund"),
        ("[tenants.default.policy.verification]\nissue_refund = 'sure'\n", 2, "'none', 'channel' or 'code'"),
        ("[tenants.default.policy.granted]\nhuman = ['get_order']\nagent = ['isue_refund']\n", 3, "called isue_refund"),
        ("[tenants.default.policy.granted]\nrobot = ['get_order']\n", 2, "'workflow', 'agent' or 'human'"),
        ("[tenants.default.policy.flows]\ncancel_order = ['cancel']\n", 2, "no tool called cancel"),
        ("[tenants.default.policy.flows]\ncancel_orders = ['cancel_order']\n", 2, "no such flow; there are: cancel_order"),
        ("[tenants.default.policy.autonomy]\nissue_refund = 'full'\n", 2, "'approve_over_cap' or 'auto'"),
        ("[tenants.default.policy.autonomy]\nfind_orders = 'auto'\n", 2, "find_orders only reads"),
        ("[tenants.default.policy.tool_limits.issue_refund]\ncustomer_day = 0\n", 2, "greater than or equal to 1"),
        ("[tenants.default.policy.tool_limits.get_order]\ncustomer_day = 5\n", 1, "get_order only reads"),
        ("[tenants.default.policy.money_hours]\nzone = 'Mars/Olympus'\n", 2, "unknown time zone"),
        ("[tenants.default.policy.money_hours]\nopens = 25:00\n", 2, "not TOML"),
        ("[tenants.default.policy.money_hours]\nopens = 9\n", 2, "written as 09:00:00"),
        ("[tenants.default.policy.money_hours]\nopens = '09:00Z'\ncloses = '17:00Z'\n", 2, "no zone of its own"),
        ("[tenants.default.policy.money_hours]\nopens = 17:00:00\ncloses = 09:00:00\n", 1, "closes must be later"),
        ("[tenants.default.policy.money_hours]\ndays = [1, 7]\n", 2, "less than or equal to 6"),
        ("[tenants.default.policy.money_hours]\ndays = []\n", 2, "at least 1 item"),
        ("[tenants.default.policy]\nautonomy_streak = 0\n", 2, "greater than or equal to 1"),
        ("[tenants.default.policy]\napproval_hours = true\n", 2, "approval_hours: Input should be a valid integer"),
        ("[tenants.default.policy]\nactions_per_hour = '20'\n", 2, "actions_per_hour: Input should be a valid integer"),
        ("[tenants.default.policy]\nstore_credit = 'no'\n", 2, "store_credit: Input should be a valid boolean"),
        ("[tenants.default.budget]\nsteps = true\n", 2, "budget.steps: Input should be a valid integer"),
        ("[tenants.Default]\nmode = 'normal'\n", 1, "a tenant's name is lower-case"),
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
        await moment.run.call("issue_refund", {}, step="refund")
        return self.ask(moment, "shoe_size", "no_such_reply")


def test_a_flow_that_can_get_stuck_is_found() -> None:
    assert [finding.message for finding in check_graph(Sinkhole)] == [
        "From the state lost of Sinkhole nothing leads to an end.",
    ]


def test_events_replies_and_tools_that_do_not_exist_are_found_where_they_stand() -> None:
    own = [finding for finding in check_code(Mumbling) if finding.file.name == "test_check.py"]
    lines = Path(__file__).read_text("utf-8").splitlines()
    assert {finding.message.split("'")[1] for finding in own} == {"evaporate", "ask_shoe_size", "no_such_reply", "issue_refund"}
    assert all(any(word in lines[f.line - 1] for word in ("evaporate", "shoe_size", "issue_refund")) for f in own)
