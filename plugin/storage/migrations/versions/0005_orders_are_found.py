"""orders are found by reason and number. Runs before the deploy of the code that needs it."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None
AHEAD = {
    "ix_paid_order_reason": "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_paid_order_reason ON paid_order"
    " (shop_id, reason, paid_at, order_id)",
    "ix_paid_order_number": "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_paid_order_number ON paid_order"
    " (shop_id, number)",
}


def upgrade() -> None:
    for statement in AHEAD.values():  # nothing to do where it was built ahead
        op.execute(statement.replace(" CONCURRENTLY", ""))
