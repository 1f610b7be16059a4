"""what was out and put away. Runs before the deploy of the code that needs it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("shop_policy", sa.Column("request_out", sa.Uuid(), nullable=True))
    op.add_column("meta_connection", sa.Column("sender_dismissed", sa.BigInteger(), nullable=True))
    op.add_column("meta_connection", sa.Column("sender_dismissed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("sender_dismissed_has_its_time"),
        "meta_connection",
        "(sender_dismissed IS NULL) = (sender_dismissed_at IS NULL)",
    )
