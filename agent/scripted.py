"""Models that need no network: one that works simple tickets by rules, and one that plays what it was given."""

import hashlib
from collections.abc import Mapping, Sequence

from agent.data import dumps
from agent.model import ModelReply, ModelRequest, Usage
from agent.offline.moves import Say
from agent.offline.rules import next_move
from agent.offline.view import read_request
from tools.ports import Json

NAME = "scripted"
"""The offline model's id in the price table."""


class ScriptedModel:
    """Works delivery problems, double charges, product and help questions and double requests; asks for a person otherwise.

    The same request always gets the same reply. Its tokens are the words it read and wrote.
    """

    names = (NAME,)

    async def complete(self, request: ModelRequest) -> ModelReply:
        """The next move as a model's reply."""
        view = read_request(request)
        move = next_move(view)
        if isinstance(move, Say):
            reply = say(move.text)
        else:
            seed = f"{view.mark}:{view.replies}"
            reply = call(*((tool, _fitting(args, view.tools.get(tool))) for tool, args in move.calls), seed=seed)
        words = sum(_words(message["content"]) for message in request.messages) + len(" ".join(request.system).split())
        usage = Usage(input_tokens=words, output_tokens=_words(reply.content))
        return reply.model_copy(update={"usage": usage})


class PlayedModel:
    """Plays replies and faults in order and keeps the requests; asking for more than it was given is an error."""

    names = (NAME,)

    def __init__(self, script: Sequence[ModelReply | Exception]) -> None:
        self._script = list(script)
        self.requests: list[ModelRequest] = []

    async def complete(self, request: ModelRequest) -> ModelReply:
        """The next of the script."""
        self.requests.append(request)
        if len(self.requests) > len(self._script):
            raise AssertionError("The model was asked more often than its script has answers.")
        answer = self._script[len(self.requests) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


def say(text: str, stop_reason: str = "end_turn", tokens: tuple[int, int] = (100, 20)) -> ModelReply:
    """A reply with text; `tokens` are those read and written."""
    return _reply([{"type": "text", "text": text}], stop_reason, tokens)


def call(
    *calls: tuple[str, Json], stop_reason: str = "tool_use", tokens: tuple[int, int] = (100, 20), seed: str = ""
) -> ModelReply:
    """A reply that calls tools with these arguments; equal seeds give equal ids."""
    blocks = [
        {"type": "tool_use", "id": _id(seed, index, tool, args), "name": tool, "input": args}
        for index, (tool, args) in enumerate(calls)
    ]
    return _reply(blocks, stop_reason, tokens)


def _reply(content: Sequence[Json], stop_reason: str, tokens: tuple[int, int]) -> ModelReply:
    usage = Usage(input_tokens=tokens[0], output_tokens=tokens[1])
    return ModelReply(content=tuple(content), stop_reason=stop_reason, usage=usage, model=NAME)


def _id(seed: str, index: int, tool: str, args: Json) -> str:
    return "toolu_" + hashlib.sha256(f"{seed}:{index}:{tool}:{dumps(args)}".encode()).hexdigest()[:20]


def _fitting(args: Mapping[str, Json], known: frozenset[str] | None) -> dict[str, Json]:
    """The arguments that the tool's schema knows."""
    return {name: value for name, value in args.items() if known is None or name in known}


def _words(value: Json) -> int:
    return len(dumps(value).split())
