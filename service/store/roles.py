"""The two roles on PostgreSQL: one owns the tables and migrates them, the other works, and may not change what was written.

A single role for both works too, as on a newcomer's machine; then the triggers of `service.store.guards` are all there is.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from service.errors import Fatal
from service.store.money_schema import metadata

MAY: Mapping[str, str] = {
    "journal": "select, insert",
    "ledger": "select, insert",
    # Erasing somebody's data deletes payloads; nothing changes one.
    "journal_payloads": "select, insert, delete",
}
"""What the working role may do with tables that keep what was written."""

MAY_WITH_OTHERS = "select, insert, update, delete"


@dataclass(frozen=True, slots=True)
class Standing:
    """What a role is to our tables: `owns` them (or may make them), or `escapes` every grant and row policy there is."""

    role: str
    owns: bool
    escapes: bool


def standing(connection: Connection) -> Standing:
    """What the connection's own role is to our tables; on SQLite whoever opens the file owns it."""
    if connection.dialect.name == "sqlite":
        return Standing("", owns=True, escapes=True)
    row = connection.execute(
        text(
            "select rolname, rolsuper or rolbypassrls as escapes, coalesce("
            "(select pg_has_role(relowner, 'usage') from pg_class where oid = to_regclass('alembic_version')), "
            "has_schema_privilege(current_schema(), 'create')) as owns from pg_roles where rolname = current_user"
        )
    ).one()
    return Standing(row.rolname, owns=row.owns, escapes=row.escapes)


def grant(connection: Connection, role: str) -> None:
    """Let a role work with our tables, and take away what it may not have; safe twice.

    Raises `Fatal` for a role that is not there, or that no grant would hold.
    """
    _check(connection, role)
    preparer = connection.dialect.identifier_preparer
    name = preparer.quote(role)
    schema = preparer.quote(connection.execute(text("select current_schema()")).scalar_one())
    granted = [f"grant usage on schema {schema} to {name}", f"grant select on alembic_version to {name}"]
    for table in metadata.sorted_tables:
        granted.append(f"revoke all on {table.name} from {name}")
        granted.append(f"grant {MAY.get(table.name, MAY_WITH_OTHERS)} on {table.name} to {name}")
    counters = text(
        "select pg_get_serial_sequence(table_name, column_name) from information_schema.columns "
        "where table_schema = current_schema() and table_name = any(:tables) "
        "and pg_get_serial_sequence(table_name, column_name) is not null"
    )
    for sequence in connection.execute(counters, {"tables": list(metadata.tables)}).scalars():
        granted.append(f"grant usage on sequence {sequence} to {name}")
    for statement in granted:
        connection.execute(text(statement))


def _check(connection: Connection, role: str) -> None:
    query = text(
        "select rolsuper or rolbypassrls as escapes, (select pg_has_role(r.oid, c.relowner, 'member') "
        "from pg_class c where c.oid = to_regclass('alembic_version')) as owns from pg_roles r where rolname = :role"
    )
    found = connection.execute(query, {"role": role}).one_or_none()
    if found is None:
        raise Fatal(f"There is no role {role!r}; a superuser makes it: create role {role} login password '…'.")
    if found.escapes:
        raise Fatal(f"The role {role!r} is a superuser or may bypass row security; DESKRAIL_APP_ROLE wants one without rights.")
    if found.owns:
        raise Fatal(f"The role {role!r} owns the tables or belongs to their owner; DESKRAIL_APP_ROLE wants another one.")
