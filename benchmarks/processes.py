"""The processes that are measured: each started by spawn, stopped by its own id, gone when its parent is; and their CPU."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple

import psycopg

START_SECONDS = 120
STOP_SECONDS = 30
CORES = 2
"""How many cores the targets speak of: load, web, worker and database share them."""

_spawn = multiprocessing.get_context("spawn")
_TICKS = os.sysconf("SC_CLK_TCK")

Say = Callable[[str], None]
"""A process calls this once, when it is ready, with its address or an empty text."""

Target = Callable[[Say], None]
"""What a process does until it gets SIGTERM; it must survive pickling, so a function of a module or a partial of one."""


@dataclass(frozen=True, slots=True)
class Child:
    """A process of ours that is ready; `address` is where it listens, empty when it does not."""

    pid: int
    address: str


@contextmanager
def running(**targets: Target) -> Iterator[Mapping[str, Child]]:
    """Start these processes together, and stop them at the end of the block.

    Raises `RuntimeError` when one does not start, or ends before the block does.
    """
    started = {name: _start(name, target) for name, target in targets.items()}
    try:
        yield {name: Child(process.pid or 0, _address(name, said)) for name, (process, said) in started.items()}
        if gone := [name for name, (process, _) in started.items() if not process.is_alive()]:
            raise RuntimeError(f"These processes ended by themselves: {', '.join(gone)}")
    finally:
        processes = [process for process, _ in started.values()]
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(STOP_SECONDS)
            if process.is_alive():
                process.kill()
                process.join()


def _start(name: str, target: Target) -> tuple[BaseProcess, Connection]:
    ours, theirs = _spawn.Pipe(duplex=False)
    process = _spawn.Process(target=_live, args=(target, theirs), name=name, daemon=True)
    process.start()
    theirs.close()
    return process, ours


def _address(name: str, said: Connection) -> str:
    if not said.poll(START_SECONDS):
        raise RuntimeError(f"The process {name} was not ready after {START_SECONDS} s")
    try:
        return said.recv()
    except EOFError:
        raise RuntimeError(f"The process {name} ended before it was ready") from None


def _live(target: Target, ready: Connection) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    target(ready.send)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        # Nobody is left who could stop this process, or read what it measures.
        os._exit(os.EX_TEMPFAIL)


class _Stat(NamedTuple):
    """A process in /proc: its parent, its own CPU, and that of its children that have ended, in seconds."""

    parent: int
    own: float
    reaped: float


class Postgres:
    """All processes of a PostgreSQL server on this machine: backends, writers, and those that have ended."""

    def __init__(self, postmaster: int) -> None:
        self._postmaster = postmaster

    @classmethod
    def behind(cls, url: str) -> "Postgres | None":
        """The server behind a URL; None when its processes cannot be seen from here."""
        with psycopg.connect(url) as connection:
            row = connection.execute("select pg_backend_pid()").fetchone()
            backend = row[0] if row else 0
            stat = _stat(backend)
            seen = stat is not None and {_name(backend), _name(stat.parent)} == {"postgres"}
            return cls(stat.parent) if stat and seen else None

    def cpu_seconds(self) -> float:
        """The CPU that the server has spent since it started."""
        stats = {int(entry.name): _stat(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
        backends = sum(stat.own for stat in stats.values() if stat and stat.parent == self._postmaster)
        itself = stats.get(self._postmaster)
        return backends + (itself.own + itself.reaped if itself else 0.0)


class Meter:
    """Reads the CPU of several processes, by name; a server that cannot be seen is left out."""

    def __init__(self, children: Mapping[str, Child], postgres: Postgres | None) -> None:
        self._children = children
        self._postgres = postgres

    def read(self) -> dict[str, float]:
        """CPU seconds since each process started; a difference of two readings is good to about 0.02 s a process."""
        spent = {name: stat.own for name, child in self._children.items() if (stat := _stat(child.pid))}
        return spent | ({"postgresql": self._postgres.cpu_seconds()} if self._postgres else {})


def hold_two_cores() -> str:
    """Bind this process and those that it starts to two cores; returns a note about what is not bound, or nothing."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) <= CORES:
        return ""
    os.sched_setaffinity(0, allowed[:CORES])
    return f"Load, web and worker are bound to {CORES} of {len(allowed)} cores; a PostgreSQL server is not."


def _stat(pid: int) -> _Stat | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()
    user, system, reaped_user, reaped_system = (int(field) / _TICKS for field in fields[11:15])
    return _Stat(int(fields[1]), user + system, reaped_user + reaped_system)


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""
