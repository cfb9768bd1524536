"""A help desk on the loopback: takes our webhooks over real HTTP, verifies them with the stock library, and fails on order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook

from service.replies import Deliverer
from tests.rig import SECRET, Rig


@dataclass
class HelpDesk:
    """What arrived, and the statuses of the next answers; later ones are 200.

    `meanwhile` happens before the next answer, and an `endless` answer is never done.
    """

    url: str = ""
    answers: list[int] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[object]] | None = None
    endless: bool = False
    tries: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)
    talks: dict[asyncio.Task[Any] | None, asyncio.StreamWriter] = field(default_factory=dict)

    @property
    def types(self) -> list[str]:
        """The types of the webhooks that were taken, in order."""
        return [body["type"] for body in self.taken]

    @property
    def texts(self) -> list[str]:
        """The replies that were taken, in order."""
        return [body["data"]["message"]["text"] for body in self.taken if body["type"] == "ticket.reply"]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection; a webhook that does not verify is answered 401 and never taken."""
        self.talks[asyncio.current_task()] = writer
        try:
            while line := await reader.readline():
                assert line.startswith(b"POST ")
                headers: dict[str, str] = {}
                while (header := await reader.readline()) not in (b"\r\n", b""):
                    name, _, value = header.decode().partition(":")
                    headers[name.strip().lower()] = value.strip()
                body = await reader.readexactly(int(headers["content-length"]))
                happens, self.meanwhile = self.meanwhile, None
                if happens:
                    await happens()
                status = self._answer(headers, body)
                if self.endless:
                    return await self._never_end(writer)
                writer.write(b"HTTP/1.1 %d X\r\ncontent-length: 0\r\n\r\n" % status)
                await writer.drain()
        finally:
            writer.close()
            del self.talks[asyncio.current_task()]

    async def _never_end(self, writer: asyncio.StreamWriter) -> None:
        """Answer byte by byte for as long as anybody listens."""
        writer.write(b"HTTP/1.1 200 X\r\ncontent-length: 1000000000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b".")
            await asyncio.sleep(0)

    async def hang_up(self) -> None:
        """End the connections that are still open."""
        for writer in self.talks.values():
            writer.close()
        await asyncio.gather(*(talk for talk in self.talks if talk))

    def _answer(self, headers: dict[str, str], body: bytes) -> int:
        verified: dict[str, Any] = Webhook(SECRET).verify(body, headers)
        self.tries.append((headers["webhook-id"], verified))
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            self.taken.append(verified)
        return status


@asynccontextmanager
async def help_desk() -> AsyncIterator[HelpDesk]:
    """A help desk that listens on a free port."""
    desk = HelpDesk()
    server = await asyncio.start_server(desk.serve, "127.0.0.1", 0)
    desk.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks"
    try:
        yield desk
    finally:
        server.close()
        await desk.hang_up()


@asynccontextmanager
async def deliverer(service: Rig) -> AsyncIterator[Deliverer]:
    """The sender of the outbox, driven round by round."""
    s = service.services
    assert s.settings.outbound_url is not None
    sender = Deliverer(s.db, s.clock, s.settings.outbound_url, lambda tenant: s.settings.webhook_keys[tenant][0], s.codes)
    try:
        yield sender
    finally:
        await sender.close()


async def deliver_all(sender: Deliverer) -> int:
    """Rounds until nothing is due; returns how many webhooks were tried."""
    tried = 0
    while now := await sender.deliver_due():
        tried += now
    return tried
