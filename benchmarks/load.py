"""Load that costs little itself: webhooks signed beforehand, sent as finished bytes over connections that stay open."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from standardwebhooks import Webhook

from benchmarks.environment import SECRET

PATH = "/v1/webhooks/default/standard"
IN_FLIGHT = 16
ACCEPTED = 202
REST_SECONDS = 2.0
"""A connection that has rested for this long is opened anew, since a server closes idle ones after five seconds."""

_signer = Webhook(SECRET)


@dataclass(frozen=True, slots=True)
class Person:
    """A customer as the help desk names them in a webhook."""

    id: str
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class Post:
    """A whole HTTP request that opens the ticket `ticket`."""

    ticket: str
    request: bytes


def signed(ticket: str, person: Person, text: str) -> Post:
    """A webhook that brings the first message of a new ticket from a verified customer."""
    now = datetime.now(UTC)
    data = {
        "ticket": {"external_id": ticket, "subject": "Where is my order?", "channel": "email"},
        "customer": {"external_id": person.id, "email": person.email, "name": person.name, "verified": True},
        "message": {"external_id": f"m-{ticket}", "text": text, "sent_at": now.isoformat(), "attachments": []},
    }
    body = json.dumps({"type": "ticket.message", "timestamp": now.isoformat(), "data": data})
    webhook_id = f"msg_{ticket}"
    content = body.encode()
    head = (
        f"POST {PATH} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\n"
        f"webhook-id: {webhook_id}\r\nwebhook-timestamp: {int(now.timestamp())}\r\n"
        f"webhook-signature: {_signer.sign(webhook_id, now, body)}\r\n\r\n"
    )
    return Post(ticket, head.encode() + content)


class Refusal(Exception):
    """A webhook was not accepted, so whatever was measured means nothing."""


class _Connection:
    """One connection that stays open while it is used, with one request on it at a time."""

    def __init__(self, url: str) -> None:
        self._place = urlsplit(url)
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._used = 0.0

    async def exchange(self, request: bytes) -> None:
        if self._open is None or time.monotonic() - self._used > REST_SECONDS:
            self.close()
            self._open = await asyncio.open_connection(self._place.hostname, self._place.port)
        reader, writer = self._open
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        status = int(head.split(" ", 2)[1])
        length = int(head.split("content-length: ", 1)[1].split("\r\n", 1)[0])
        answer = await reader.readexactly(length)
        self._used = time.monotonic()
        if status != ACCEPTED:
            raise Refusal(f"{status}: {answer[:300].decode()}")

    def close(self) -> None:
        if self._open:
            self._open[1].close()


class Sender:
    """Sends to one server over a fixed number of connections; more at once wait for their turn."""

    def __init__(self, connections: Iterable[_Connection]) -> None:
        self._free: asyncio.Queue[_Connection] = asyncio.Queue()
        for connection in connections:
            self._free.put_nowait(connection)

    async def send(self, post: Post) -> None:
        """Send one webhook and wait for its answer. Raises `Refusal` unless it is 202."""
        connection = await self._free.get()
        await connection.exchange(post.request)
        self._free.put_nowait(connection)

    async def send_all(self, posts: Iterable[Post]) -> float:
        """Send these, as many at once as there are connections; returns the seconds that it took."""
        rest: Iterator[Post] = iter(posts)

        async def send_rest() -> None:
            for post in rest:
                await self.send(post)

        started = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(self._free.qsize()):
                group.create_task(send_rest())
        return time.perf_counter() - started


@asynccontextmanager
async def sender(url: str, in_flight: int = IN_FLIGHT) -> AsyncIterator[Sender]:
    """Connections to the server at `url`, open while the block runs."""
    opened = [_Connection(url) for _ in range(in_flight)]
    try:
        yield Sender(opened)
    finally:
        for connection in opened:
            connection.close()
