"""What a step of the agent costs beside a loop written by hand on httpx2: the same prompt, tool and local server."""

import asyncio
import json
import multiprocessing
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from typing import Any

import httpx2

from agent.fence import Fence, canary
from agent.llm import ClaudeModel
from agent.loop import work
from agent.opening import opening_parts
from agent.prompt import system_prompt
from agent.run import Recorded, Stop
from agent.settings import AgentSettings
from agent.toolbox import Toolbox
from tools.commerce import CustomerId
from tools.ports import ActionId, Effect, Json, Lane, TenantName, TicketId, ToolResult, Verification
from workflows.outcome import Reply
from workflows.ticket import Author, CustomerRef, Message, MessageId, Spending, Ticket, TicketStatus

TURNS = 10
PLAN = (("one at a time", 1, 10, 12), ("50 at once", 50, 1, 5), ("200 at once", 200, 1, 3))
"""How many runs at once, how often in a row, and how many paired rounds."""
NOW = datetime(2026, 11, 20, tzinfo=UTC)
MODEL = "claude-sonnet-5-5"
SCHEMA = {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]}


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speaks the Messages API: a tool call for each of the first turns, then an answer."""
    while True:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        except asyncio.IncompleteReadError:
            return
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        request = json.loads(await reader.readexactly(length))
        turn = sum(message["role"] == "assistant" for message in request["messages"])
        payload = json.dumps(_answer(turn)).encode()
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(payload)}\r\n\r\n"
        writer.write(head.encode() + payload)
        await writer.drain()


def _answer(turn: int) -> dict[str, Any]:
    look = {"type": "tool_use", "id": f"toolu_{turn}", "name": "get_order", "input": {"order_id": f"D-1000{turn:02}"}}
    last = turn >= TURNS
    said = "Your orders have arrived." if last else "Let me look that up for you."
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [{"type": "text", "text": said}, *([] if last else [look])],
        "stop_reason": "end_turn" if last else "tool_use",
        "usage": {"input_tokens": 100, "output_tokens": 20},
    }


def server_process(port: Connection) -> None:
    """Serve until the parent ends this process; its own CPU is not in the figures."""

    async def serve() -> None:
        server = await asyncio.start_server(_serve, "127.0.0.1", 0, backlog=1024)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


def look_up(args: Mapping[str, Json]) -> dict[str, Json]:
    """The tool of both loops."""
    return {"id": args["order_id"], "status": "delivered", "items": [{"name": "Desk Lamp", "price_minor": 4500}] * 3}


@dataclass(frozen=True)
class Offered:
    """The tool as it is offered to our loop."""

    name: str = "get_order"
    description: str = "Show an order."
    input_schema: dict[str, Json] = field(default_factory=lambda: SCHEMA)
    effect: Effect = Effect.READ


@dataclass
class Unrecorded:
    """A run that records nothing: what is measured is the loop, not a disk."""

    id: str = "tkt_1:1"
    now: datetime = NOW

    async def call(self, tool: str, args: Mapping[str, Json], *, step: str) -> ToolResult:
        return ToolResult(tool, True, look_up(args))

    async def resume(self, action: ActionId) -> ToolResult:
        raise AssertionError("Nothing waits here.")

    def note(self, kind: str, data: Mapping[str, Json]) -> None:
        return None

    async def recorded(self) -> Recorded:
        return Recorded()

    async def begin_step(self, number: int, reserve: Spending, results: Mapping[str, Json]) -> Stop | None:
        return None

    async def record_reply(self, number: int, reply: Json | None, spent: Spending) -> None:
        return None


def ticket() -> Ticket:
    """A verified customer's question."""
    asked = Message(MessageId("m"), Author.CUSTOMER, "Where are my orders?", NOW, seq=1, verified=True)
    who = CustomerRef("c", CustomerId("cus_1"), Verification.CHANNEL, "ada@example.com", "Ada")
    return Ticket(TicketId("t"), TenantName("default"), "T-1", TicketStatus.WORKING, Lane.AGENT, who, messages=(asked,))


@dataclass(frozen=True)
class Prompt:
    """What both loops send before the first answer."""

    system: list[Json]
    tools: list[Json]
    opening: list[Json]

    @classmethod
    def of(cls, settings: AgentSettings, toolbox: Toolbox) -> "Prompt":
        system = system_prompt(settings.shop, canary(settings.key), settings.policy_text)
        parts = opening_parts(ticket(), Fence.of(settings.key, "tkt_1:1"), (), (), None, None)
        return cls(_texts(system), list(toolbox.schemas), _texts(part.text for part in parts))


