"""hear what backends tell later: jobs of actions, and the events that they send."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from service.store import columns

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("actions", sa.Column("job", sa.String(length=200), nullable=True))
    op.create_table(
        "backend_events",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("webhook_id", sa.String(length=200), nullable=False),
        sa.Column("body_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("action_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("received_at", columns.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["actions.id"], name=op.f("fk_backend_events_action_id")),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.name"], name=op.f("fk_backend_events_tenant")),
        sa.PrimaryKeyConstraint("tenant", "webhook_id", name=op.f("pk_backend_events")),
    )


def downgrade() -> None:
    op.drop_table("backend_events")
    with op.batch_alter_table("actions", schema=None) as batch_op:
        batch_op.drop_column("job")
