"""orders are found by reason and number. Runs before the deploy of the code that needs it."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None
AHEAD = {
    "ix_paid_order_reason": "paid_order (shop_id, reason, paid_at, order_id)",
    "ix_paid_order_number": "paid_order (shop_id, number)",
}


def upgrade() -> None:
    for name, on in AHEAD.items():
        op.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {on}")
