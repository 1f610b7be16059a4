"""logins and recovery. Runs before the deploy of the code that needs it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "meta_deletion",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_meta_deletion_shop_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("shop_id", "code_hash", name=op.f("pk_meta_deletion")),
    )
    op.create_table(
        "meta_login",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ticket_hash", sa.LargeBinary(), nullable=False),
        sa.Column("state_hash", sa.LargeBinary(), nullable=True),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), server_default="started", nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("token", sa.LargeBinary(), nullable=True),
        sa.Column("token_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("business", sa.Text(), nullable=True),
        sa.Column("meta_user_hash", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("state = 'granted' OR token IS NULL", name=op.f("only_a_granted_login_holds_a_token")),
        sa.CheckConstraint("state IN ('started', 'away', 'granted', 'ended')", name=op.f("login_state_known")),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_meta_login_shop_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("shop_id", "id", name=op.f("pk_meta_login")),
    )
    op.create_index("ix_meta_login_ticket", "meta_login", ["ticket_hash"], unique=True)
    op.create_table(
        "recovery",
        sa.Column("shop_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("switch_count", sa.Integer(), nullable=False),
        sa.Column("after_order", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looked_at", sa.Integer(), server_default="0", nullable=False),
        sa.Column("to_send", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.CheckConstraint("result IN ('done', 'stopped', 'not_allowed')", name=op.f("recovery_result_known")),
        sa.CheckConstraint("(ended_at IS NULL) = (result IS NULL)", name=op.f("ended_recovery_has_its_result")),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"], name=op.f("fk_recovery_shop_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("shop_id", "id", name=op.f("pk_recovery")),
    )
    op.create_index(
        "ix_recovery_open", "recovery", ["shop_id"], unique=True, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.add_column("meta_connection", sa.Column("dataset_name", sa.Text(), nullable=True))
    op.add_column("meta_connection", sa.Column("business", sa.Text(), nullable=True))
    op.add_column("meta_connection", sa.Column("meta_user_hash", sa.LargeBinary(), nullable=True))
    op.add_column("meta_connection", sa.Column("token_expires_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("meta_connection", sa.Column("failures", sa.Integer(), server_default="0", nullable=False))
    op.add_column("meta_connection", sa.Column("doubts", sa.Integer(), server_default="0", nullable=False))
    op.add_column("meta_connection", sa.Column("served_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("meta_connection", sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("meta_connection", sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("meta_connection", sa.Column("report_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_meta_connection_user",
        "meta_connection",
        ["meta_user_hash"],
        unique=False,
        postgresql_where=sa.text("meta_user_hash IS NOT NULL"),
    )
    op.add_column("paid_order", sa.Column("again", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("paid_order", sa.Column("sale_opted_out", sa.Boolean(), nullable=True))
    op.add_column("shop_policy", sa.Column("test_code", sa.Text(), nullable=True))
    op.add_column("shop_policy", sa.Column("test_code_until", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint("kind_known", "meta_connection", "kind IN ('pasted', 'login')")
    op.create_check_constraint(
        "test_code_has_its_end", "shop_policy", "(test_code IS NULL) = (test_code_until IS NULL)"
    )
