"""Tells a ticket's whole story as text: messages, the route and why, actions with their decisions, the cost, the end."""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from service.console.timeline import Item, ModelStep, Read, timeline
from service.console.words import ACTION, AUTHOR, DECISION, LANE, STATUS, VERIFICATION, named, words
from service.escalation import SENTENCES
from service.store.story import Called, Head, Said, Story
from tools.ports import Json
from workflows.outcome import Reason

SHORT = 420
"""How many characters of a message stand on one screen; the whole is a flag away."""

_STYLES: Mapping[str, str] = {"Customer": "bold", "Deskrail": "cyan", "Support": "green", "Third party": "red"}


@dataclass(frozen=True, slots=True)
class Line:
    """One station: when, who or what, and what there is to say."""

    at: datetime
    who: str
    text: str


def lines(story: Story, most: int | None = SHORT) -> Iterator[Line]:
    """Everything that happened on the ticket, oldest first; messages are cut after `most` characters."""
    for item in timeline(story):
        who, text = _told(item, most)
        if text:
            yield Line(item.at, who, text)


def ending(story: Story) -> str:
    """How the ticket stands now, in a sentence."""
    head, case = story.head, story.case
    if case is not None and case.state != "resolved":
        owner = f"{case.owner_name or 'Somebody'} works on it." if case.owner else "Nobody has claimed it yet."
        return f"With people, {case.risk} risk: {SENTENCES[Reason(case.reason)]} {owner}"
    pending = [asked for called in story.called for asked in called.approvals if asked.state == "pending"]
    if head.status == "waiting_approval" and pending:
        return f"Waits for {_count(pending[-1].votes_needed, 'vote')} by people, as {pending[-1].rule} asks."
    if story.question:
        return "Waits for the customer's answer."
    return f"{named(STATUS, head.status)}."


def spent(head: Head) -> str:
    """What the ticket cost."""
    used = head.budget.get("spent") or {}
    if not used.get("steps"):
        return "Nothing: no model was asked."
    dollars = used.get("microusd", 0) / 1_000_000
    parts = (
        _count(used["steps"], "model step"),
        _count(used.get("tokens", 0), "token"),
        _count(used.get("tool_calls", 0), "tool call"),
    )
    return f"{dollars:.6f} USD: {', '.join(parts)}."


def render(story: Story, most: int | None = SHORT) -> RenderableType:
    """The story for a terminal, or plain where there is none."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for line in lines(story, most):
        table.add_row(f"{line.at:%H:%M:%S}", Text(line.who, style=_STYLES.get(line.who, "dim")), Text(line.text))
    return Group(_head(story.head), Text(), table, Text(), _foot(story))


def _head(head: Head) -> RenderableType:
    flow = f", {words(head.flow).lower()}: {words(head.state or '').lower()}" if head.flow else ""
    sure = f" ({head.confidence:.0%} sure)" if head.confidence is not None else ""
    rows = {
        "Ticket": f"{head.external_id} ({head.id}), {head.created_at:%d %b %Y} by {head.channel}",
        "Customer": f"{head.customer} ({head.shop_customer or 'unknown'}), {named(VERIFICATION, head.verification).lower()}",
        "Lane": f"{named(LANE, head.lane)}{flow}",
        "Intent": f"{head.intent or 'none'}{sure}. {head.route_reason}",
    }
    return _pairs({"": head.subject, **rows} if head.subject else rows)


def _foot(story: Story) -> RenderableType:
    return _pairs({"Cost": spent(story.head), "Now": ending(story)})


def _pairs(rows: Mapping[str, str]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="dim", min_width=8)
    table.add_column(overflow="fold")
    for name, value in rows.items():
        table.add_row(name, Text(_printable(value), style="" if name else "bold"))
    return table


def _told(item: Item, most: int | None) -> tuple[str, str]:
    if item.said is not None:
        return _said(item.said, most)
    if item.called is not None:
        return "action", _called(item.called)
    if item.read is not None:
        return "look-up", _read(item.read)
    if item.model is not None:
        return "model", _model(item.model)
    return "", item.line


def _said(said: Said, most: int | None) -> tuple[str, str]:
    text = _printable("\n".join(line.rstrip() for line in said.text.strip().splitlines() if line.strip()))
    if most is not None and len(text) > most:
        text = f"{text[:most].rstrip()} … ({len(text) - most} more characters; --full shows them)"
    return named(AUTHOR, said.author), text


def _called(called: Called) -> str:
    money = f" {called.money.text()}" if called.money else ""
    order = f" on {called.order_id}" if called.order_id else ""
    told = [f"{called.tool}{money}{order} → {named(ACTION, called.status).lower()}"]
    rule = f" by {called.rule}" if called.rule else ""
    code = f", code {called.code}" if called.code else ""
    told.append(f"last decision: {named(DECISION, called.decision).lower()}{rule}{code}. {called.sentence}".strip())
    if called.confirmed_by:
        told.append(f"confirmed by {called.confirmed_by}")
    for asked in called.approvals:
        votes = "; ".join(f"{vote.name}: {vote.decision} ({vote.reason})" for vote in asked.votes) or "no vote yet"
        told.append(f"approval {asked.state}, {asked.votes_needed} needed by {asked.rule}: {votes}")
    if called.receipt:
        told.append(f"receipt {called.receipt.get('reference')}, key {called.key[:12]}…")
    return _printable("\n".join(told))


def _read(read: Read) -> str:
    refusal = f" → refused: {read.code}" + (f" by {read.rule}" if read.rule else "") if not read.ok else ""
    return _printable(f"{read.tool}({_arguments(read.args)}){refusal}")


def _model(step: ModelStep) -> str:
    asked = [f"{call.tool}({_arguments(call.args)})" + ("" if call.ok else f" → refused: {call.code}") for call in step.calls]
    cost = f"{step.tokens} tokens, {step.microusd} micro-USD"
    said = " ".join(step.text.split())[:160]
    return _printable("; ".join([*asked, *([f"“{said}”"] if said else []), cost]))


def _arguments(args: Mapping[str, Json]) -> str:
    return ", ".join(f"{name}={value}" for name, value in args.items())[:160]


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def _printable(text: str) -> str:
    """Without control and formatting characters, by which a message could rewrite the reader's terminal."""
    return "".join("�" if unicodedata.category(sign) in ("Cc", "Cf", "Cs") and sign != "\n" else sign for sign in text)
