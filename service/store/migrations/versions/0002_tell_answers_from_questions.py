"""Tell our messages that answer from those that only ask or pass on."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """What was written before counts as an answer, as it did."""
    op.add_column("messages", sa.Column("answers", sa.Boolean(), server_default=sa.true(), nullable=False))


def downgrade() -> None:
    """Forget which messages answered."""
    op.drop_column("messages", "answers")
