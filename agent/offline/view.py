"""What the offline model reads out of a request: the customer's words, what was looked up, and what it may call."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from agent.evidence import records_in
from agent.model import ModelRequest
from agent.opening import ENDED, PROCEDURE, UNANSWERED
from tools.ports import Json

_DATA = re.compile(r'<data-(\w{8,64}) from="([^"]{1,80})">\n(.*?)\n</data-\1>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Seen:
    """A tool's answer as it stands in the conversation."""

    tool: str
    args: Json
    ok: bool
    data: Json = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """One request, read. `ended` is how a confirmed or approved action ended; `remarks` counts our own words to the model.

    `why` is why the set procedures left the ticket to the model, None when they say nothing of it.
    """

    text: str
    mark: str
    seen: tuple[Seen, ...]
    ended: Seen | None
    remarks: int
    replies: int
    why: str | None = None
    tools: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def called(self, tool: str) -> tuple[Seen, ...]:
        """What the tool has answered so far, in order."""
        return tuple(seen for seen in self.seen if seen.tool == tool)

    def may(self, tool: str) -> bool:
        """Whether the tool is granted."""
        return tool in self.tools

    @property
    def orders(self) -> tuple[dict[str, Json], ...]:
        """Every order that a tool has shown, once, in the order in which they were first shown; a later showing wins."""
        found: dict[str, dict[str, Json]] = {}
        for record in self._records():
            if isinstance(record.get("id"), str) and isinstance(record.get("payments"), list) and record.get("status"):
                found[record["id"]] = record
        return tuple(found.values())

    @property
    def shipments(self) -> Iterator[dict[str, Json]]:
        """Every parcel that `track_shipment` has shown."""
        for seen in self.called("track_shipment"):
            yield from (record for record in records_in(seen.data) if "tracking_id" in record)

    def _records(self) -> Iterator[dict[str, Json]]:
        for seen in self.seen:
            for record in (seen.data or {}).values() if isinstance(seen.data, dict) else ():
                yield from (item for item in (record if isinstance(record, list) else [record]) if isinstance(item, dict))


def read_request(request: ModelRequest) -> View:
    """The request as the rules see it."""
    first = list(_texts(request.messages[0]))
    words = [inside for text in first for _, origin, inside in _DATA.findall(text) if origin == UNANSWERED]
    ended = [seen for text in first if text.startswith(ENDED) for seen in _answers(text)]
    facts = [seen for text in first if text.startswith("Looked up") for seen in _answers(text)]
    calls = {block["id"]: block for message in request.messages for block in message["content"] if block["type"] == "tool_use"}
    called = [seen for message in request.messages for seen in _results(message, calls)]
    passed = [json.loads(inside) for text in first for _, origin, inside in _DATA.findall(text) if origin == PROCEDURE]
    marks = [mark for text in first for mark, _, _ in _DATA.findall(text)]
    return View(
        text="\n".join(words),
        mark=marks[0] if marks else "",
        seen=(*facts, *called),
        ended=ended[0] if ended else None,
        remarks=sum(len(list(_texts(message))) for message in request.messages[1:] if message["role"] == "user"),
        replies=sum(message["role"] == "assistant" for message in request.messages),
        why=passed[0].get("why_you") if passed else None,
        tools={tool["name"]: frozenset(tool["input_schema"].get("properties", {})) for tool in request.tools},
    )


def _texts(message: Json) -> Iterator[str]:
    yield from (block["text"] for block in message["content"] if block["type"] == "text")


def _results(message: Json, calls: Mapping[str, Json]) -> Iterator[Seen]:
    for block in message["content"]:
        if block["type"] == "tool_result" and block["tool_use_id"] in calls:
            call = calls[block["tool_use_id"]]
            for seen in _answers(block["content"][0]["text"]):
                yield Seen(call["name"], call["input"], seen.ok, seen.data, seen.message)


def _answers(text: str) -> Iterator[Seen]:
    for _, origin, inside in _DATA.findall(text):
        shown = json.loads(inside)
        yield Seen(origin.removeprefix("tool "), {}, bool(shown.get("ok")), shown.get("data"), shown.get("message", ""))
