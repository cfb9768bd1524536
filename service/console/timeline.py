"""Puts a ticket's messages, actions, reads and state changes into one line of time, each as the template shows it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from service.console import words
from service.store.journal import Written
from service.store.story import Called, Said, Story
from tools.money import Money
from tools.ports import Json

Kind = Literal["said", "called", "read", "happened"]

_TOLD_ELSEWHERE = {"message.received", "reply.written", "question.asked", "confirmation.asked"}
"""Entries whose content the messages show already."""

_RANK: Mapping[Kind, int] = {"said": 0, "read": 1, "called": 2, "happened": 3}
"""The order of what carries the same time; a reply comes last of its turn, see `_key`."""


@dataclass(frozen=True, slots=True)
class Item:
    """One station of the line. Exactly one of `said`, `called` and `entry` is what it shows; `line` is its sentence."""

    kind: Kind
    at: datetime
    id: str
    said: Said | None = None
    called: Called | None = None
    entry: Written | None = None
    line: str = ""
    history: tuple[Written, ...] = ()


def timeline(story: Story) -> tuple[Item, ...]:
    """Everything that happened on the ticket, oldest first."""
    items = [Item("said", said.at, said.id, said=said) for said in story.said]
    items += [_call(called, story) for called in story.called]
    items += _entries(story)
    return tuple(sorted(items, key=_key))


def _key(item: Item) -> tuple[datetime, int, int]:
    spoken_by_us = item.said is not None and item.said.author in ("bot", "human")
    rank = 9 if spoken_by_us else _RANK[item.kind]
    return (item.at, rank, item.entry.seq if item.entry else 0)


def _call(called: Called, story: Story) -> Item:
    history = tuple(entry for entry in story.entries if entry.data is not None and entry.data.get("action_id") == called.id)
    return Item("called", called.created_at, called.id, called=called, history=history)


def _entries(story: Story) -> Iterator[Item]:
    for entry in story.entries:
        data = entry.data or {}
        if entry.kind in _TOLD_ELSEWHERE or "action_id" in data:
            continue
        if entry.kind == "tool.called":
            yield Item("read", entry.at, f"j{entry.seq}", entry=entry, line=words.named(words.TOOL, str(data.get("tool", ""))))
        elif sentence := _sentence(entry, story.names):
            yield Item("happened", entry.at, f"j{entry.seq}", entry=entry, line=sentence)


def refunds_text(story: Story) -> str:
    """What went back on this ticket, by currency, and what may still go back."""
    done = [called.money for called in story.called if called.money and called.status == "succeeded"]
    moving = [called.money for called in story.called if called.money and called.status in ("reserved", "sent", "unknown")]
    parts = [f"{_sums(done)} done"] if done else []
    return ", ".join([*parts, f"{_sums(moving)} under way"] if moving else parts)


def _sums(amounts: list[Money]) -> str:
    totals: dict[str, Money] = {}
    for amount in amounts:
        known = totals.get(amount.currency)
        totals[amount.currency] = amount if known is None else known + amount
    return " and ".join(total.text() for total in totals.values())


def who(actor: str, names: Mapping[str, str]) -> str:
    """An actor of the journal in words: a person's name, or what acted."""
    kind, _, person = actor.partition(":")
    if kind == "person":
        return names.get(person, "Somebody")
    if kind == "flow":
        return f"Flow {words.words(person).lower()}"
    return {"bot": "Deskrail", "system": "Deskrail", "customer": "The customer", "message": "A message"}.get(kind, words.words(kind))


def _sentence(entry: Written, names: Mapping[str, str]) -> str:
    actor, data = who(entry.actor, names), entry.data or {}
    told = _SENTENCES.get(entry.kind)
    return told(actor, data) if told else f"{words.words(entry.kind)} ({actor})"


def _moved(actor: str, data: Mapping[str, Json]) -> str:
    old, new = (words.named(words.STATUS, str(data.get(side, ""))) for side in ("from", "to"))
    return f"{old} → {new}" if old != new else ""


def _flow_moved(actor: str, data: Mapping[str, Json]) -> str:
    flow = words.words(str(data.get("flow", "")))
    state = words.words(str(data.get("state") or data.get("to") or ""))
    return f"Flow {flow}: {state}" if state else f"Flow {flow}"


_SENTENCES = {
    "ticket.moved": _moved,
    "flow.moved": _flow_moved,
    "ticket.routed": lambda actor, data: f"Routed: {data.get('reason', '')}",
    "ticket.handed_over": lambda actor, data: f"Handed to the {data.get('queue')} queue",
    "ticket.escalated": lambda actor, data: f"Given to people: {words.named(words.REASON, str(data.get('reason', ''))).lower()}",
    "ticket.taken_over": lambda actor, data: f"{actor} took the ticket over",
    "ticket.handed_back": lambda actor, data: f"{actor} gave the ticket back to the rails",
    "escalation.claimed": lambda actor, data: f"{actor} claimed the ticket",
    "escalation.released": lambda actor, data: f"{actor} put the ticket back into the queue",
    "escalation.resolved": lambda actor, data: f"{actor} closed the case",
    "turn.superseded": lambda actor, data: "A newer message replaced what was under way",
}
