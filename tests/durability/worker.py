"""Real worker processes that die, or stand still, when they pass one boundary for the n-th time.

They are forked from a server process that has imported everything, since importing takes longer than the work.
"""

import asyncio
import multiprocessing
import os
import signal
import sys
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import structlog

from service.bootstrap import build
from service.settings import load
from service.worker import working

SIGNALS = {"kill": signal.SIGKILL, "pause": signal.SIGSTOP}
READY = b"working"

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([__name__])


class Blow:
    """Sends this process a signal when it passes the boundary for the n-th time."""

    def __init__(self, how: str, boundary: str, passage: int) -> None:
        self._signal, self._boundary, self._left = SIGNALS.get(how), boundary, passage

    def __call__(self, boundary: str) -> None:
        if self._signal and boundary == self._boundary:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), self._signal)


def start(environment: dict[str, str], how: str, boundary: str, passage: int) -> tuple[BaseProcess, Connection]:
    """A worker process, and the pipe on which it says that it works."""
    ours, theirs = _context.Pipe(duplex=False)
    process = _context.Process(target=_work, args=(environment, how, boundary, passage, theirs), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def _work(environment: dict[str, str], how: str, boundary: str, passage: int, ready: Connection) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(_live(environment, Blow(how, boundary, passage), ready))


async def _live(environment: dict[str, str], blow: Blow, ready: Connection) -> None:
    services = build(load(environment), crashpoint=blow)
    async with working(services):
        ready.send_bytes(READY)
        await asyncio.Event().wait()
