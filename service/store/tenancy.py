"""Whose data a piece of work may touch; on PostgreSQL the row policies hold it to that.

Whoever learns the tenant says so once, at the door (a webhook, a key, a session, a drain, a command), and all that is called
from there works for that tenant. Work that belongs to no tenant says that too. Where nobody says anything, nothing is visible.
"""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar

NOBODY = ""
"""Sees nothing."""

EVERYBODY = "*"
"""Sees all tenants; none can be called this."""

_NAME = re.compile(r"\*|[a-z][a-z0-9_]{0,62}")

_current: ContextVar[str] = ContextVar("deskrail_tenant", default=NOBODY)


def current() -> str:
    """The tenant of this piece of work, or `EVERYBODY`, or `NOBODY`."""
    return _current.get()


def enter(tenant: str) -> None:
    """Work for this tenant until the task ends, as a request does once its sender is known. What is no name sees nothing."""
    _current.set(_named(tenant))


@contextmanager
def within(tenant: str) -> Iterator[None]:
    """Work for this tenant inside the block. What is no tenant's name sees nothing."""
    before = _current.set(_named(tenant))
    try:
        yield
    finally:
        _current.reset(before)


def across_tenants() -> AbstractContextManager[None]:
    """Look across tenants inside the block: sweeps, metrics, and finding out whose a key or a session is."""
    return within(EVERYBODY)


def _named(tenant: str) -> str:
    # The name becomes part of a statement, so nothing else may come through here.
    return tenant if _NAME.fullmatch(tenant) else NOBODY
