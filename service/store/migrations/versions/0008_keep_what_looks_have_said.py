"""keep what looks at an unknown action have said, and until when it may be tried again."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from service.store import columns

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("actions", sa.Column("looks", columns.JsonColumn, server_default=sa.text("'[]'"), nullable=False))
    op.add_column("actions", sa.Column("trying_until", columns.UtcTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("actions", schema=None) as batch_op:
        batch_op.drop_column("trying_until")
        batch_op.drop_column("looks")
