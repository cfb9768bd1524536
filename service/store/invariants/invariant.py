"""One promise as a query: the same text on SQLite and PostgreSQL, but for how time is counted back."""

import re
from dataclasses import dataclass

_BACK = re.compile(r"\{(?P<column>[\w.]+) (?P<sign>[+-]) (?P<amount>:?\w+) (?P<unit>days|seconds)\}")


@dataclass(frozen=True, slots=True)
class Invariant:
    """A promise and the query that returns the ids of what breaks it, as `what`; no row means that it is kept.

    The query takes `:tenant`. It may read the tables `limits` (the tenant's amounts, one row for each currency in minor units)
    and `starts` (the level of autonomy at which each tool starts), and take `:policy_version` and `:window_days`; a decision of
    an earlier policy is not measured by today's numbers. A time that is moved is written `{column - :window_days days}`.
    """

    name: str
    promise: str
    query: str

    def on(self, dialect: str) -> str:
        """The query as the dialect runs it."""
        return _BACK.sub(_sqlite if dialect == "sqlite" else _postgres, self.query)


def listed(values: object) -> str:
    """The names of a closed list of our own, as SQL."""
    return ", ".join(f"'{value}'" for value in values)  # type: ignore[attr-defined]


def _postgres(found: re.Match[str]) -> str:
    return "({column} {sign} {amount} * interval '1 {unit}')".format(**found.groupdict())


def _sqlite(found: re.Match[str]) -> str:
    # Times are ISO text of fixed width there; strftime counts milliseconds, and the rest of the width is added.
    moved = "strftime('%Y-%m-%dT%H:%M:%f', {column}, '{sign}' || {amount} || ' {unit}')".format(**found.groupdict())
    return f"({moved} || '000+00:00')"
