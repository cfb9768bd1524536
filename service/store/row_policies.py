"""Which rows a piece of work sees on PostgreSQL: those of its tenant (`service.store.tenancy`), or none where none was named.

Every table belongs to a tenant by a column of its own, or through the row that its first foreign key names; the policies are
derived from the tables, so a new table has one without anybody thinking of it. The owner of the tables is not held to them.
"""

from sqlalchemy import Table

from service.store.journal import tenant_stream
from service.store.money_schema import metadata
from service.store.schema import journal_payloads, tenants

SAID = "current_setting('deskrail.tenant', true)"
"""The tenant that `service.store.database` says; null where nobody has said any."""


def sees(table: Table) -> str | None:
    """The condition under which a row of this table is visible and may be written; None for a table that has no tenant."""
    whose = _whose(table)
    return whose and f"{SAID} = '*' or {SAID} = {whose}"


def _whose(table: Table) -> str | None:
    if table is tenants:
        return "name"
    if "tenant" in table.c:
        return "tenant"
    if table is journal_payloads:
        # Not through the entry, which may be written by the same statement and is not seen by it.
        own = tenant_stream("")
        ticket = "(select t.tenant from tickets t where t.id = stream)"
        return f"case when starts_with(stream, '{own}') then substr(stream, {len(own) + 1}) else {ticket} end"
    keys = [column for column in table.c if column.foreign_keys and not column.nullable]
    if not keys:
        return None
    parent = next(iter(keys[0].foreign_keys)).column
    # One look at one row by its key, whatever the statistics say; `exists` may become a scan of the whole table.
    return f"(select p.tenant from {parent.table.name} p where p.{parent.name} = {table.name}.{keys[0].name})"  # noqa: S608 - Names of our own tables.


def policies() -> dict[str, str]:
    """The condition of each table that belongs to a tenant."""
    return {table.name: condition for table in metadata.sorted_tables if (condition := sees(table))}
