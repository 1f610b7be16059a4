"""orders are found by reason and number. Runs before the deploy of the code that needs it."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # within the upgrade's one transaction, so not CONCURRENTLY: a million rows take some seconds, in which orders wait
    op.create_index("ix_paid_order_reason", "paid_order", ["shop_id", "reason", "paid_at", "order_id"])
    op.create_index("ix_paid_order_number", "paid_order", ["shop_id", "number"])
