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


_SEEN = "(select p.tenant from {parent} p where p.id = {key})"

PARENTS = ("tickets", "people", "approvals")
"""The tables through which others belong to a tenant."""

_FUNCTION = """
create or replace function deskrail_tenant_of_{parent}(whose text) returns text language plpgsql volatile as
$$ begin return (select p.tenant from {parent} p where p.id = whose); end $$
"""

FUNCTIONS = tuple(_FUNCTION.format(parent=parent) for parent in PARENTS)
"""What a new row's policy asks. Being volatile, they see a parent that the same statement wrote, as a subquery does not."""


def policies() -> dict[str, str]:
    """The condition of each table that belongs to a tenant, on the rows that are seen and on those that are written."""
    found: dict[str, str] = {}
    for table in metadata.sorted_tables:
        if whose := _whose(table):
            seen, written = (f"{SAID} = '*' or {SAID} = {tenant}" for tenant in whose)
            found[table.name] = f"using ({seen}) with check ({written})"
    return found


def _whose(table: Table) -> tuple[str, str] | None:
    """Whose a row is, for reading and for writing; None for a table that has no tenant."""
    if table is tenants:
        return "name", "name"
    if "tenant" in table.c:
        return "tenant", "tenant"
    if table is journal_payloads:
        own = tenant_stream("")
        of_tenant = f"case when starts_with(stream, '{own}') then substr(stream, {len(own) + 1}) else"
        seen, written = _through("tickets", "stream")
        return f"{of_tenant} {seen} end", f"{of_tenant} {written} end"
    keys = [column for column in table.c if column.foreign_keys and not column.nullable]
    if not keys:
        return None
    parent = next(iter(keys[0].foreign_keys)).column.table.name
    return _through(parent, f"{table.name}.{keys[0].name}")


def _through(parent: str, key: str) -> tuple[str, str]:
    # One look at one row by its key, whatever the statistics say; `exists` may become a scan of the whole table.
    return _SEEN.format(parent=parent, key=key), f"deskrail_tenant_of_{parent}({key})"
