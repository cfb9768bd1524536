"""`docs/policy.md` says what the code says: every rule with its number, every level, and settings that work as they stand."""

import re
import tomllib
from pathlib import Path

from service.settings import FileSettings
from tools.autonomy import MEANING
from tools.limits import MoneyHours, MoneyLimits, Policy, ToolLimit
from tools.rules import RULES

TEXT = (Path(__file__).parents[2] / "docs" / "policy.md").read_text("utf-8")


def test_every_rule_stands_in_the_document_with_its_place_and_number() -> None:
    rows = re.findall(r"^\| (\d+) \| `([\w.]+)` \| ([\w' ]+) \| (.+?) \| (.+?) \|$", TEXT, re.MULTILINE)
    known = [(str(n), r.name, r.kind, r.number(Policy()) or "–", r.sentence) for n, r in enumerate(RULES, start=1)]
    assert rows == known


def test_every_level_stands_in_the_document_with_its_meaning() -> None:
    for level, meaning in MEANING.items():
        assert f"| `{level}` | {meaning} |" in TEXT


def test_the_settings_of_the_document_are_valid_and_complete() -> None:
    (written,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    data = tomllib.loads(written)
    policy = FileSettings.model_validate(data).tenants["default"].policy
    named = data["tenants"]["default"]["policy"]
    assert set(named) == set(Policy.model_fields)
    assert set(named["limits"]["USD"]) == set(MoneyLimits.model_fields)
    assert set(named["money_hours"]) == set(MoneyHours.model_fields)
    assert set(named["tool_limits"]["issue_refund"]) == set(ToolLimit.model_fields)
    shipped = Policy()
    for name in ("window_days", "duplicate_days", "return_days", "cooldown_hours", "actions_per_hour", "confirmation_hours"):
        assert getattr(policy, name) == getattr(shipped, name)
    assert policy.limits == shipped.limits
