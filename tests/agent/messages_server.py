"""A server on the loopback that speaks the Messages API over plain sockets, and misbehaves as it is told to."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Answer:
    """One answer: a status with a JSON body or `raw` bytes; `cut` closes the connection half way, `hang` never answers."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    cut: bool = False
    hang: bool = False

    @property
    def payload(self) -> bytes:
        return self.raw if self.raw is not None else json.dumps(self.body).encode()


@dataclass
class MessagesServer:
    """Plays its answers in order, the last one for ever, and keeps the requests."""

    answers: Sequence[Answer]
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""
    open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open.add(writer)
        try:
            while (head := await _head(reader)) is not None:
                body = await reader.readexactly(int(head.get("content-length", "0")))
                answer = self.answers[min(len(self.requests), len(self.answers) - 1)]
                self.requests.append(json.loads(body))
                self.headers.append(head)
                if answer.hang:
                    await reader.read()
                    return
                writer.write(_response(answer))
                await writer.drain()
                if answer.cut:
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            self.open.discard(writer)
            writer.close()


@asynccontextmanager
async def messages_server(*answers: Answer) -> AsyncIterator[MessagesServer]:
    """A running server with these answers."""
    played = MessagesServer(answers)
    server = await asyncio.start_server(played.serve, "127.0.0.1", 0)
    played.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield played
    finally:
        server.close()
        for writer in tuple(played.open):
            writer.close()
        await server.wait_closed()


def message(*content: Any, stop_reason: str = "end_turn", **usage: int) -> Answer:
    """A good answer with these content blocks."""
    return Answer(
        body={
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-sonnet-5-5-20261001",
            "content": list(content),
            "stop_reason": stop_reason,
            "stop_sequence": None,
            "usage": {"input_tokens": 40, "output_tokens": 7, "cache_read_input_tokens": None, **usage},
        }
    )


def text(words: str) -> dict[str, Any]:
    """A text block."""
    return {"type": "text", "text": words}


def tool_use(tool: str, args: Any, name: str = "toolu_1") -> dict[str, Any]:
    """A tool call block."""
    return {"type": "tool_use", "id": name, "name": tool, "input": args}


def error(status: int, kind: str = "api_error", code: str | None = None, **headers: str) -> Answer:
    """An error as the API shapes it; a header's underscores are dashes."""
    details = {"error_code": code} if code else None
    body = {"type": "error", "error": {"type": kind, "message": "Something went wrong.", "details": details}}
    return Answer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


async def _head(reader: asyncio.StreamReader) -> dict[str, str] | None:
    lines = []
    while line := (await reader.readline()).strip():
        lines.append(line.decode())
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])} if lines else None


def _response(answer: Answer) -> bytes:
    payload = answer.payload
    headers = {"content-type": "application/json", "content-length": str(len(payload)), **answer.headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {answer.status} X\r\n{head}\r\n".encode() + (payload[: len(payload) // 2] if answer.cut else payload)
