"""Tells open pages that something changed: one look a second at each watched thing, whatever number of streams watches it."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import structlog
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from service.auth import watching
from service.errors import Refused
from service.store import queue, shell, story, tenancy, ticket_list
from service.store.database import Database
from service.store.sessions import Session
from tools.ports import TenantName

PERIOD = 1.0  # seconds between two looks

log = structlog.get_logger()
router = APIRouter()


@dataclass(frozen=True, slots=True)
class Topic:
    """What a page watches: its tenant's queue, its newest tickets, or one ticket."""

    tenant: TenantName
    kind: Literal["queue", "tickets", "ticket"]
    ticket: str = ""


async def version(db: Database, topic: Topic) -> str:
    """A short mark of how the topic stands. A page takes it before it reads, so that no change falls between the two."""
    with tenancy.within(topic.tenant):
        async with db.reading() as conn:
            seen: Sequence[Any] = await shell.thrown(conn, topic.tenant)
            if topic.kind == "ticket":
                seen = (seen, await story.fingerprint(conn, topic.tenant, topic.ticket))
            elif topic.kind == "tickets":
                seen = (seen, await ticket_list.fingerprint(conn, topic.tenant))
            seen = (seen, await queue.fingerprint(conn, topic.tenant))
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


@dataclass(slots=True)
class _Watched:
    version: str = ""
    watchers: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)


class Pulse:
    """The watcher of one process. It works only while a stream is open."""

    def __init__(self, db: Database, period: float = PERIOD) -> None:
        self._db = db
        self._period = period
        self._watched: dict[Topic, _Watched] = {}
        self._looking: asyncio.Task[None] | None = None

    async def changes(self, topic: Topic, seen: str) -> AsyncGenerator[str, None]:
        """Each version of the topic that differs from the one before, beginning with the one that the page has."""
        watched = self._watched.setdefault(topic, _Watched())
        watched.watchers += 1
        try:
            if self._looking is None or self._looking.done():
                self._looking = asyncio.create_task(self._look())
            while True:
                if watched.version and watched.version != seen:
                    seen = watched.version
                    yield seen
                else:
                    await watched.news.wait()
        finally:
            watched.watchers -= 1
            if watched.watchers == 0:
                self._watched.pop(topic, None)

    async def _look(self) -> None:
        while self._watched:
            for topic, watched in list(self._watched.items()):
                try:
                    now = await version(self._db, topic)
                except Exception as error:
                    # The page says that it is not live; the streams stay, and go on when the database is back.
                    log.warning("console.look_failed", error=type(error).__name__)
                    continue
                if now != watched.version:
                    watched.version = now
                    watched.news.set()
                    watched.news = asyncio.Event()
            await asyncio.sleep(self._period)

    async def stop(self) -> None:
        """End the looking."""
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking


@router.get("/console/live", response_class=EventSourceResponse)
async def stream(
    request: Request,
    session: Annotated[Session, Depends(watching)],
    kind: Literal["queue", "tickets", "ticket"],
    ticket: Annotated[str, Query(max_length=64)] = "",
    seen: Annotated[str, Query(max_length=64)] = "",
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
) -> AsyncIterator[ServerSentEvent]:
    """A `changed` event for each new version of a topic; after a lost connection it goes on from `Last-Event-ID`."""
    topic = Topic(session.person.tenant, kind, ticket if kind == "ticket" else "")
    async for now in request.app.state.pulse.changes(topic, last_event_id or seen):
        try:
            await watching(request)
        except Refused:
            return
        yield ServerSentEvent(event="changed", id=now, raw_data=now)
