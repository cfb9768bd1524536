"""What the database itself refuses: the chain and the books are only added to, and payloads are erased but never changed.

The guards are triggers, so they hold for everybody who comes with SQL, the owner of the tables included. They are brought to
their state after every migration, each under a name that carries a hash of its text: what is missing is made, and what is no
longer wanted is dropped. A table that was copied anew by a migration gets its guards back in the same way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, text

APPEND_ONLY: Mapping[str, tuple[str, ...]] = {
    "journal": ("update", "delete"),
    "ledger": ("update", "delete"),
    # Erasing somebody's data deletes their payloads; the chain keeps the hashes.
    "journal_payloads": ("update",),
}
"""What nobody may do to a table's rows."""

PREFIX = "deskrail_"

_REFUSE = """
create or replace function deskrail_refuse() returns trigger language plpgsql as
$$ begin raise exception '% rows stay as they were written', tg_table_name using errcode = 'restrict_violation'; end $$
"""


@dataclass(frozen=True, slots=True)
class Guard:
    """One trigger: the table that it stands on, the name that says its version, and the statement that makes it."""

    table: str
    name: str
    make: str


def install(connection: Connection) -> None:
    """Bring the guards of this database to what this release wants; changes nothing when they are there."""
    wanted = {guard.name: guard for guard in _triggers(connection.dialect.name)}
    there = _installed(connection)
    for name, table in there.items():
        if name not in wanted:
            on = f" on {table}" if connection.dialect.name == "postgresql" else ""
            connection.execute(text(f"drop trigger {name}{on}"))
    missing = [guard for name, guard in wanted.items() if name not in there]
    if missing and connection.dialect.name == "postgresql":
        connection.execute(text(_REFUSE))
    for guard in missing:
        connection.execute(text(guard.make))


def _triggers(dialect: str) -> tuple[Guard, ...]:
    body = "for each statement execute function deskrail_refuse()" if dialect == "postgresql" else _SQLITE_BODY
    return tuple(
        _named(table, f"refuse_{done}", f"before {done} on {table} {body.format(table=table)}")
        for table, refused in APPEND_ONLY.items()
        for done in refused
    )


_SQLITE_BODY = "begin select raise(abort, '{table} rows stay as they were written'); end"


def _named(table: str, what: str, definition: str) -> Guard:
    name = f"{PREFIX}{table}_{what}_{sha256((definition + _REFUSE).encode()).hexdigest()[:8]}"
    return Guard(table, name, f"create trigger {name} {definition}")


def _installed(connection: Connection) -> dict[str, str]:
    """The names of the triggers of ours that are there, each with its table."""
    if connection.dialect.name == "sqlite":
        query = "select name, tbl_name from sqlite_master where type = 'trigger'"
    else:
        query = (
            "select t.tgname, c.relname from pg_trigger t join pg_class c on c.oid = t.tgrelid "
            "where not t.tgisinternal and c.relnamespace = current_schema()::regnamespace"
        )
    return {name: table for name, table in connection.execute(text(query)) if name.startswith(PREFIX)}
