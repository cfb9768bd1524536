"""Puts a ticket's messages, actions, reads, model steps and state changes into one line of time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from service.console.sentences import sentence
from service.store.aftermath import CONTRADICTED
from service.store.arrivals import POSITIONS
from service.store.journal import Written
from service.store.settlements import STATED
from service.store.story import Called, Said, Story
from tools.money import Money
from tools.ports import Json

Kind = Literal["said", "called", "read", "model", "happened"]

_RANK: Mapping[Kind, int] = {"said": 0, "read": 2, "model": 3, "called": 4, "happened": 5}
"""The order within one turn: the route comes before what followed from it, our own reply last."""

_TOLD_ALONE = ("approval.voted", STATED, CONTRADICTED)
"""What is told of an action as a station of its own: what people decided or found out, often long after it was wanted."""

_ROUTE_RANK = 1
_REPLY_RANK = 9


@dataclass(frozen=True, slots=True)
class Read:
    """A look into the shop, or a call that was refused before it became an action; `result` is None when it was not kept."""

    tool: str
    args: Mapping[str, Json]
    ok: bool = True
    code: str | None = None
    rule: str | None = None
    result: Json = None


@dataclass(frozen=True, slots=True)
class ModelStep:
    """What a model wrote in one step, which tools it asked for and what they answered, and what the step cost."""

    text: str
    calls: tuple[Read, ...]
    model: str
    tokens: int
    microusd: int


@dataclass(frozen=True, slots=True)
class Item:
    """One station of the line; which of its parts is set follows from `kind`."""

    kind: Kind
    at: datetime
    id: str
    said: Said | None = None
    called: Called | None = None
    read: Read | None = None
    model: ModelStep | None = None
    line: str = ""
    history: tuple[Written, ...] = ()
    turn: int = 0
    seq: int = 0
    route: bool = False


def timeline(story: Story) -> tuple[Item, ...]:
    """Everything that happened on the ticket, oldest first."""
    items = [Item("said", said.at, said.id, said=said, turn=said.position // POSITIONS) for said in story.said]
    context = _Context.of(story)
    items += [_call(called, story, context) for called in story.called]
    items += _entries(story, context)
    return tuple(sorted(items, key=_key))


def _key(item: Item) -> tuple[datetime, int, int, int]:
    if item.said is not None and item.said.author in ("bot", "human"):
        return (item.at, item.turn, _REPLY_RANK, item.seq)
    return (item.at, item.turn, _ROUTE_RANK if item.route else _RANK[item.kind], item.seq)


def _call(called: Called, story: Story, context: "_Context") -> Item:
    mine = tuple(entry for entry in story.entries if entry.data is not None and entry.data.get("action_id") == called.id)
    turn, seq = (context.turn_of(mine[0]), mine[0].seq) if mine else (0, 0)
    return Item("called", called.created_at, called.id, called=called, history=mine, turn=turn, seq=seq)


def _entries(story: Story, context: "_Context") -> Iterator[Item]:
    for entry in story.entries:
        name, data = f"j{entry.seq}", entry.data or {}
        at = context.time_of(entry)
        if "action_id" in data and entry.kind not in _TOLD_ALONE:
            continue
        if entry.kind in ("tool.refused", "tool.called"):
            if not context.told_elsewhere(entry, data):
                yield Item("read", at, name, read=_read(data), turn=context.turn_of(entry), seq=entry.seq)
        elif entry.kind == "agent.reply":
            if step := _model_step(data, context.answers):
                yield Item("model", at, name, model=step, turn=context.turn_of(entry), seq=entry.seq)
        else:
            yield from _opening(entry, data, context.turn_of(entry))
            if line := sentence(entry, story.names):
                route = entry.kind == "ticket.routed"
                yield Item("happened", at, name, line=line, turn=context.turn_of(entry), seq=entry.seq, route=route)


@dataclass(frozen=True, slots=True)
class _Context:
    """What one entry has to know of the others."""

    answers: Mapping[str, Mapping[str, Json]]
    refused: frozenset[tuple[Json, ...]]
    agent_turns: frozenset[int | None]
    first_action: Mapping[int | None, datetime]
    turns: Mapping[int, int]

    @classmethod
    def of(cls, story: Story) -> "_Context":
        refused = [entry for entry in story.entries if entry.kind == "tool.refused" and entry.data]
        # The row of an action names the turn that resumed it last; only the journal knows which turn did what.
        first: dict[int | None, datetime] = {}
        turns: dict[int, int] = {}
        newest = 0
        for entry in story.entries:
            newest = turns[entry.seq] = max(newest, entry.turn or 0)
            if entry.data and "action_id" in entry.data:
                first.setdefault(entry.turn, entry.at)
        return cls(
            _answers(story.entries),
            frozenset((entry.turn, entry.data["tool"], entry.data["code"]) for entry in refused if entry.data),
            frozenset(entry.turn for entry in story.entries if entry.kind == "agent.step"),
            first,
            turns,
        )

    def turn_of(self, entry: Written) -> int:
        """The turn that wrote the entry; what people and the system did between turns belongs to the one before."""
        return self.turns[entry.seq]

    def time_of(self, entry: Written) -> datetime:
        """A route and its reads are written at the end of their turn, and happened before its first action."""
        if entry.turn is None or entry.kind not in ("ticket.routed", "tool.called"):
            return entry.at
        return min(entry.at, self.first_action.get(entry.turn, entry.at))

    def told_elsewhere(self, entry: Written, data: Mapping[str, Json]) -> bool:
        """A refused call has an entry with its rule, and the agent's steps tell what the agent called."""
        if entry.kind == "tool.refused":
            return False
        return entry.turn in self.agent_turns or (entry.turn, data.get("tool"), data.get("code")) in self.refused


