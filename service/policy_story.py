"""Tells what the policy would say to a call, as text for a terminal and as data."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from service.console.filters import fact
from service.console.words import FACT, LANE, TOOL, VERIFICATION, named
from tools.explaining import Explanation
from tools.policy import Ruling
from tools.ports import Json, Verdict

_STYLES: Mapping[str, str] = {"allow": "green", "deny": "red", "needs_confirmation": "yellow", "needs_approval": "yellow"}


def sentence(verdict: Verdict) -> str:
    """A verdict in a sentence, with the rule that speaks."""
    rule = f" ({verdict.rule})" if verdict.rule else ""
    match verdict.decision:
        case "allow":
            return f"It would be done{f' with the {_votes(verdict)} given' if verdict.votes else ''}{rule}."
        case "deny":
            return f"It would be refused with {verdict.code}{rule}: {verdict.sentence}"
        case "needs_confirmation":
            return f"The customer would be asked{rule}: {verdict.sentence}"
        case "needs_approval":
            return f"It would wait for {_votes(verdict)}{rule}: {verdict.sentence}"


def as_data(told: Explanation) -> dict[str, Any]:
    """The explanation as JSON."""
    case = told.case
    return {
        "tool": case.spec.name,
        "effect": case.spec.effect,
        "args": dict(case.proposal.args),
        "caller": {
            "lane": case.caller.lane,
            "flow": case.flow,
            "person": case.caller.person,
            "verification": case.caller.verification,
        },
        "autonomy": told.level,
        "verdict": _verdict(told.verdict),
        "after_the_customers_yes": _verdict(told.after_yes) if told.after_yes else None,
        "meets_action": told.meets.id if told.meets else None,
        "amount": case.proposal.money.as_json() if case.proposal.money else None,
        "facts": dict(told.facts),
        "policy_version": told.policy_version,
        "rules": [_ruling(one, told) for one in told.rulings],
    }


def render(told: Explanation) -> RenderableType:
    """The explanation for people: what would happen, the facts, and every rule in the order of decision."""
    lines: list[RenderableType] = [_head(told), Text(sentence(told.verdict), style=_STYLES[told.verdict.decision])]
    if told.meets is not None:
        lines.append(Text(f"No new action: the same wish is live as {told.meets.id}, which is {told.meets.status}."))
    if told.after_yes is not None:
        lines.append(Text(f"After the customer's yes: {sentence(told.after_yes)}", style=_STYLES[told.after_yes.decision]))
    if told.facts:
        lines += [Text(), _facts(told.facts)]
    return Group(*lines, Text(), _rules(told))


def _head(told: Explanation) -> Text:
    caller = told.case.caller
    who = "a person" if caller.person else f"flow {told.case.flow}" if told.case.flow else f"lane {named(LANE, caller.lane)}"
    level = f", autonomy {told.level}" if told.level else ""
    verified = named(VERIFICATION, caller.verification).lower()
    name = named(TOOL, told.case.spec.name)
    return Text(f"{name} ({told.case.spec.name}, {told.case.spec.effect}) by {who}; {verified}{level}", style="bold")


def _facts(facts: Mapping[str, Json]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts.items():
        table.add_row(named(FACT, name), Text(fact(value)))
    return table


def _rules(told: Explanation) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for title, justify in (("No.", "right"), ("Rule", "left"), ("Says", "left"), ("Number", "left")):
        table.add_column(title, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for one in told.rulings:
        style = "bold" if one.decides else "" if one.says != "passes" else "dim"
        mark = " ← decides" if one.decides else ""
        table.add_row(str(one.order), one.rule.name, f"{one.says}{mark}", told.numbers[one.rule.name], style=style)
    return table


def _ruling(one: Ruling, told: Explanation) -> dict[str, Json]:
    return {
        "order": one.order,
        "name": one.rule.name,
        "kind": one.rule.kind,
        "says": one.says,
        "decides": one.decides,
        "code": one.code,
        "votes": one.votes,
        "sentence": one.rule.sentence,
        "number": told.numbers[one.rule.name],
    }


def _verdict(verdict: Verdict) -> dict[str, Json]:
    return {
        "decision": verdict.decision,
        "rule": verdict.rule,
        "code": verdict.code,
        "votes": verdict.votes,
        "sentence": verdict.sentence,
    }


def _votes(verdict: Verdict) -> str:
    return "one person's vote" if verdict.votes == 1 else f"the votes of {verdict.votes} people"
