"""Runs the migrations on the connection that `service.store.migrate` hands over."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import JSON

import service.store.money_schema  # noqa: F401 - It registers its tables.
from service.store.columns import UtcTime
from service.store.schema import metadata


def render(kind: str, value: Any, _context: Any) -> str | Literal[False]:
    """Our own column types by their own names."""
    if kind == "type" and isinstance(value, UtcTime):
        return "columns.UtcTime()"
    if kind == "type" and isinstance(value, JSON):
        return "columns.JsonColumn"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    render_item=render,
    compare_type=True,
    include_name=lambda name, kind, _parents: kind != "table" or name in metadata.tables,
)
with context.begin_transaction():
    context.run_migrations()
