"""pixel health and alerts. Runs before the deploy of the code that needs it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_alert_shop_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("shop_id", "cause", "day", name=op.f("pk_alert")),
    )
    op.create_table(
        "pixel_trouble",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("health", sa.Text(), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("usual", sa.Float(), nullable=False),
        sa.CheckConstraint(
            "health IN ('degraded', 'silent', 'paused', 'not_installed')", name=op.f("trouble_is_no_health")
        ),
        sa.CheckConstraint(
            "trouble IN ('blocked', 'no_purchase', 'nothing_seen', 'not_installed')", name=op.f("trouble_known")
        ),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_pixel_trouble_shop_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("shop_id", "id", name=op.f("pk_pixel_trouble")),
    )
    op.create_index(
        "ix_pixel_trouble_open", "pixel_trouble", ["shop_id"], unique=True, postgresql_where=sa.text("until_at IS NULL")
    )
    op.add_column("shop", sa.Column("pixel_checked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("shop_policy", sa.Column("alert_mail", sa.LargeBinary(), nullable=True))
    op.add_column(
        "shop_policy", sa.Column("cart_choices", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
