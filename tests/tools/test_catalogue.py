"""What people and models are told about the tools."""

import re

import pytest

from tools.args import Args, NoArgs
from tools.catalogue import CATALOGUE, describe, granted
from tools.limits import ACTIONS, READS, UNASKED
from tools.policy import RULES, Policy
from tools.ports import Effect, Lane
from tools.tool import ToolContext, tool


def test_the_granted_names_are_the_catalogues() -> None:
    reads = {spec.name for spec in CATALOGUE.values() if spec.effect is Effect.READ}
    assert reads == READS
    assert set(CATALOGUE) - reads == ACTIONS


def test_the_agent_has_no_tool_that_acts_without_the_customers_yes() -> None:
    unasked = {spec.name for spec in CATALOGUE.values() if spec.effect is not Effect.READ and not spec.confirms}
    assert unasked == UNASKED
    assert unasked.isdisjoint(spec.name for spec in granted(Policy(), Lane.AGENT))


def test_every_tool_shows_a_strict_schema_and_its_rules() -> None:
    for shown in describe(Policy()):
        assert shown["input_schema"]["additionalProperties"] is False
        assert len(shown["description"]) > 20
        names = [rule["name"] for rule in shown["rules"]]
        assert ("money.confirmation" in names) == (shown["effect"] != "READ")
        assert ("refund.per_call_cap" in names) == (shown["effect"] == "MONEY")


def test_every_rule_has_a_name_a_sentence_and_is_found_once() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.sentence.endswith(".") for rule in RULES)


def test_the_numbers_shown_are_the_tenants() -> None:
    shown = {rule["name"]: rule["number"] for rule in describe(Policy(return_days=14))[-1]["rules"]}
    money = {rule["name"]: rule["number"] for one in describe(Policy(return_days=14)) for rule in one["rules"]}
    assert money["return.window"] == "14 days"
    assert money["refund.per_call_cap"] == "$500.00 one vote; $5,000.00 two votes"
    assert "return.window" not in shown


def test_nobody_reads_a_life_or_a_number_of_tries_of_a_code_that_the_tenant_has_changed() -> None:
    told = CATALOGUE["check_verification_code"].description
    assert "the merchant sets both" in told
    assert not re.search(r"\d|\b(ten|three)\b", told)


def test_a_lane_sees_only_what_it_was_given() -> None:
    policy = Policy(granted={Lane.AGENT: frozenset({"get_order", "escalate"})})
    assert {spec.name for spec in granted(policy, Lane.AGENT)} == {"get_order", "escalate"}
    assert granted(policy, Lane.WORKFLOW) == ()


def test_a_tool_whose_effect_was_forgotten_counts_as_money() -> None:
    async def act(shop: object, action: object) -> object:
        raise NotImplementedError

    @tool(act=act)  # type: ignore[arg-type]
    async def forgotten(ctx: ToolContext, args: NoArgs) -> None:
        """Do something that nobody has classified."""

    assert forgotten.effect is Effect.MONEY
    assert forgotten.confirms
    assert not forgotten.idempotent


def test_a_tool_without_a_docstring_or_with_loose_arguments_cannot_be_made() -> None:
    async def silent(ctx: ToolContext, args: NoArgs) -> None: ...

    async def loose(ctx: ToolContext, args: dict[str, str]) -> None:
        """Take anything."""

    async def idle(ctx: ToolContext, args: NoArgs) -> None:
        """Change something, but how?"""

    with pytest.raises(TypeError, match="docstring"):
        tool(effect=Effect.READ)(silent)
    with pytest.raises(TypeError, match="strict model"):
        tool(effect=Effect.READ)(loose)
    with pytest.raises(TypeError, match="act"):
        tool(effect=Effect.WRITE)(idle)
    assert issubclass(NoArgs, Args)
