"""What the database itself refuses: the chain and the books are only added to, payloads are erased but never changed, and on
PostgreSQL nobody who is held to a tenant sees or writes another's rows.

Triggers hold for everybody who comes with SQL, row policies for everybody but the owner of the tables. All are brought to their
state after every migration, each under a name that carries a hash of its text: what is missing is made, and what is no longer
wanted is dropped. So a new table has its policy, and a table that a migration copied gets its triggers back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, text

from service.store.money_schema import metadata
from service.store.row_policies import FUNCTIONS, policies

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
_FUNCTIONS: Mapping[str, tuple[str, ...]] = {"trigger": (_REFUSE,), "policy": FUNCTIONS}
"""What guards of each kind call on PostgreSQL."""

_SQLITE_BODY = "begin select raise(abort, '{table} rows stay as they were written'); end"
_SQLITE_TAKEN = "when exists (select 1 from {table} where {same}) "
"""SQLite's REPLACE deletes the row in its way without any trigger, so an insert in the place of a row is refused as well."""

_SQLITE_INSTALLED = "select 'trigger', name, tbl_name from sqlite_master where type = 'trigger'"
_INSTALLED = """
select 'trigger', t.tgname, c.relname from pg_trigger t join pg_class c on c.oid = t.tgrelid
where not t.tgisinternal and c.relnamespace = current_schema()::regnamespace
union all select 'policy', policyname, tablename from pg_policies where schemaname = current_schema()
"""
_OPEN = "select relname from pg_class where relnamespace = current_schema()::regnamespace and not relrowsecurity"


@dataclass(frozen=True, slots=True)
class Guard:
    """A trigger or a row policy on one table, and what follows its name in the statement that makes it."""

    kind: str
    table: str
    definition: str

    @property
    def name(self) -> str:
        """The name, which says what it is for and changes with the text."""
        text_of_all = "".join((self.definition, *_FUNCTIONS[self.kind]))
        mark = sha256(text_of_all.encode()).hexdigest()[:8]
        return f"{PREFIX}{self.table}_{mark}"


def install(connection: Connection) -> None:
    """Bring the guards of this database to what this release wants; changes nothing when they are there."""
    postgres = connection.dialect.name == "postgresql"
    wanted = {guard.name: guard for guard in (*_triggers(postgres=postgres), *(_policies() if postgres else ()))}
    installed = connection.execute(text(_INSTALLED if postgres else _SQLITE_INSTALLED)).all()
    there = {name: (kind, table) for kind, name, table in installed if name.startswith(PREFIX)}
    for name in there.keys() - wanted.keys():
        kind, table = there[name]
        connection.execute(text(f"drop {kind} {name}" + (f" on {table}" if postgres else "")))
    missing = [wanted[name] for name in wanted.keys() - there.keys()]
    for kind in {guard.kind for guard in missing} if postgres else ():
        for function in _FUNCTIONS[kind]:
            connection.execute(text(function))
    for guard in missing:
        connection.execute(text(f"create {guard.kind} {guard.name} {guard.definition}"))
    if postgres:
        for table in set(connection.execute(text(_OPEN)).scalars()) & policies().keys():
            connection.execute(text(f"alter table {table} enable row level security"))


def _triggers(*, postgres: bool) -> list[Guard]:
    body = "for each statement execute function deskrail_refuse()" if postgres else _SQLITE_BODY
    refused = [
        Guard("trigger", table, f"before {done} on {table} {body.format(table=table)}")
        for table, refused in APPEND_ONLY.items()
        for done in refused
    ]
    return refused if postgres else refused + [_no_replacing(table) for table in APPEND_ONLY]


def _no_replacing(table: str) -> Guard:
    same = " and ".join(f"{column.name} = new.{column.name}" for column in metadata.tables[table].primary_key)
    taken = _SQLITE_TAKEN.format(table=table, same=same)
    return Guard("trigger", table, f"before insert on {table} {taken}{_SQLITE_BODY.format(table=table)}")


def _policies() -> list[Guard]:
    return [Guard("policy", table, f"on {table} {conditions}") for table, conditions in policies().items()]
