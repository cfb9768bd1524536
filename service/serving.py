"""Runs the web service inside the event loop that also works the tickets, until the block around it ends."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from starlette.types import ASGIApp

from service.errors import Fatal

GRACE_SECONDS = 5
"""How long open requests, and the console's streams, may go on when the service stops."""

BACKLOG = 2048

_REACHED_AS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - Compared, not bound.


class Server(uvicorn.Server):
    """A server that leaves signals to us: its own handling would end the process before the worker has said goodbye."""

    def __init__(self, app: ASGIApp) -> None:
        config = uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=GRACE_SECONDS
        )
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say so."""
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 is any free one. Raises `Fatal` when the place is taken or is not ours, or is none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, UnicodeError) as error:
        number = getattr(error, "errno", None) or -1
        # The resolver's own numbers are negative.
        if number < 0 or number == errno.EADDRNOTAVAIL:
            raise Fatal(f"Cannot listen on {host}: it is no address of this machine. Choose another with --host.") from error
        raise Fatal(f"Cannot listen on {host} port {port}: {os.strerror(number)}. Choose another port with --port.") from error


def address(listening: socket.socket) -> str:
    """The URL under which this machine reaches the socket."""
    bound, port = listening.getsockname()[:2]
    host = _REACHED_AS.get(str(bound), str(bound))
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, listening: socket.socket) -> AsyncIterator[None]:
    """Answer requests while the block runs, and finish the open ones at its end."""
    server = Server(app)
    task = asyncio.create_task(server.serve([listening]))
    ready = asyncio.create_task(server.ready.wait())
    try:
        await asyncio.wait((task, ready), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
            raise Fatal("The web service could not start.")
        yield
    finally:
        ready.cancel()
        server.should_exit = True
        await task


async def until_told_to_stop() -> None:
    """Wait for SIGINT or SIGTERM. A second one ends the process at once, as if nobody had listened."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, stop.set)
    try:
        await stop.wait()
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
