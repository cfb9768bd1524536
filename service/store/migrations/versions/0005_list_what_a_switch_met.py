"""List what was under way when a switch was thrown."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from service.store import columns

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """A switch that is on already met nothing that is known."""
    op.add_column("switches", sa.Column("in_flight", columns.JsonColumn, server_default=sa.text("'[]'"), nullable=False))


def downgrade() -> None:
    """Forget what switches met."""
    op.drop_column("switches", "in_flight")
