"""The wall clock, as everything that needs the time gets it passed in."""

from datetime import UTC, datetime


def wall_clock() -> datetime:
    """The time now, aware, in UTC."""
    return datetime.now(UTC)
