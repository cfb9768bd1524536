"""Index what the sweeps ask every few seconds, and what every view of a ticket asks."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

GROWN = sa.text("journal_seq > anchored_seq")


def upgrade() -> None:
    op.create_index("ix_tickets_unanchored", "tickets", ["id"], postgresql_where=GROWN, sqlite_where=GROWN)
    op.create_index("ix_escalations_ticket", "escalations", ["ticket_id"])
    op.create_index("ix_approvals_ticket", "approvals", ["ticket_id"])
    op.create_index("ix_approvals_action", "approvals", ["action_id"])
    op.create_index("ix_idempotency_created", "idempotency", ["created_at"])


def downgrade() -> None:
    op.drop_index("ix_idempotency_created", "idempotency")
    op.drop_index("ix_approvals_action", "approvals")
    op.drop_index("ix_approvals_ticket", "approvals")
    op.drop_index("ix_escalations_ticket", "escalations")
    op.drop_index("ix_tickets_unanchored", "tickets")
