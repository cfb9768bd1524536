"""Tells a database that is away, full or busy, and a file that is damaged, from a mistake of ours."""

import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, TimeoutError

_PASSING_CLASSES = ("08", "25", "40", "53", "55", "57", "58")
"""SQLSTATE classes that pass: connection, transaction state, rollback, resources, locks, operator, system."""


def is_outage(error: BaseException) -> bool:
    """Whether trying again later may help: no connection, no room, no free connection in the pool, a lock held too long."""
    if isinstance(error, OperationalError | InterfaceError | TimeoutError | sqlite3.OperationalError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None) or ""
    return error.connection_invalidated or state.startswith(_PASSING_CLASSES)


def is_damage(error: BaseException) -> bool:
    """Whether SQLite says that a file is damaged, or is no database of its own at all; no try again helps."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF  # Extended codes have the kind in their lowest byte.
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
