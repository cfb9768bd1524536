"""The conversation as a model is sent it: built from pieces, and shortened from its oldest results when it grows too long."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from agent.data import Bounds, size_of
from agent.fence import Fence
from agent.observed import Observed
from tools.ports import Json

NORMAL = Bounds(text=2_000, items=50)
SHORT = Bounds(text=80, items=3)
WHOLE = Bounds(text=20_000, items=500)
"""How much of a tool result is shown: as it comes, once it is shortened, and when it holds a receipt."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the first message; `short` is what may stand in for it, None when it must stay whole."""

    text: str
    short: str | None = None


@dataclass(frozen=True, slots=True)
class Rendered:
    """A conversation ready to send: `size` in bytes of JSON, `shortened` the number of pieces that were cut down."""

    messages: list[Json]
    size: int
    shortened: int


@dataclass(frozen=True, slots=True)
class _Piece:
    role: str
    blocks: list[Json]
    size: int
    short: Callable[[], "_Piece"] | None = None


class Conversation:
    """Grows by replies, results and our own remarks; rendering it never changes it."""

    def __init__(self, opening: Sequence[Part], fence: Fence) -> None:
        self._fence = fence
        self._opening = [_opening_piece(part) for part in opening]
        self._pieces: list[_Piece] = []

    def add_reply(self, blocks: Iterable[Json]) -> None:
        """What the model said, in a form that a server takes back."""
        kept = [block for block in map(_returnable, blocks) if block is not None]
        if kept:
            self._pieces.append(_piece("assistant", kept))

    def add_results(self, results: Sequence[tuple[str, Observed]]) -> None:
        """What its calls answered, by tool_use id."""

        def at(bounds: Bounds) -> list[Json]:
            return [self._result(name, observed, bounds) for name, observed in results]

        self._pieces.append(_piece("user", at(NORMAL), lambda: _piece("user", at(SHORT))))

    def add_remark(self, text: str) -> None:
        """A word of our own to the model."""
        self._pieces.append(_piece("user", [_text(text)]))

    def render(self, limit: int) -> Rendered:
        """The messages, shortened until they fit `limit` bytes or nothing is left to shorten."""
        pieces = [*self._opening, *self._pieces]
        size = sum(piece.size for piece in pieces)
        shortened = 0
        for index in self._order():
            if size <= limit:
                break
            make = pieces[index].short
            short = make() if make else None
            if short is not None and short.size < pieces[index].size:
                size += short.size - pieces[index].size
                pieces[index] = short
                shortened += 1
        return Rendered(_merged(pieces), size, shortened)

    def _order(self) -> list[int]:
        """Old results first, then the opening, and the newest results last."""
        first = len(self._opening)
        results = [first + index for index, piece in enumerate(self._pieces) if piece.short is not None]
        return [*results[:-1], *range(first), *results[-1:]]

    def _result(self, name: str, observed: Observed, bounds: Bounds) -> Json:
        # A receipt is the only ground for a claim, so a result that holds one is never cut.
        kept = WHOLE if observed.receipt is not None else bounds
        text = self._fence.json(f"tool {observed.tool}", observed.for_model(), kept)
        block = {"type": "tool_result", "tool_use_id": name, "content": [_text(text)]}
        return block if observed.ok else {**block, "is_error": True}


def _returnable(block: Json) -> Json | None:
    if block.get("type") == "text" and not str(block.get("text") or "").strip():
        return None
    if block.get("type") == "tool_use" and not isinstance(block.get("input"), dict):
        return {**block, "input": {}}
    return block


def _piece(role: str, blocks: list[Json], short: Callable[[], _Piece] | None = None) -> _Piece:
    return _Piece(role, blocks, size_of({"role": role, "content": blocks}), short)


def _opening_piece(part: Part) -> _Piece:
    short = part.short
    return _piece("user", [_text(part.text)], None if short is None else lambda: _piece("user", [_text(short)]))


def _text(text: str) -> Json:
    return {"type": "text", "text": text}


def _merged(pieces: Sequence[_Piece]) -> list[Json]:
    messages: list[Json] = []
    for piece in pieces:
        if messages and messages[-1]["role"] == piece.role:
            messages[-1]["content"].extend(piece.blocks)
        else:
            messages.append({"role": piece.role, "content": list(piece.blocks)})
    return messages
