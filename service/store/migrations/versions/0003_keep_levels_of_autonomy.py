"""keep levels of autonomy."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from service.store import columns

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "autonomy",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("tool", sa.String(length=64), nullable=False),
        sa.Column("level", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", columns.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.name"], name=op.f("fk_autonomy_tenant")),
        sa.PrimaryKeyConstraint("tenant", "tool", name=op.f("pk_autonomy")),
    )


def downgrade() -> None:
    op.drop_table("autonomy")
