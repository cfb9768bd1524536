"""mark the actions whose arguments and facts were erased."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from service.store import columns

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("actions", sa.Column("erased_at", columns.UtcTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("actions", schema=None) as batch_op:
        batch_op.drop_column("erased_at")