def _opening(entry: Written, data: Mapping[str, Json], turn: int) -> Iterator[Item]:
    """What the agent looked up before its first step; no reply of the model asks for it."""
    if entry.kind != "agent.step":
        return
    for place, (asked, answer) in enumerate(data.get("results", {}).items()):
        if asked.startswith("opening."):
            name = f"j{entry.seq}-{place}"
            yield Item("read", entry.at, name, read=_read(answer), turn=turn, seq=entry.seq)


def _answers(entries: tuple[Written, ...]) -> dict[str, Mapping[str, Json]]:
    """The tools' answers to the model's calls, by the id of the call."""
    found: dict[str, Mapping[str, Json]] = {}
    for entry in entries:
        if entry.kind in ("agent.step", "agent.ended") and entry.data:
            found.update(entry.data.get("results", {}))
    return found


def _model_step(data: Mapping[str, Json], answers: Mapping[str, Mapping[str, Json]]) -> ModelStep | None:
    reply = (data.get("reply") or {}).get("reply")
    if not reply:
        return None
    blocks, spent = reply.get("content", []), data.get("spent", {})
    text = "\n\n".join(block["text"] for block in blocks if block.get("type") == "text")
    calls = [_asked(block, answers.get(block["id"], {})) for block in blocks if block.get("type") == "tool_use"]
    return ModelStep(
        text, tuple(calls), str(reply.get("model", "")), int(spent.get("tokens", 0)), int(spent.get("microusd", 0))
    )


def _asked(block: Mapping[str, Json], answer: Mapping[str, Json]) -> Read:
    return Read(
        str(block["name"]),
        block.get("input", {}),
        bool(answer.get("ok", True)),
        answer.get("code"),
        answer.get("rule"),
        answer.get("data"),
    )


def _read(data: Mapping[str, Json]) -> Read:
    result = data.get("result", data.get("data"))
    ok = bool(data.get("ok", "code" not in data))
    return Read(str(data.get("tool", "")), data.get("args", {}), ok, data.get("code"), data.get("rule"), result)


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