def _texts(texts: Iterable[str]) -> list[Json]:
    return [{"type": "text", "text": text} for text in texts]


async def floor_run(client: httpx2.AsyncClient, prompt: Prompt) -> None:
    """A loop as one writes it by hand, without any of the guarantees."""
    messages: list[Json] = [{"role": "user", "content": prompt.opening}]
    while True:
        body = {"model": MODEL, "max_tokens": 1500, "system": prompt.system, "tools": prompt.tools, "messages": messages}
        reply = (await client.post("/v1/messages", json=body)).json()
        messages.append({"role": "assistant", "content": reply["content"]})
        calls = [block for block in reply["content"] if block["type"] == "tool_use"]
        if not calls:
            return
        results = [
            {"type": "tool_result", "tool_use_id": call["id"], "content": json.dumps(look_up(call["input"]))} for call in calls
        ]
        messages.append({"role": "user", "content": results})


async def our_run(model: ClaudeModel, toolbox: Toolbox, settings: AgentSettings) -> None:
    """The same ticket through our loop."""
    outcome = await work(ticket(), Unrecorded(), model, toolbox, settings)
    if outcome != Reply("Your orders have arrived."):
        raise AssertionError(outcome)


Run = Callable[[], Awaitable[None]]


async def measured(run: Run, at_once: int, times: int) -> tuple[float, float]:
    """CPU and wall seconds for `times` rounds of `at_once` runs."""
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(times):
        await asyncio.gather(*(run() for _ in range(at_once)))
    return time.process_time() - cpu, time.perf_counter() - wall


def report(name: str, pairs: list[tuple[tuple[float, float], tuple[float, float]]], runs: int) -> None:
    """Print the medians of paired rounds, ours over the floor of the same round."""
    cpu = statistics.median(ours[0] / floor[0] for floor, ours in pairs)
    wall = statistics.median(ours[1] / floor[1] for floor, ours in pairs)
    steps = runs * (TURNS + 1)
    floor_ms = statistics.median(floor[0] for floor, _ in pairs) / steps * 1000
    our_ms = statistics.median(ours[0] for _, ours in pairs) / steps * 1000
    print(f"{name:<16} floor {floor_ms:.2f} ms CPU a step, ours {our_ms:.2f}: CPU x{cpu:.2f}, wall x{wall:.2f}", end=", ")
    print(f"runs/s ÷ floor {1 / wall:.2f}")


async def compare(url: str) -> None:
    """Floor and ours in turn, so that a busy machine is busy for both."""
    client = httpx2.AsyncClient(base_url=url, headers={"x-api-key": "k"}, limits=httpx2.Limits(max_connections=1000))
    model = ClaudeModel(MODEL, "k", url)
    toolbox = Toolbox.of([Offered()])
    settings = AgentSettings(shop="Lumen", policy_text="Refunds above 500 USD need a colleague.", key=b"k", opening=())

    prompt = Prompt.of(settings, toolbox)

    async def floor() -> None:
        await floor_run(client, prompt)

    async def ours() -> None:
        await our_run(model, toolbox, settings)

    await floor()
    await ours()
    for name, at_once, times, rounds in PLAN:
        pairs = [(await measured(floor, at_once, times), await measured(ours, at_once, times)) for _ in range(rounds)]
        report(name, pairs, at_once * times)
    await client.aclose()
    await model.close()


def cold_start() -> None:
    """CPU seconds and memory that importing the loop with the SDK takes, in a process of its own."""
    code = "import agent.loop, agent.llm, resource; u = resource.getrusage(0); print(u.ru_utime + u.ru_stime, u.ru_maxrss)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, kilobytes = done.stdout.split()
    print(f"cold start       {float(seconds):.2f} s CPU, {int(kilobytes) / 1024:.0f} MB; this process peaked at", end=" ")
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def main() -> None:
    """Run the comparison and print it."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=server_process, args=(there,), daemon=True)
    server.start()
    try:
        asyncio.run(compare(f"http://127.0.0.1:{here.recv()}"))
    finally:
        server.terminate()
        server.join()
    cold_start()


if __name__ == "__main__":
    main()
